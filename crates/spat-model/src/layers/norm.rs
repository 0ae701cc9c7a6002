//! Norms of the residual stream.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::Tensor;
use spat_cpu::Dropout;

use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::operations::{add_norm, dropout, linear_add_norm, linear_dropout};

use super::time_axis::moving_average;

/// Default of PyTorch and Burn.
pub(crate) const EPSILON: f64 = 1e-5;

/// The kind of norm at a place of a layout.
#[derive(Module, Debug)]
pub enum Norm {
    /// Layer norm over the width of each token.
    Layer(LayerNorm),
    /// Batch norm over all tokens of the batch, per column.
    Batch(BatchNorm),
    /// No norm: the rows without their trend, whose tokens are rows of time.
    Season(Decomposition),
    /// Layer norm, then each column without its mean over time.
    Centred(CentredNorm),
}

/// What a norm makes of rows, `[B · L, d_model]`.
pub(crate) struct Normed {
    pub(crate) rows: Tensor<2>,
    /// The trend that [`Norm::Season`] takes away.
    pub(crate) trend: Option<Tensor<2>>,
}

impl Norm {
    /// # Shapes
    /// - rows and output: `[B · L, d_model]`
    pub(crate) fn forward(&self, rows: Tensor<2>, cx: &mut ForwardContext) -> Tensor<2> {
        self.apply(rows, cx).rows
    }

    /// [`Self::forward`], and the trend.
    pub(crate) fn apply(&self, rows: Tensor<2>, cx: &mut ForwardContext) -> Normed {
        let (rows, trend) = match self {
            Self::Layer(norm) => (add_norm(rows, None, None, norm), None),
            Self::Batch(norm) => (norm.forward(rows, cx), None),
            Self::Season(decomposition) => {
                let (season, trend) = decomposition.split(rows);
                (season, Some(trend))
            }
            Self::Centred(norm) => (norm.forward(rows), None),
        };
        Normed { rows, trend }
    }

    /// `norm(x + drop(branch))`.
    ///
    /// # Shapes
    /// - `x` and output: `[B · L, d_model]`
    pub(crate) fn after_branch(
        &self,
        x: Tensor<2>,
        branch: Branch<'_>,
        probability: f64,
        cx: &mut ForwardContext,
    ) -> Normed {
        let drop = cx.dropout(probability);
        let rows = match self {
            Self::Batch(_) | Self::Season(_) | Self::Centred(_) => {
                return self.apply(x + dropout(branch.value(), drop), cx);
            }
            Self::Layer(norm) => match branch {
                Branch::Linear {
                    layer,
                    input,
                    inner_dropout: None,
                } => linear_add_norm(layer, x, input, drop, norm),
                branch => add_norm(x, Some(branch.value()), drop, norm),
            },
        };
        Normed { rows, trend: None }
    }
}

/// Season and trend of series whose tokens are rows of time: the trend is a centred moving average, the ends
/// repeated outwards, and the season what is left.
#[derive(Module, Debug)]
pub struct Decomposition {
    /// Rows of a sample.
    length: usize,
    /// Rows of the average, odd.
    kernel: usize,
}

impl Decomposition {
    pub(crate) fn new(length: usize, kernel: usize) -> Self {
        Self { length, kernel }
    }

    /// Season and trend.
    ///
    /// # Shapes
    /// - rows and both outputs: `[B · L, columns]`
    pub(crate) fn split(&self, rows: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let [count, columns] = rows.dims();
        let average = moving_average(self.length, self.kernel, &rows.device());
        let series = rows
            .clone()
            .reshape([count / self.length, self.length, columns]);
        let trend = average.transpose().unsqueeze::<3>().matmul(series);
        let trend = trend.reshape([count, columns]);
        (rows - trend.clone(), trend)
    }
}

/// Layer norm over the width of each token, then each column minus its mean over the rows of its sample.
#[derive(Module, Debug)]
pub struct CentredNorm {
    /// The layer norm.
    pub layer: LayerNorm,
    /// Rows of a sample.
    length: usize,
}

impl CentredNorm {
    pub(crate) fn init(initial: &Initial<'_>, width: usize, length: usize) -> Self {
        Self {
            layer: initial.layer_norm(width),
            length,
        }
    }

    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let [count, width] = rows.dims();
        let normed = add_norm(rows, None, None, &self.layer);
        let normed = normed.reshape([count / self.length, self.length, width]);
        (normed.clone() - normed.mean_dim(1)).reshape([count, width])
    }
}

/// The branch that a sublayer adds to the residual stream.
pub(crate) enum Branch<'a> {
    /// A linear layer, which a layer norm may fuse with itself.
    Linear {
        layer: &'a Linear,
        /// `[B · L, inputs]`.
        input: Tensor<2>,
        /// Dropout on the layer's output, in addition to the one on the branch.
        inner_dropout: Option<Dropout>,
    },
    /// A tensor that a probe has recorded, `[B · L, d_model]`.
    Value(Tensor<2>),
}

impl Branch<'_> {
    pub(super) fn value(self) -> Tensor<2> {
        match self {
            Self::Linear {
                layer,
                input,
                inner_dropout,
            } => linear_dropout(layer, input, inner_dropout),
            Self::Value(value) => value,
        }
    }
}

/// Batch norm over rows (arXiv 1502.03167) whose running statistics are plain values.
///
/// Burn's own batch norm shares them between clones of a module, so that fine-tuning the pruned model would
/// change the dense one; and it cannot evaluate on an autodiff device, which scoring after training needs.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[d_model]`.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[d_model]`.
    pub beta: Param<Tensor<1>>,
    /// Mean over past batches, not trained.
    pub running_mean: Param<Tensor<1>>,
    /// Unbiased variance over past batches, not trained.
    pub running_var: Param<Tensor<1>>,
    epsilon: f64,
    /// Weight of the newest batch in the running statistics.
    momentum: f64,
}

impl BatchNorm {
    /// With PyTorch's defaults.
    pub(crate) fn init(initial: &Initial<'_>, width: usize) -> Self {
        Self::with(initial, width, EPSILON, 0.1)
    }

    pub(crate) fn with(initial: &Initial<'_>, width: usize, epsilon: f64, momentum: f64) -> Self {
        Self {
            epsilon,
            momentum,
            gamma: initial.constant([width], 1.0),
            beta: initial.constant([width], 0.0),
            running_mean: initial.constant([width], 0.0).set_require_grad(false),
            running_var: initial.constant([width], 1.0).set_require_grad(false),
        }
    }

    fn forward(&self, rows: Tensor<2>, cx: &mut ForwardContext) -> Tensor<2> {
        let (centred, variance) = if cx.is_training() {
            let count = rows.dims()[0] as f64;
            let mean = rows.clone().mean_dim(0);
            let centred = rows - mean.clone();
            let variance = centred.clone().square().mean_dim(0);
            let unbiased = variance.clone() * (count / (count - 1.0).max(1.0));
            self.update(&self.running_mean, mean, cx);
            self.update(&self.running_var, unbiased, cx);
            (centred, variance)
        } else {
            let mean = self.running_mean.val().unsqueeze::<2>();
            (rows - mean, self.running_var.val().unsqueeze::<2>())
        };
        let inverse = (variance + self.epsilon).sqrt().recip();
        centred * (inverse * self.gamma.val().unsqueeze()) + self.beta.val().unsqueeze()
    }

    fn update(&self, statistic: &Param<Tensor<1>>, batch: Tensor<2>, cx: &mut ForwardContext) {
        let batch: Tensor<1> = batch.squeeze_dim(0);
        let old = statistic.val();
        let (old, batch) = if old.is_autodiff() {
            (old.inner(), batch.inner())
        } else {
            (old, batch)
        };
        cx.set_running(
            statistic.id,
            old * (1.0 - self.momentum) + batch * self.momentum,
        );
    }
}
