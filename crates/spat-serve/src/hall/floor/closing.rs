//! The end of the server.

use spat_spec::Command;

use super::going::steer;
use super::state::Floor;
use crate::hall::visitor::Visitor;

impl Floor {
    /// Lets no turn begin any more, and stops the one that is taken so that it can be gone on with.
    pub(in crate::hall) fn close(&mut self) {
        self.closed = true;
        if let Some(going) = &self.going {
            steer(&going.steering, Command::Stop);
        }
    }

    /// Nothing more will be told.
    pub(in crate::hall) fn rest(&mut self) {
        self.at_rest = true;
        self.visitors.values().for_each(Visitor::ring);
    }
}
