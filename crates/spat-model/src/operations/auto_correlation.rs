//! Auto-correlation (arXiv 2106.13008, section 3.2): the values of the time lags at which queries and keys
//! correlate most, averaged.
//!
//! The correlation is computed from `P = Q Kᵀ` instead of Fourier transforms, `r[τ] = 1/d Σ_t P[(t + τ) mod L,
//! t]`, and the average is a product with V. As the correlation is a mean over all columns, the number of heads
//! changes nothing. The order of lags is found without reading them back from the device.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};

/// Queries, keys and values of each sample, whose tokens are rows of time.
#[derive(Debug, Clone)]
pub(crate) struct AutoCorrelation {
    /// `[B, L, d]`.
    pub(crate) query: Tensor<3>,
    /// `[B, Lk, d]`; missing rows at the end are zeros, and those after L are left out.
    pub(crate) key: Tensor<3>,
    /// As `key`.
    pub(crate) value: Tensor<3>,
    /// Number of lags, from 1 to L.
    pub(crate) lags: usize,
    /// Whether all samples have the lags at which the mean of their correlations is largest.
    pub(crate) shared: bool,
    /// M on the weights, `[B or 1, 1, L, lags]`.
    pub(crate) mask: Option<Tensor<4>>,
}

/// `y[t] = Σ_i M[t,i] w_i V[(t + τ_i) mod L]`, `[B, L, d]`, and the weights `w` of the lags, the strongest
/// first, `[B, 1, L, lags]`.
///
/// `w` is the softmax of a sample's correlations at the lags. The choice of lags has no gradient.
pub(crate) fn auto_correlate(input: AutoCorrelation) -> (Tensor<3>, Tensor<4>) {
    let AutoCorrelation {
        query,
        key,
        value,
        lags,
        shared,
        mask,
    } = input;
    let [batch, length, _] = query.dims();
    let (key, value) = (of_length(key, length), of_length(value, length));
    let correlations = correlations(query, key);
    let compared = correlations.clone().detach();
    let chosen = strongest(
        if shared {
            compared.mean_dim(0)
        } else {
            compared
        },
        lags,
    );
    let logits = (chosen.clone() * correlations.unsqueeze_dim(1)).sum_dim(2);
    let weights = softmax(logits.reshape([batch, 1, lags]), 2).expand([batch, length, lags]);
    let connected = match mask {
        Some(mask) => {
            let samples = mask.dims()[0];
            weights.clone() * mask.reshape([samples, length, lags])
        }
        None => weights.clone(),
    };
    let chosen = chosen.expand([batch, lags, length]);
    let context = rows_at_lags(connected.matmul(chosen)).matmul(value);
    (context, weights.unsqueeze_dim(1))
}

/// The first `length` rows, filled up with zeros.
fn of_length(rows: Tensor<3>, length: usize) -> Tensor<3> {
    let [batch, count, width] = rows.dims();
    if count >= length {
        return rows.narrow(1, 0, length);
    }
    let zeros = Tensor::zeros([batch, length - count, width], &rows.device());
    Tensor::cat(vec![rows, zeros], 1)
}

/// `r[τ] = 1/d Σ_t q[(t + τ) mod L] · k[t]`, `[B, L]`.
fn correlations(query: Tensor<3>, key: Tensor<3>) -> Tensor<2> {
    let [batch, length, width] = query.dims();
    let products = key.matmul(query.transpose());
    // Row t begins at column t of the rows and their repetition, if these are one row longer than they are.
    let twice = Tensor::cat(vec![products.clone(), products], 2);
    let twice = twice.reshape([batch, 2 * length * length]);
    let end = Tensor::zeros([batch, length], &twice.device());
    let by_lag = Tensor::cat(vec![twice, end], 1)
        .reshape([batch, length, 2 * length + 1])
        .narrow(2, 0, length);
    by_lag.sum_dim(1).reshape([batch, length]) / width as f64
}

/// `A[t, (t + τ) mod L] = W[t, τ]`, the inverse of the shift in [`correlations`], `[B, L, L]`.
fn rows_at_lags(weights: Tensor<3>) -> Tensor<3> {
    let [batch, length, _] = weights.dims();
    let end = Tensor::zeros([batch, length, length + 1], &weights.device());
    let twice = Tensor::cat(vec![weights, end], 2)
        .reshape([batch, length * (2 * length + 1)])
        .narrow(1, 0, 2 * length * length)
        .reshape([batch, length, 2 * length]);
    twice.clone().narrow(2, 0, length) + twice.narrow(2, length, length)
}

/// 1 where column τ is the place of the i-th largest of the values, 0 elsewhere, `[B, count, L]`. Of equal
/// values the first is the larger.
fn strongest(values: Tensor<2>, count: usize) -> Tensor<3> {
    let [batch, length] = values.dims();
    let device = values.device();
    let ranks = ranks(values)
        .unsqueeze_dim::<3>(1)
        .expand([batch, count, length]);
    let places = numbers(count, &device)
        .reshape([1, count, 1])
        .expand([batch, count, length]);
    ranks.equal(places).float()
}

/// How many values of a row are larger, `[B, L]`. Of equal values the first is the larger.
pub(crate) fn ranks(values: Tensor<2>) -> Tensor<2> {
    let [batch, length] = values.dims();
    let device = values.device();
    let shape = [batch, length, length];
    let other = values.clone().unsqueeze_dim::<3>(2).expand(shape);
    let own = values.unsqueeze_dim::<3>(1).expand(shape);
    let other_place = numbers(length, &device)
        .reshape([1, length, 1])
        .expand(shape);
    let own_place = numbers(length, &device)
        .reshape([1, 1, length])
        .expand(shape);
    let is_before = other.clone().equal(own.clone()).float() * other_place.lower(own_place).float();
    (other.greater(own).float() + is_before)
        .sum_dim(1)
        .reshape([batch, length])
}

fn numbers(count: usize, device: &Device) -> Tensor<1> {
    Tensor::<1, Int>::arange(0..count as i64, device).float()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Distribution, TensorData};

    use super::*;

    const BATCH: usize = 3;
    const WIDTH: usize = 8;

    fn random(length: usize) -> Tensor<3> {
        let device = Device::flex();
        Tensor::random(
            [BATCH, length, WIDTH],
            Distribution::Normal(0.0, 1.0),
            &device,
        )
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    /// The public code's steps in f64: correlations of each column of each head, their mean, the strongest lags,
    /// and rolled values.
    fn naive(input: &AutoCorrelation, heads: usize) -> (Vec<f64>, Vec<f64>) {
        let [batch, length, width] = input.query.dims();
        let rows = |tensor: &Tensor<3>| {
            let count = tensor.dims()[1];
            let values = values(tensor.clone());
            move |sample: usize, row: usize, column: usize| match row < count {
                true => f64::from(values[(sample * count + row) * width + column]),
                false => 0.0,
            }
        };
        let (query, key, value) = (rows(&input.query), rows(&input.key), rows(&input.value));
        let head_width = width / heads;
        let correlation = |sample: usize, lag: usize| {
            let of_heads = (0..heads).map(|head| {
                let columns = head * head_width..(head + 1) * head_width;
                let of_columns = columns.map(|column| -> f64 {
                    let products = (0..length).map(|row| {
                        query(sample, (row + lag) % length, column) * key(sample, row, column)
                    });
                    products.sum()
                });
                of_columns.sum::<f64>() / head_width as f64
            });
            of_heads.sum::<f64>() / heads as f64
        };
        let all: Vec<Vec<f64>> = (0..batch)
            .map(|sample| (0..length).map(|lag| correlation(sample, lag)).collect())
            .collect();
        let (mut context, mut weights) = (vec![0.0; batch * length * width], Vec::new());
        for sample in 0..batch {
            let compared = |lag: usize| match input.shared {
                true => all.iter().map(|of_sample| of_sample[lag]).sum(),
                false => all[sample][lag],
            };
            let mut lags: Vec<usize> = (0..length).collect();
            lags.sort_by(|&one, &other| compared(other).total_cmp(&compared(one)));
            lags.truncate(input.lags);
            let exponentials: Vec<f64> = lags.iter().map(|&lag| all[sample][lag].exp()).collect();
            let total: f64 = exponentials.iter().sum();
            let of_sample: Vec<f64> = exponentials.iter().map(|value| value / total).collect();
            for row in 0..length {
                for (lag, weight) in lags.iter().zip(&of_sample) {
                    for column in 0..width {
                        context[(sample * length + row) * width + column] +=
                            weight * value(sample, (row + lag) % length, column);
                    }
                }
                weights.extend(of_sample.clone());
            }
        }
        (context, weights)
    }

    fn assert_close(ours: &[f32], expected: &[f64]) {
        assert_eq!(ours.len(), expected.len());
        for (ours, expected) in ours.iter().zip(expected) {
            assert!(
                (f64::from(*ours) - expected).abs() < 1e-4,
                "{ours} {expected}"
            );
        }
    }

    /// Self-attention, keys that are filled up, and keys that are cut; odd lengths too. The number of heads does
    /// not matter.
    #[test]
    fn the_product_form_equals_the_naive_correlation_with_any_number_of_heads() {
        for (queries, keys) in [(9, 9), (12, 12), (12, 7), (7, 12)] {
            for shared in [false, true] {
                let input = AutoCorrelation {
                    // Small, so that no weight is 1.
                    query: random(queries) * 0.4,
                    key: random(keys) * 0.4,
                    value: random(keys),
                    lags: 4,
                    shared,
                    mask: None,
                };
                let (context, weights) = auto_correlate(input.clone());
                for heads in [1, 2, WIDTH] {
                    let (expected, expected_weights) = naive(&input, heads);
                    assert_close(&values(context.clone()), &expected);
                    assert_close(&values(weights.clone()), &expected_weights);
                }
            }
        }
    }

    /// S[t, i] = w_i ⟨G[t], V[(t + τ_i) mod L]⟩ with G the gradient of the context, by finite differences of the
    /// mask.
    #[test]
    fn a_mask_multiplies_the_weight_of_a_lag_at_a_row() {
        let (length, lags) = (6, 3);
        let input = |mask: Tensor<4>| AutoCorrelation {
            query: fixed(length, 1, &mask.device()),
            key: fixed(length, 2, &mask.device()),
            value: fixed(length, 3, &mask.device()),
            lags,
            shared: true,
            mask: Some(mask),
        };
        let loss = |mask| auto_correlate(input(mask)).0.square().mean();
        let device = Device::flex();
        let ones =
            Tensor::<4>::ones([1, 1, length, lags], &device.clone().autodiff()).require_grad();
        let gradients = loss(ones.clone()).backward();
        let gradient = values(ones.grad(&gradients).unwrap());
        for (cell, gradient) in gradient.into_iter().enumerate() {
            let at = |step: f32| {
                let mut mask = vec![1.0_f32; length * lags];
                mask[cell] += step;
                let mask = TensorData::new(mask, [1, 1, length, lags]);
                values(loss(Tensor::from_data(mask, &device)))[0]
            };
            let slope = (at(0.1) - at(-0.1)) / 0.2;
            assert!(
                (slope - gradient).abs() < 1e-3,
                "{cell}: {slope} {gradient}"
            );
        }
    }

    fn fixed(length: usize, seed: usize, device: &Device) -> Tensor<3> {
        let values: Vec<f32> = (0..BATCH * length * WIDTH)
            .map(|place| ((place * (37 + seed) + seed) % 29) as f32 / 29.0 - 0.5)
            .collect();
        Tensor::from_data(TensorData::new(values, [BATCH, length, WIDTH]), device)
    }

    #[test]
    fn of_equal_values_the_first_is_the_strongest() {
        let device = Device::flex();
        let of = Tensor::from_data([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, 0.0, 0.0]], &device);
        assert_eq!(
            values(ranks(of.clone())),
            [3.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0]
        );
        let chosen = values(strongest(of, 2));
        assert_eq!(chosen[..8], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(chosen[8..], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
