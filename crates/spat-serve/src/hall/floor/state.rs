//! What is known at any moment.

use std::collections::BTreeMap;

use spat_spec::DeviceFacts;

use super::going::Going;
use crate::gate::VisitorId;
use crate::hall::rules::Rules;
use crate::hall::turns::Turns;
use crate::hall::visitor::Visitor;

/// Everybody who is here, the line before the device, and the turn that is taken.
pub(in crate::hall) struct Floor {
    pub(super) rules: Rules,
    pub(super) facts: DeviceFacts,
    pub(super) visitors: BTreeMap<VisitorId, Visitor>,
    pub(super) turns: Turns<VisitorId>,
    pub(super) going: Option<Going>,
    pub(in crate::hall) closed: bool,
    /// Closed, and the engine's thread has ended.
    pub(super) at_rest: bool,
}

impl Floor {
    pub(in crate::hall) fn new(rules: Rules, facts: DeviceFacts) -> Self {
        Self {
            rules,
            facts,
            visitors: BTreeMap::new(),
            turns: Turns::new(),
            going: None,
            closed: false,
            at_rest: false,
        }
    }

    pub(super) fn of_line(&mut self, id: VisitorId, line: u64) -> Option<&mut Visitor> {
        self.visitors
            .get_mut(&id)
            .filter(|visitor| visitor.line == line)
    }
}
