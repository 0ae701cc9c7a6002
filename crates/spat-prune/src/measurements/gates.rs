//! Slopes along gates: a factor g = 1 on the output of a head or a module.
//!
//! For `y = g · part(x)` the slope at g = 1 is `∂L/∂g = Σ over tokens of part(x) · ∂L/∂y`.

use std::collections::BTreeMap;

use spat_model::{ForwardContext, GateGradients, Probe};
use spat_spec::ModuleId;

use crate::ScorableModel;

/// The slopes of a batch by module. A module's gate is applied after W_o and its bias, a head's to its
/// context, so a module's slope is not the sum of its heads' slopes.
pub(crate) fn gate_gradients<M: ScorableModel>(
    model: &M,
    batch: &M::Batch,
) -> BTreeMap<ModuleId, GateGradients> {
    let mut cx = ForwardContext::evaluation().with_probe(Probe::Gates);
    let loss = model.loss(&M::tracked(batch), &mut cx);
    cx.gate_gradients(&mut loss.backward())
}
