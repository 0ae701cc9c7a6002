//! The mean squared error.

use super::dispatch::{Dispatch, groups, size};
use crate::buffer::Buffer;
use crate::launch::Binding::{In, Out};
use crate::stage::Stage;

/// Values per invocation.
const EACH: usize = 16;

/// The two launches of [`mean_squared_error`], and that of [`errors_backward`].
pub fn error_dispatches(count: usize) -> [Dispatch; 3] {
    let sums = groups(count.div_ceil(EACH));
    [
        (Stage::SquareErrors, sums),
        (Stage::AverageErrors, 1),
        (Stage::ErrorsBackward, sums),
    ]
    .map(|(stage, groups)| {
        Dispatch::new(stage, groups, |groups_x| {
            vec![size(count), sums, groups_x, (1.0 / count as f32).to_bits()]
        })
    })
}

/// The mean of `(forecast − truth)²`, one value.
pub fn mean_squared_error(forecast: &Buffer, truth: &Buffer) -> Buffer {
    let [square, average, _] = error_dispatches(forecast.length());
    let sums = forecast.allocate_like(square.uniform[1] as usize);
    let mean = forecast.allocate_like(1);
    square.launch(&[
        In(forecast.values()),
        In(truth.values()),
        Out(sums.values()),
    ]);
    average.launch(&[In(sums.values()), Out(mean.values())]);
    mean
}

/// The gradient of the forecast, from that of the mean.
pub fn errors_backward(forecast: &Buffer, truth: &Buffer, gradient: &Buffer) -> Buffer {
    let of_forecast = forecast.allocate_like(forecast.length());
    let [.., backward] = error_dispatches(forecast.length());
    backward.launch(&[
        In(forecast.values()),
        In(truth.values()),
        In(gradient.values()),
        Out(of_forecast.values()),
    ]);
    of_forecast
}
