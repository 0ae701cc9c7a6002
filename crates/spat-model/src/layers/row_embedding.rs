//! Rows of a window as tokens.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::TIME_FEATURES;

use crate::forward_context::ForwardContext;
use crate::initial::Initial;
use crate::operations::{dropout, linear};

use super::attention::Tokens;
use super::positions::sinusoids;

/// The row before, the row and the row after of each row, side by side. The ends of a window are joined.
///
/// # Shapes
/// - `x`: `[B, rows, C]`
/// - output: `[B · rows, 3 · C]`
pub(crate) fn circular_neighbours(x: Tensor<3>) -> Tensor<2> {
    let [batch, rows, channels] = x.dims();
    let neighbours = vec![x.clone().roll_dim(1, 1), x.clone(), x.roll_dim(-1, 1)];
    Tensor::cat(neighbours, 2).reshape([batch * rows, 3 * channels])
}

/// A row to a token: a circular convolution over three rows, the row's time features, and its position if the
/// layout has positions.
#[derive(Module, Debug)]
pub(crate) struct RowEmbedding {
    /// The row before, the row and the row after, `[3 · C, d_model]`, without a bias.
    pub(crate) values: Linear,
    /// Time features of a row, `[4, d_model]`, without a bias.
    pub(crate) features: Option<Linear>,
    positions: bool,
    dropout: f64,
}

impl RowEmbedding {
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        channels: usize,
        d_model: usize,
        time_features: bool,
        dropout: f64,
    ) -> Self {
        Self {
            values: initial.circular_convolution(channels, d_model),
            features: time_features.then(|| Linear {
                bias: None,
                ..initial.linear(TIME_FEATURES, d_model)
            }),
            positions: true,
            dropout,
        }
    }

    /// Tokens do not contain their positions.
    pub(crate) fn without_positions(self) -> Self {
        Self {
            positions: false,
            ..self
        }
    }

    /// # Shapes
    /// - `values`: `[B, rows, C]`
    /// - `time_features`: `[B, rows, 4]`
    pub(crate) fn forward(
        &self,
        values: Tensor<3>,
        time_features: Option<Tensor<3>>,
        cx: &mut ForwardContext,
    ) -> Tokens {
        let [batch, rows, _] = values.dims();
        let mut tokens = linear(&self.values, circular_neighbours(values));
        if let Some((layer, features)) = self.features.as_ref().zip(time_features) {
            tokens = tokens + linear(layer, features.reshape([batch * rows, TIME_FEATURES]));
        }
        let width = tokens.dims()[1];
        let mut tokens = tokens.reshape([batch, rows, width]);
        if self.positions {
            tokens = tokens.clone() + sinusoids(rows, width, &tokens.device()).unsqueeze::<3>();
        }
        Tokens {
            rows: dropout(tokens, cx.dropout(self.dropout)).reshape([batch * rows, width]),
            batch,
        }
    }
}
