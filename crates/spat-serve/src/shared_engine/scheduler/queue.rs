//! The queue for the device: who is in it, and the positions that visitors see.

use std::collections::BTreeMap;

use spat_spec::{EngineMessage, Event};

use super::state::SchedulerState;
use crate::auth::VisitorId;
use crate::shared_engine::visitor::Task;

impl SchedulerState {
    /// Completes the visitor's first tasks as far as they need no device, and queues the visitor for
    /// the next one.
    pub(super) fn update_queue(&mut self, id: VisitorId) {
        if self
            .running
            .as_ref()
            .is_some_and(|running| running.visitor == id)
        {
            return;
        }
        let facts = &self.facts;
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        while let Some(Task::Find | Task::Open(_)) = visitor.tasks.front() {
            match visitor.tasks.pop_front() {
                Some(Task::Open(Ok(open))) => visitor.open = Some(open),
                Some(Task::Open(Err(message))) => {
                    visitor.open = None;
                    visitor.open_error = Some(message.clone());
                    visitor.send_event(Event::Failed { message });
                    continue;
                }
                _ => {}
            }
            visitor.send(&EngineMessage::Device {
                facts: facts.clone(),
                reason: None,
            });
        }
        match visitor.priority() {
            Some(priority) => {
                let client = visitor.client;
                self.queue.push(id, client, priority);
            }
            None => self.queue.remove(id),
        }
    }

    /// Sends every queued visitor the number of turns ahead, if it has changed.
    pub(super) fn report_positions(&mut self) {
        let running = self.running.as_ref();
        let first = running.map(|running| running.visitor);
        let order = first.into_iter().chain(self.queue.order());
        let positions: BTreeMap<_, _> = order
            .enumerate()
            .map(|(position, id)| (id, position))
            .collect();
        for (id, visitor) in &mut self.visitors {
            // A turn of the visitor's previous page does not count for the current one.
            let of_previous_page = running.is_some_and(|running| {
                running.visitor == *id && running.session != visitor.session
            });
            let position = positions.get(id).copied().filter(|_| !of_previous_page);
            if visitor.position != position {
                visitor.position = position;
                if let Some(ahead) = position {
                    visitor.send(&EngineMessage::Place { ahead });
                }
            }
        }
    }
}
