//! Requests of the visitors' pages.

use spat_spec::{Command, EngineMessage, EngineRequest, Event};

use super::state::SchedulerState;
use crate::auth::VisitorId;
use crate::shared_engine::rules::Rules;
use crate::shared_engine::visitor::{Job, OpenRun, Task};

/// Most steps of one request.
const MAX_STEPS: usize = 1000;

impl SchedulerState {
    /// Handles a request. For [`EngineRequest::Open`], `open` is the checked run, or why it cannot be opened.
    pub(in crate::shared_engine) fn submit(
        &mut self,
        id: VisitorId,
        connection: u64,
        number: u64,
        request: EngineRequest,
        open: Result<Option<OpenRun>, String>,
    ) {
        let rules = self.rules;
        let Some(visitor) = self.visitor_on(id, connection) else {
            return;
        };
        if number <= visitor.received {
            // The page sent it again after it lost the connection.
            return;
        }
        visitor.received = number;
        match (request, open) {
            // Queued, so that the requests that follow are not applied to the run that is open now.
            (_, Err(message)) => visitor.enqueue(Task::Open(Err(message))),
            (EngineRequest::Open { .. }, Ok(Some(open))) => {
                let is_second = open.upload.is_some() && visitor.has_queued_table();
                visitor.enqueue(Task::Open(if is_second {
                    Err(
                        "another table of yours is queued to be opened; try again when it is open"
                            .to_owned(),
                    )
                } else {
                    Ok(open)
                }));
            }
            (EngineRequest::Open { .. }, Ok(None)) => {}
            (EngineRequest::Find { .. }, _) => visitor.enqueue(Task::Find),
            (EngineRequest::Forecast { .. }, _) => visitor.send(&EngineMessage::NoForecast {
                reason:
                    "This host trains models and takes no saved ones; use `spat forecast` on the \
                         command line, or compute in your own browser."
                        .to_owned(),
            }),
            (EngineRequest::Command(mut command), _) => match command {
                Command::Pause => self.pause(id),
                Command::Resume => self.resume(id, 0),
                Command::Step { steps } => self.resume(id, steps.clamp(1, MAX_STEPS)),
                Command::Stop => self.stop(id),
                Command::Train { ref mut experiment } | Command::Prune { ref mut experiment } => {
                    Rules::clamp(experiment);
                    match rules.reject_reason(experiment) {
                        Some(message) => visitor.send_event(Event::Failed { message }),
                        None => visitor.enqueue(Task::Job(Job::new(command))),
                    }
                }
                Command::Window { .. } | Command::Future => visitor.enqueue(Task::Query(command)),
            },
        }
        self.update_queue(id);
        self.report_positions();
    }
}
