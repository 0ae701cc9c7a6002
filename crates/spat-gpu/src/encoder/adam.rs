//! One step of Adam over one parameter.

use spat_cpu::AdamFactors;

use super::dispatch::{Dispatch, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, InPlace, Out};
use crate::stage::Stage;

/// Values of an invocation.
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

/// The new weights, the moments changed in place. `None`, and nothing is done, where somebody else
/// shares the moments.
pub fn adam(
    weight: &Buffer,
    gradient: &Buffer,
    first: &Buffer,
    second: &Buffer,
    factors: &AdamFactors,
) -> Option<Buffer> {
    if !first.is_own() || !second.is_own() {
        return None;
    }
    let updated = weight.beside(weight.length());
    adam_dispatch(weight.length(), factors).launch(&[
        In(weight.values()),
        In(gradient.values()),
        InPlace(first.values()),
        InPlace(second.values()),
        Out(updated.values()),
    ]);
    Some(updated)
}
