//! Element-wise operations: the exact GELU followed by dropout, and dropout alone.

use spat_cpu::Dropout;

use super::dispatch::{Dispatch, dropout_words, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::Stage;

/// Values per invocation.
const EACH: usize = 4;

/// The launches of [`gelu`], [`gelu_backward`] and [`drop_values`].
pub fn value_dispatches(count: usize, dropout: Option<Dropout>) -> [Dispatch; 3] {
    [
        Stage::ActivateValues,
        Stage::ActivateBackward,
        Stage::DropValues,
    ]
    .map(|stage| {
        Dispatch::new(stage, groups(count.div_ceil(EACH)), |groups_x| {
            [&dropout_words(dropout)[..], &[size(count), groups_x, 0, 0]].concat()
        })
    })
}

/// `drop(gelu(x))`.
pub fn gelu(x: &Buffer, dropout: Option<Dropout>) -> Buffer {
    let y = x.allocate_like(x.length());
    let [forward, ..] = value_dispatches(x.length(), dropout);
    forward.launch(&[In(x.values()), Out(y.values())]);
    y
}

/// `∂L/∂x = ∂L/∂y · mask · (Φ(x) + x φ(x))`.
pub fn gelu_backward(x: &Buffer, gradient: &Buffer, dropout: Option<Dropout>) -> Buffer {
    let of_x = x.allocate_like(x.length());
    let [_, backward, _] = value_dispatches(x.length(), dropout);
    backward.launch(&[In(x.values()), In(gradient.values()), Out(of_x.values())]);
    of_x
}

/// `x` multiplied by the mask; the gradient uses the same function.
pub fn drop_values(x: &Buffer, dropout: Dropout) -> Buffer {
    let y = x.allocate_like(x.length());
    let [.., drop] = value_dispatches(x.length(), Some(dropout));
    drop.launch(&[In(x.values()), Out(y.values())]);
    y
}
