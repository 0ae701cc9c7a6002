//! The state of the scheduler.

use std::collections::BTreeMap;
use std::time::Instant;

use spat_spec::DeviceFacts;

use super::running_job::RunningJob;
use crate::auth::VisitorId;
use crate::client_key::ClientKey;
use crate::shared_engine::fair_queue::FairQueue;
use crate::shared_engine::rules::Rules;
use crate::shared_engine::visitor::Visitor;

/// All visitors, the queue for the device, and the running turn.
pub(in crate::shared_engine) struct SchedulerState {
    pub(super) rules: Rules,
    pub(super) facts: DeviceFacts,
    pub(super) visitors: BTreeMap<VisitorId, Visitor>,
    pub(super) queue: FairQueue<VisitorId, ClientKey>,
    /// Visitors without a place, in the order of their arrival.
    pub(super) waiting: Vec<WaitingVisitor>,
    /// Number of visitors who got a place so far.
    pub(super) admitted: u64,
    pub(super) running: Option<RunningJob>,
    /// The server is shutting down.
    pub(in crate::shared_engine) closed: bool,
    /// The engine's thread has ended, so no further messages follow.
    pub(super) finished: bool,
}

/// A visitor who waits for a place.
pub(super) struct WaitingVisitor {
    pub(super) id: VisitorId,
    pub(super) client: ClientKey,
    /// When the connection last asked for the place.
    pub(super) asked_at: Instant,
}

impl SchedulerState {
    pub(in crate::shared_engine) fn new(rules: Rules, facts: DeviceFacts) -> Self {
        Self {
            rules,
            facts,
            visitors: BTreeMap::new(),
            queue: FairQueue::new(),
            waiting: Vec::new(),
            admitted: 0,
            running: None,
            closed: false,
            finished: false,
        }
    }

    /// The visitor of the running turn.
    pub(in crate::shared_engine) fn running_visitor(&self) -> Option<VisitorId> {
        self.running.as_ref().map(|running| running.visitor)
    }

    /// The visitor, if `connection` is the current one.
    pub(super) fn visitor_on(&mut self, id: VisitorId, connection: u64) -> Option<&mut Visitor> {
        self.visitors
            .get_mut(&id)
            .filter(|visitor| visitor.connection == connection)
    }
}
