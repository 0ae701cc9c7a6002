//! Informer's pooling between encoder layers.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::operations::linear;

use super::attention::Tokens;
use super::norm::BatchNorm;

/// A circular convolution over three rows, batch norm, ELU, and the largest of three rows at every second row
/// ("distilling", arXiv 2012.07436).
#[derive(Module, Debug)]
pub struct Distilling {
    /// `[3 · d_model, d_model]`.
    pub convolution: Linear,
    /// Over all rows of the batch.
    pub norm: BatchNorm,
    /// Rows that the convolution reads beyond each end: with 1 a row stays at its place; 2 gives two rows more,
    /// and each reads the two rows before its own.
    padding: usize,
}

impl Distilling {
    pub(crate) fn init(initial: &mut Initial<'_>, d_model: usize, padding: usize) -> Self {
        Self {
            convolution: initial.linear(3 * d_model, d_model),
            norm: BatchNorm::init(initial, d_model),
            padding,
        }
    }

    pub(crate) fn forward(&self, x: Tokens, cx: &mut ForwardContext) -> Tokens {
        let batch = x.batch;
        let width = x.rows.dims()[1];
        let rows = x.tokens();
        let windows = circular_windows(x.rows.reshape([batch, rows, width]), self.padding);
        let y = self.norm.forward(linear(&self.convolution, windows), cx);
        // ELU, whose gradient is finite also where exp overflows.
        let y = y.clone().clamp_min(0.0) + (y.clamp_max(0.0).exp() - 1.0);
        let rows = y.dims()[0] / batch;
        let pooled = pool(&y.reshape([batch, rows, width]));
        let rows = pooled.dims()[1];
        Tokens {
            rows: pooled.reshape([batch * rows, width]),
            batch,
        }
    }
}

/// Each three rows in succession, side by side, of the rows with `padding` rows from the other end before the
/// first and after the last.
///
/// # Shapes
/// - `x`: `[B, rows, width]`
/// - output: `[B · (rows + 2 · padding − 2), 3 · width]`
fn circular_windows(x: Tensor<3>, padding: usize) -> Tensor<2> {
    let [batch, rows, width] = x.dims();
    let first = x.clone().narrow(1, 0, padding);
    let last = x.clone().narrow(1, rows - padding, padding);
    let padded = Tensor::cat(vec![last, x, first], 1);
    let count = rows + 2 * padding - 2;
    let shifted = (0..3).map(|shift| padded.clone().narrow(1, shift, count));
    Tensor::cat(shifted.collect(), 2).reshape([batch * count, 3 * width])
}

/// The largest of a row and its neighbours, of every second row from the first.
///
/// # Shapes
/// - `x`: `[B, rows, width]`
/// - output: `[B, ⌈rows / 2⌉, width]`
fn pool(x: &Tensor<3>) -> Tensor<3> {
    let [batch, rows, width] = x.dims();
    let count = rows.div_ceil(2);
    let edge = |rows| Tensor::full([batch, rows, width], f32::MIN, &x.device());
    // Two rows for each output, and one more.
    let padded = Tensor::cat(vec![edge(1), x.clone(), edge(2 * count + 2 - 1 - rows)], 1);
    let every_second = |first: usize| {
        padded
            .clone()
            .narrow(1, first, 2 * count)
            .reshape([batch, count, 2 * width])
            .narrow(2, 0, width)
    };
    every_second(0)
        .max_pair(every_second(1))
        .max_pair(every_second(2))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn series(values: &[f32]) -> Tensor<3> {
        let data = TensorData::new(values.to_vec(), [1, values.len(), 1]);
        Tensor::from_data(data, &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn pooling_takes_the_largest_of_three_rows_at_every_second() {
        assert_eq!(values(pool(&series(&[1.0, 4.0, 2.0, 3.0]))), [4.0, 4.0]);
        assert_eq!(
            values(pool(&series(&[-1.0, -4.0, -2.0, -5.0, -3.0]))),
            [-1.0, -2.0, -3.0]
        );
        assert_eq!(values(pool(&series(&[-7.0]))), [-7.0]);
    }

    #[test]
    fn windows_join_the_ends() {
        let x = series(&[1.0, 2.0, 3.0]);
        let one = values(circular_windows(x.clone(), 1));
        assert_eq!(one, [3.0, 1.0, 2.0, 1.0, 2.0, 3.0, 2.0, 3.0, 1.0]);
        let two = values(circular_windows(x, 2));
        assert_eq!(two[..6], [2.0, 3.0, 1.0, 3.0, 1.0, 2.0]);
        assert_eq!(two.len(), 15);
    }
}
