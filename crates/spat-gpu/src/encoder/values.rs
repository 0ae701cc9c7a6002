//! Value by value: the exact GELU with the dropout after it, and dropout alone.

use spat_cpu::Dropout;

use super::dispatch::{Dispatch, dropout_words, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::Stage;

/// Values of an invocation.
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
    let y = x.beside(x.length());
    let [forward, ..] = value_dispatches(x.length(), dropout);
    forward.launch(&[In(x.values()), Out(y.values())]);
    y
}

/// `∂L/∂x = ∂L/∂y · mask · (Φ(x) + x φ(x))`.
pub fn gelu_backward(x: &Buffer, gradient: &Buffer, dropout: Option<Dropout>) -> Buffer {
    let of_x = x.beside(x.length());
    let [_, backward, _] = value_dispatches(x.length(), dropout);
    backward.launch(&[In(x.values()), In(gradient.values()), Out(of_x.values())]);
    of_x
}

/// `x` with the mask on it; the gradient goes the same way.
pub fn drop_values(x: &Buffer, dropout: Dropout) -> Buffer {
    let y = x.beside(x.length());
    let [.., drop] = value_dispatches(x.length(), Some(dropout));
    drop.launch(&[In(x.values()), Out(y.values())]);
    y
}
