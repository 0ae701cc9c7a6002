//! The loss: a mean squared error.

use crate::profile::timed;
use crate::sums::sum_of;
use crate::threads::{block_rows, each_block};
use crate::vectorise::vectorised;

/// `mean((forecast − truth)²)`.
pub fn mean_squared_error(forecast: &[f32], truth: &[f32]) -> f32 {
    let _timed = timed("loss");
    let length = block_rows(1);
    let blocks = forecast.chunks(length).zip(truth.chunks(length));
    let sums = each_block(forecast.len(), blocks, |(forecast, truth)| {
        squares(forecast, truth)
    });
    (sums.into_iter().map(f64::from).sum::<f64>() / forecast.len() as f64) as f32
}

/// `∂L/∂forecast = 2 (forecast − truth) / count`, times `gradient`.
pub fn mean_squared_error_backward(forecast: &[f32], truth: &[f32], gradient: f32) -> Vec<f32> {
    let _timed = timed("loss, backward");
    let factor = 2.0 * gradient / forecast.len() as f32;
    forecast
        .iter()
        .zip(truth)
        .map(|(forecast, truth)| (forecast - truth) * factor)
        .collect()
}

vectorised! {
    fn squares(forecast: &[f32], truth: &[f32]) -> f32 {
        sum_of(forecast, truth, |forecast, truth| {
            (forecast - truth) * (forecast - truth)
        })
    }
}
