//! What visitors order.

use spat_spec::{Command, EngineMessage, EngineRequest, Event};

use super::state::Floor;
use crate::gate::VisitorId;
use crate::hall::visitor::{Job, Open, Task};

impl Floor {
    /// Takes an order. `open` stands for the run of an [`EngineRequest::Open`], checked; `Err` inside is why
    /// it cannot be opened.
    pub(in crate::hall) fn order(
        &mut self,
        id: VisitorId,
        line: u64,
        number: u64,
        order: EngineRequest,
        open: Result<Option<Open>, String>,
    ) {
        let rules = self.rules;
        let Some(visitor) = self.of_line(id, line) else {
            return;
        };
        if number <= visitor.received {
            // Sent again by a page that did not know that it had arrived.
            return;
        }
        visitor.received = number;
        match (order, open) {
            // What follows is not meant for the run that is open now.
            (_, Err(message)) => visitor.queue(Task::Open(Err(message))),
            (EngineRequest::Open { .. }, Ok(Some(open))) => {
                let one_more = open.upload.is_some() && visitor.has_waiting_table();
                visitor.queue(Task::Open(if one_more {
                    Err(
                        "a table of yours waits already to be opened; try again when it is"
                            .to_owned(),
                    )
                } else {
                    Ok(open)
                }));
            }
            (EngineRequest::Open { .. }, Ok(None)) => {}
            (EngineRequest::Find { .. }, _) => visitor.queue(Task::Find),
            (EngineRequest::Forecast { .. }, _) => visitor.tell(&EngineMessage::NoForecast {
                reason:
                    "This host trains, and takes no saved models; forecast with `spat forecast` on \
                         the command line, or in a page of your own."
                        .to_owned(),
            }),
            (EngineRequest::Command(command), _) => match command {
                Command::Pause => self.pause(id),
                Command::Resume => self.resume(id, 0),
                Command::Step { steps } => self.resume(id, steps.clamp(1, 1000)),
                Command::Stop => self.stop(id),
                Command::Train { ref experiment }
                | Command::Run { ref experiment }
                | Command::Prune { ref experiment } => match rules.object(experiment) {
                    Some(message) => visitor.event(Event::Failed { message }),
                    None => visitor.queue(Task::Job(Job::new(command))),
                },
                Command::Window { .. } | Command::Future => visitor.queue(Task::Look(command)),
            },
        }
        self.settle(id);
        self.announce();
    }
}
