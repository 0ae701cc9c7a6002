//! The line before the device: who joins it, and what everybody in it is told.

use std::collections::BTreeMap;

use spat_spec::{EngineMessage, Event};

use super::state::Floor;
use crate::gate::VisitorId;
use crate::hall::visitor::Task;

impl Floor {
    /// Does what needs no device, and joins the line for what does.
    pub(super) fn settle(&mut self, id: VisitorId) {
        if self.going.as_ref().is_some_and(|going| going.visitor == id) {
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
                    visitor.refused = Some(message.clone());
                    visitor.event(Event::Failed { message });
                    continue;
                }
                _ => {}
            }
            visitor.tell(&EngineMessage::Device {
                facts: facts.clone(),
                reason: None,
            });
        }
        match visitor.lane() {
            Some(lane) => self.turns.join(id, lane),
            None => self.turns.leave(id),
        }
    }

    /// Tells everybody who waits how many are served before, where that has changed.
    pub(super) fn announce(&mut self) {
        let going = self.going.as_ref();
        let first = going.map(|going| going.visitor);
        let order = first.into_iter().chain(self.turns.in_order());
        let places: BTreeMap<_, _> = order.enumerate().map(|(place, id)| (id, place)).collect();
        for (id, visitor) in &mut self.visitors {
            // A turn that the visitor's last page had is not this page's.
            let of_last_page =
                going.is_some_and(|going| going.visitor == *id && going.session != visitor.session);
            let place = places.get(id).copied().filter(|_| !of_last_page);
            if visitor.place != place {
                visitor.place = place;
                if let Some(ahead) = place {
                    visitor.tell(&EngineMessage::Place { ahead });
                }
            }
        }
    }
}
