//! One step of Adam over one parameter.

use spat_cpu::AdamFactors;

use super::dispatch::{Dispatch, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, InPlace, Out};
use crate::stage::Stage;

/// Values per invocation.
const EACH: usize = 4;

/// The launch of [`adam`].
pub fn adam_dispatch(count: usize, factors: &AdamFactors) -> Dispatch {
    let numbers = [
        factors.beta_1,
        factors.beta_2,
        factors.rate,
        factors.spread,
        factors.epsilon,
        factors.keep,
    ];
    Dispatch::new(Stage::StepAdam, groups(count.div_ceil(EACH)), |groups_x| {
        [&[size(count), groups_x][..], &numbers.map(f32::to_bits)].concat()
    })
}

/// Returns the new weights and updates the moments in place. `None`, without effect, if the moments are
/// shared.
pub fn adam(
    weight: &Buffer,
    gradient: &Buffer,
    first: &Buffer,
    second: &Buffer,
    factors: &AdamFactors,
) -> Option<Buffer> {
    if !first.is_unique() || !second.is_unique() {
        return None;
    }
    let updated = weight.allocate_like(weight.length());
    adam_dispatch(weight.length(), factors).launch(&[
        In(weight.values()),
        In(gradient.values()),
        InPlace(first.values()),
        InPlace(second.values()),
        Out(updated.values()),
    ]);
    Some(updated)
}
