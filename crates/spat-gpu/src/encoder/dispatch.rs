//! A launch without its buffers.

use spat_cpu::Dropout;

use crate::launch::{Binding, MOST_GROUPS, WORKGROUP, launch};
use crate::stage::Stage;

/// A stage, its parameters, and its number of workgroups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// The stage.
    pub stage: Stage,
    /// The words of its uniform.
    pub uniform: Vec<u32>,
    /// Workgroups along x and y.
    pub grid: [u32; 2],
}

impl Dispatch {
    /// `words` is called with the number of workgroups along x.
    pub(super) fn new(stage: Stage, groups: u32, words: impl FnOnce(u32) -> Vec<u32>) -> Self {
        let groups_x = groups.clamp(1, MOST_GROUPS);
        Self {
            stage,
            uniform: words(groups_x),
            grid: [groups_x, groups.div_ceil(groups_x)],
        }
    }

    pub(super) fn launch(&self, bindings: &[Binding<'_>]) {
        launch(self.stage, bindings, &self.uniform, self.grid);
    }
}

/// A size as u32: a GPU buffer holds fewer than 2³² values.
pub(super) fn size(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Number of workgroups for this many invocations.
pub(super) fn groups(invocations: usize) -> u32 {
    size(invocations.div_ceil(WORKGROUP as usize))
}

/// `Dropout` of `shaders/dropout.wgsl`; `None` keeps every value unchanged.
pub(super) fn dropout_words(dropout: Option<Dropout>) -> [u32; 4] {
    dropout.map_or([0, 0, 0, 1.0_f32.to_bits()], |dropout| dropout.words())
}
