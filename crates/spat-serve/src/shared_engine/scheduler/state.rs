//! The state of the scheduler.

use std::collections::BTreeMap;

use spat_spec::DeviceFacts;

use super::running_job::RunningJob;
use crate::auth::VisitorId;
use crate::shared_engine::fair_queue::FairQueue;
use crate::shared_engine::rules::Rules;
use crate::shared_engine::visitor::Visitor;

/// All visitors, the queue for the device, and the running turn.
pub(in crate::shared_engine) struct SchedulerState {
    pub(super) rules: Rules,
    pub(super) facts: DeviceFacts,
    pub(super) visitors: BTreeMap<VisitorId, Visitor>,
    pub(super) queue: FairQueue<VisitorId>,
    pub(super) running: Option<RunningJob>,
    /// The server is shutting down.
    pub(in crate::shared_engine) closed: bool,
    /// The engine's thread has ended, so no further messages follow.
    pub(super) finished: bool,
}

impl SchedulerState {
    pub(in crate::shared_engine) fn new(rules: Rules, facts: DeviceFacts) -> Self {
        Self {
            rules,
            facts,
            visitors: BTreeMap::new(),
            queue: FairQueue::new(),
            running: None,
            closed: false,
            finished: false,
        }
    }

    /// The visitor, if `connection` is the current one.
    pub(super) fn visitor_on(&mut self, id: VisitorId, connection: u64) -> Option<&mut Visitor> {
        self.visitors
            .get_mut(&id)
            .filter(|visitor| visitor.connection == connection)
    }
}
