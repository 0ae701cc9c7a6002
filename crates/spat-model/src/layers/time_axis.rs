//! Maps along the time axis, applied to each channel alike.

use burn::tensor::{Device, Tensor, TensorData};

/// Applies `change` to the values over time of each channel, `[B · C, rows]`.
///
/// # Shapes
/// - `x`: `[B, rows, C]`
/// - output: `[B, rows of the changed series, C]`
pub(crate) fn over_time(x: Tensor<3>, change: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Tensor<3> {
    let [batch, rows, channels] = x.dims();
    let series = x.swap_dims(1, 2).reshape([batch * channels, rows]);
    let changed = change(series);
    let rows = changed.dims()[1];
    changed.reshape([batch, channels, rows]).swap_dims(1, 2)
}

/// The matrix `[rows, rows]` whose product with a series is its centred moving average, the ends repeated
/// outwards by half the kernel.
pub(crate) fn moving_average(rows: usize, kernel: usize, device: &Device) -> Tensor<2> {
    let half = (kernel / 2) as i64;
    let last = rows as i64 - 1;
    let mut weights = vec![0.0_f32; rows * rows];
    for output in 0..rows {
        for offset in -half..=half {
            let input = (output as i64 + offset).clamp(0, last) as usize;
            weights[input * rows + output] += 1.0 / kernel as f32;
        }
    }
    Tensor::from_data(TensorData::new(weights, [rows, rows]), device)
}
