//! SEND on tensors: sensitivities of one module in, one value per head out, all on the device.
//!
//! A reconstruction from the abstract and public digests of arXiv 2505.08768:
//!
//! ```text
//! S = ∂L/∂M at M = 1                 the connection mask M multiplies the attention map A
//! Ŝ[h,i,:] = softmax_j(S[h,i,j])     over the keys
//! SEND = mean over h,i of std_j(Ŝ[h,i,j])
//! ```
//!
//! Entries of S are tiny (a mean loss divides them by every forecast value), so that softmax(S) is
//! 1/L plus digits that f32 loses. With m the row's mean, `d_j = expm1(S_j − m)` and `D = Σ d_j`,
//! the softmax's deviation from its own mean 1/L is exactly `(d_j − D/L) / (L + D)`, and so
//! `std_j(Ŝ) = std_j(d) / (L + D)`, with no cancellation.

use burn::tensor::{Device, Tensor, TensorData};
use spat_model::MapValues;
use spat_spec::{Deviation, Scaling, SendOptions, Sign};

/// SEND of each head from one batch.
///
/// # Shapes
/// - `sensitivity`: `[B, H, Lq, Lk]`, B = 1 for a shared mask
/// - output: `[H]`
///
/// `forecast_values` is the number of values that the mean loss averaged over (B · horizon · C),
/// for [`Scaling::SumLoss`].
///
/// Row i of a causal map has the keys 0 to i only, and row 0, which has a single key, is left out. With
/// [`Scaling::Standardise`], the deviation of a row is multiplied by its share of the keys.
pub fn send(
    sensitivity: impl Into<MapValues>,
    forecast_values: usize,
    options: &SendOptions,
) -> Tensor<1> {
    let MapValues { values, causal } = sensitivity.into();
    let [batch, heads, queries, keys] = values.dims();
    let signed = match options.sign {
        Sign::Signed => values,
        Sign::Absolute => values.abs(),
    };
    let permitted = permitted([queries, keys], causal, &signed.device());
    let scaled = scale(signed, &permitted, forecast_values, options.scaling);
    let mut rows = row_deviation(scaled, &permitted, options.deviation);
    // Row 0 of a causal map has no deviation.
    let first = usize::from(causal && queries > 1);
    if options.scaling == Scaling::Standardise {
        rows = rows * permitted.mean_dim(3);
    }
    let (rows, queries) = (rows.narrow(2, first, queries - first), queries - first);
    // [B, H, Lq, 1] → mean over batch and queries
    rows.reshape([batch, heads, queries])
        .swap_dims(0, 1)
        .reshape([heads, batch * queries])
        .mean_dim(1)
        .reshape([heads])
}

/// 1 for each key that a row has and 0 for others, `[1, 1, Lq, Lk]`.
fn permitted([queries, keys]: [usize; 2], causal: bool, device: &Device) -> Tensor<4> {
    let cells = (0..queries).flat_map(|row| (0..keys).map(move |key| !causal || key <= row));
    let cells: Vec<f32> = cells.map(|has_key| f32::from(u8::from(has_key))).collect();
    Tensor::from_data(TensorData::new(cells, [1, 1, queries, keys]), device)
}

fn scale(
    sensitivity: Tensor<4>,
    permitted: &Tensor<4>,
    forecast_values: usize,
    scaling: Scaling,
) -> Tensor<4> {
    match scaling {
        Scaling::None => sensitivity,
        Scaling::SumLoss => sensitivity * forecast_values as f64,
        Scaling::Temperature(temperature) => sensitivity / temperature,
        Scaling::Standardise => {
            // Squares of entries near 1e-20 underflow in f32, so divide by the largest first. The lower bound avoids
            // 0/0 for a module whose sensitivities are all equal.
            let largest = sensitivity.clone().abs().max().clamp_min(f32::MIN_POSITIVE);
            let unit = sensitivity / largest.unsqueeze();
            let share = permitted.clone().mean();
            let mean = unit.clone().mean() / share.clone();
            let centred = (unit.clone() - mean.unsqueeze()) * permitted.clone();
            let deviation = (centred.square().mean() / share).sqrt();
            unit / deviation.clamp_min(1e-6).unsqueeze()
        }
    }
}

/// `std_j(softmax_j(S))` of every row, `[B, H, Lq, Lk] → [B, H, Lq, 1]`. S is 0 for keys that a row does not
/// have.
fn row_deviation(sensitivity: Tensor<4>, permitted: &Tensor<4>, deviation: Deviation) -> Tensor<4> {
    let keys = permitted.clone().sum_dim(3);
    let mean = sensitivity.clone().sum_dim(3) / keys.clone();
    let d = expm1(sensitivity - mean) * permitted.clone();
    let mean = d.clone().sum_dim(3) / keys.clone();
    let centred = (d - mean.clone()) * permitted.clone();
    let divisor = match deviation {
        Deviation::Population => keys.clone(),
        Deviation::Unbiased => (keys.clone() - 1.0).clamp_min(1.0),
    };
    let deviation = (centred.square().sum_dim(3) / divisor).sqrt();
    // L + D with D = L · mean(d)
    deviation / (mean * keys.clone() + keys)
}

/// `e^x − 1`, accurate for small x: the Taylor series to x⁷ within ±0.5, where its relative error is below
/// 10⁻⁶, and the plain form outside.
fn expm1(x: Tensor<4>) -> Tensor<4> {
    let mut series = x.clone() / 7.0 + 1.0;
    for divisor in [6.0, 5.0, 4.0, 3.0, 2.0] {
        series = series * x.clone() / divisor + 1.0;
    }
    let series = series * x.clone();
    let small = x.clone().abs().lower_elem(0.5);
    (x.exp() - 1.0).mask_where(small, series)
}

/// The reference for [`send`]: one module in f64, by the definition of the formula. `sensitivity` is
/// `[batch × heads × queries × keys]`, row-major; the result is per head.
pub fn send_reference(
    sensitivity: &[f64],
    [batch, heads, queries, keys]: [usize; 4],
    causal: bool,
    forecast_values: usize,
    options: &SendOptions,
) -> Vec<f64> {
    let rows: Vec<&[f64]> = (sensitivity.chunks_exact(keys).enumerate())
        .map(|(number, row)| match causal {
            true => &row[..keys.min(number % queries + 1)],
            false => row,
        })
        .collect();
    let sign = |value: f64| match options.sign {
        Sign::Signed => value,
        Sign::Absolute => value.abs(),
    };
    let signed: Vec<f64> = rows.iter().copied().flatten().copied().map(sign).collect();
    let divisor = match options.scaling {
        Scaling::None => 1.0,
        Scaling::SumLoss => 1.0 / forecast_values as f64,
        Scaling::Temperature(temperature) => temperature,
        Scaling::Standardise => {
            let largest = signed.iter().fold(0.0_f64, |max, s| max.max(s.abs()));
            deviation(&signed, Deviation::Population)
                .max(1e-6 * largest)
                .max(f64::MIN_POSITIVE)
        }
    };
    let mut per_head = vec![0.0; heads];
    for (number, row) in rows.into_iter().enumerate() {
        let exponentials = row.iter().map(|&s| (sign(s) / divisor).exp());
        let exponentials: Vec<f64> = exponentials.collect();
        let total: f64 = exponentials.iter().sum();
        let softmax: Vec<f64> = exponentials.iter().map(|e| e / total).collect();
        let share = match options.scaling {
            Scaling::Standardise => row.len() as f64 / keys as f64,
            _ => 1.0,
        };
        per_head[number / queries % heads] += deviation(&softmax, options.deviation) * share;
    }
    let counted = if causal {
        queries.saturating_sub(1).max(1)
    } else {
        queries
    };
    per_head
        .iter()
        .map(|sum| sum / (batch * counted) as f64)
        .collect()
}

fn deviation(values: &[f64], kind: Deviation) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let divisor = match kind {
        Deviation::Population => count,
        Deviation::Unbiased => (count - 1.0).max(1.0),
    };
    (squares / divisor).sqrt()
}
