//! Visitors' connections: registered, supplied with messages, and unregistered.

use std::time::Instant;

use spat_spec::EngineMessage;
use tokio::sync::watch;

use super::places::Place;
use super::running_job::StopReason;
use super::state::SchedulerState;
use crate::auth::VisitorId;
use crate::client_key::ClientKey;
use crate::shared_engine::visitor::Visitor;

/// A registered connection.
pub(crate) struct Connected {
    pub(crate) session: String,
    /// Whether it resumes the session that the page asked for.
    pub(crate) continued: bool,
    /// Number of the last request that was received.
    pub(crate) received: u64,
    /// Number of the last message that the page received.
    pub(crate) last_received: u64,
    /// Number of this connection among the visitor's.
    pub(crate) connection: u64,
    /// Changes when there are messages to send, and closes when the connection was replaced.
    pub(crate) updates: watch::Receiver<u64>,
}

/// The answer to a connection.
pub(crate) enum Admission {
    /// The visitor has a place.
    Admitted(Connected),
    /// All places are taken, and so many others get one earlier. The connection has to ask again soon.
    Waiting { ahead: usize },
    /// Too many visitors wait for a place.
    Full,
}

/// Why a connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disconnected {
    /// The visitor opened another page.
    Replaced,
    /// The visitor's place went to an address with fewer places.
    Displaced,
    /// Messages were discarded before the page received them.
    Lost,
    /// The server has ended, and all messages are sent.
    Ended,
}

impl SchedulerState {
    /// Registers a connection, which resumes a session or starts a new one, if the visitor has or
    /// gets a place. `client` is the visitor's address.
    pub(in crate::shared_engine) fn connect(
        &mut self,
        id: VisitorId,
        client: ClientKey,
        resume: Option<(&str, u64)>,
        new_session: String,
        now: Instant,
    ) -> Admission {
        self.remove_absent(now);
        if !self.visitors.contains_key(&id) {
            match self.request_place(id, client, now) {
                Place::Free => self.admitted += 1,
                Place::Wait { ahead } => return Admission::Waiting { ahead },
                Place::Full => return Admission::Full,
            }
        }
        let admission = self.admitted;
        let visitor = self
            .visitors
            .entry(id)
            .or_insert_with(|| Visitor::new(new_session.clone(), client, admission));
        let resumed = resume.filter(|(session, number)| {
            !session.is_empty() && *session == visitor.session && visitor.can_resume_after(*number)
        });
        let continued = resumed.is_some();
        let last_received = resumed.map_or(0, |(_, number)| number);
        if !continued {
            // The previous page's job stops at its checkpoint; the new page may resume it.
            self.stop_running(id, StopReason::Forget);
            self.queue.remove(id);
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return Admission::Waiting { ahead: 0 };
        };
        visitor.client = client;
        if !continued {
            visitor.reset(new_session);
        }
        visitor.connection += 1;
        visitor.disconnected_at = None;
        if continued {
            visitor.notify();
        } else {
            visitor.send(&EngineMessage::Ready);
        }
        let connected = Connected {
            session: visitor.session.clone(),
            continued,
            received: visitor.received,
            last_received,
            connection: visitor.connection,
            updates: visitor.subscribe(),
        };
        self.update_queue(id);
        self.report_positions();
        Admission::Admitted(connected)
    }

    /// Unregisters a connection.
    pub(in crate::shared_engine) fn disconnect(
        &mut self,
        id: VisitorId,
        connection: u64,
        now: Instant,
    ) {
        if let Some(visitor) = self.visitor_on(id, connection) {
            visitor.disconnected_at = Some(now);
        }
    }

    /// The first message after number `after` for this connection.
    pub(in crate::shared_engine) fn next_message(
        &mut self,
        id: VisitorId,
        connection: u64,
        after: u64,
    ) -> Result<Option<(u64, String)>, Disconnected> {
        let finished = self.finished;
        if !self.visitors.contains_key(&id) {
            return Err(Disconnected::Displaced);
        }
        let visitor = self
            .visitor_on(id, connection)
            .ok_or(Disconnected::Replaced)?;
        if !visitor.can_resume_after(after) {
            return Err(Disconnected::Lost);
        }
        match visitor.message_after(after) {
            None if finished => Err(Disconnected::Ended),
            message => Ok(message),
        }
    }

    /// Removes visitors who were disconnected for too long: those with tasks after `absence`, and those
    /// without sooner while others wait for a place. Their runs stay at their checkpoints.
    pub(super) fn remove_absent(&mut self, now: Instant) {
        let rules = self.rules;
        let others_wait = !self.waiting.is_empty();
        let running = self.running.as_ref().map(|running| running.visitor);
        let queue = &mut self.queue;
        self.visitors.retain(|id, visitor| {
            let absence = if others_wait && visitor.tasks.is_empty() {
                rules.reconnect.min(rules.absence)
            } else {
                rules.absence
            };
            let keep = !visitor.is_absent(absence, now) || running == Some(*id);
            if !keep {
                queue.remove(*id);
            }
            keep
        });
    }
}
