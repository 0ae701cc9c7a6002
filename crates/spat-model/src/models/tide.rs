//! TiDE (arXiv 2304.08424): residual MLPs over the look-back of each channel and the time features.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use spat_spec::{Structure, TIME_FEATURES, TideConfig};

use crate::forward_context::ForwardContext;
use crate::import::ImportTable;
use crate::initial::Initial;
use crate::layers::{Norm, normalise};
use crate::operations::{linear, linear_dropout, linear_relu};

use super::{Inputs, Model};

/// TiDE in Time-Series-Library's layout, with or without the norms over one or two numbers.
#[derive(Module, Debug)]
pub struct Tide {
    /// The time features of a row to two numbers, if they are read.
    pub(crate) features: Option<Block>,
    /// Look-back and encoded time features to the width.
    pub(crate) encoder: Block,
    /// The other blocks of the encoder, one for all.
    pub(crate) encoder_repeated: Option<Block>,
    /// All but the last block of the decoder, one for all.
    pub(crate) decoder_repeated: Option<Block>,
    /// To some numbers for each forecast row.
    pub(crate) decoder: Block,
    /// The encoded time features and the decoder's numbers of a row to its forecast.
    pub(crate) row: Block,
    /// A channel's look-back to its forecast, `[lookback, horizon]`.
    pub shortcut: Linear,
    /// How often each repeated block is applied.
    repeats: usize,
    horizon: usize,
}

/// `norm(drop(W₂ relu(W₁ x)) + W₃ x)`.
#[derive(Module, Debug)]
pub(crate) struct Block {
    /// `W₁`, `[inputs, hidden]`.
    pub(crate) expand: Linear,
    /// `W₂`, `[hidden, outputs]`.
    pub(crate) contract: Linear,
    /// `W₃`, `[inputs, outputs]`.
    pub(crate) shortcut: Linear,
    /// Over the outputs.
    pub(crate) norm: Option<Norm>,
    dropout: f64,
}

impl Model for Tide {
    type Spec = TideConfig;

    fn init(initial: &mut Initial<'_>, config: &Self::Spec, _: &Structure) -> Self {
        let (width, narrow) = (config.width, config.narrow_norms);
        let mut block = |inputs: usize, hidden: usize, outputs: usize, norm: bool| Block {
            expand: initial.linear(inputs, hidden),
            contract: initial.linear(hidden, outputs),
            shortcut: initial.linear(inputs, outputs),
            norm: norm.then(|| Norm::Layer(initial.layer_norm(outputs))),
            dropout: config.dropout,
        };
        let encoded = config.encoded_features();
        let features = config
            .time_stamps
            .then(|| block(TIME_FEATURES, width, encoded, narrow));
        let repeated = config.layers > 1;
        Self {
            features,
            encoder: block(config.encoder_inputs(), width, width, true),
            encoder_repeated: repeated.then(|| block(width, width, width, true)),
            decoder_repeated: repeated.then(|| block(width, width, width, true)),
            decoder: block(width, width, config.decoder_width * config.horizon, true),
            row: block(config.decoder_width + encoded, config.row_width, 1, narrow),
            shortcut: initial.linear(config.lookback, config.horizon),
            repeats: config.layers.saturating_sub(1),
            horizon: config.horizon,
        }
    }

    fn forward(&self, inputs: Inputs, cx: &mut ForwardContext) -> Tensor<3> {
        let (x, statistics) = normalise(inputs.values);
        let [batch, lookback, channels] = x.dims();
        let (count, horizon) = (batch * channels, self.horizon);
        let series = x.swap_dims(1, 2).reshape([count, lookback]);
        let shortcut = linear(&self.shortcut, series.clone());

        let rows = lookback + horizon;
        let features = self.features.as_ref().map(|block| {
            // Rows without dates are zeros, as in the public code.
            let features = inputs
                .time_features
                .unwrap_or_else(|| Tensor::zeros([batch, rows, TIME_FEATURES], &series.device()));
            let encoded = block.forward(features.reshape([batch * rows, TIME_FEATURES]), cx);
            let width = encoded.dims()[1];
            encoded.reshape([batch, rows, width])
        });

        let mut hidden = vec![series];
        hidden.extend(features.clone().map(|all| of_each_channel(all, channels)));
        let mut hidden = self.encoder.forward(Tensor::cat(hidden, 1), cx);
        for block in [&self.encoder_repeated, &self.decoder_repeated] {
            for block in block.iter().cycle().take(self.repeats) {
                hidden = block.forward(hidden, cx);
            }
        }
        let decoded = self.decoder.forward(hidden, cx);

        let width = decoded.dims()[1] / horizon;
        let mut row = Vec::new();
        row.extend(features.map(|all| {
            let future = all.narrow(1, lookback, horizon);
            let width = future.dims()[2];
            of_each_channel(future, channels).reshape([count * horizon, width])
        }));
        row.push(decoded.reshape([count * horizon, width]));
        let row = self.row.forward(Tensor::cat(row, 1), cx);
        let forecast = row.reshape([count, horizon]) + shortcut;
        statistics.restore(forecast.reshape([batch, channels, horizon]).swap_dims(1, 2))
    }

    /// Time-Series-Library's names. A block that is repeated has each of its names.
    fn import(config: &Self::Spec) -> ImportTable {
        let mut blocks = vec![
            ("feature_encoder".to_owned(), "features"),
            ("encoders.0".to_owned(), "encoder"),
            (
                format!("decoders.{}", config.layers.saturating_sub(1)),
                "decoder",
            ),
            ("temporalDecoder".to_owned(), "row"),
        ];
        for layer in 1..config.layers {
            blocks.push((format!("encoders.{layer}"), "encoder_repeated"));
            blocks.push((format!("decoders.{}", layer - 1), "decoder_repeated"));
        }
        blocks
            .into_iter()
            .fold(ImportTable::default(), |table, (theirs, ours)| {
                table
                    .linear(&format!("{theirs}.fc1"), &format!("{ours}.expand"))
                    .linear(&format!("{theirs}.fc2"), &format!("{ours}.contract"))
                    .linear(&format!("{theirs}.fc3"), &format!("{ours}.shortcut"))
                    .norm(&format!("{theirs}.ln"), &format!("{ours}.norm"))
            })
            .linear("residual_proj", "shortcut")
    }
}

impl Block {
    /// # Shapes
    /// - `rows`: `[N, inputs]`
    /// - output: `[N, outputs]`
    fn forward(&self, rows: Tensor<2>, cx: &mut ForwardContext) -> Tensor<2> {
        let hidden = linear_relu(&self.expand, rows.clone(), 0.0);
        let branch = linear_dropout(&self.contract, hidden, cx.dropout(self.dropout));
        let sum = branch + linear(&self.shortcut, rows);
        match &self.norm {
            Some(norm) => norm.forward(sum, cx),
            None => sum,
        }
    }
}

/// What is the same for all channels of a window, `[B, rows, width]`, once per channel:
/// `[B · channels, rows · width]`.
fn of_each_channel(x: Tensor<3>, channels: usize) -> Tensor<2> {
    let [batch, rows, width] = x.dims();
    x.reshape([batch, 1, rows * width])
        .repeat_dim(1, channels)
        .reshape([batch * channels, rows * width])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use spat_spec::Window;

    use super::*;
    use crate::weights::read;

    /// The layer norm over one number leaves its shift, whatever the encoder and decoder compute.
    #[test]
    fn the_public_layout_is_a_linear_map_and_one_number() {
        let device = Device::flex();
        let config = TideConfig {
            width: 8,
            row_width: 8,
            ..TideConfig::library(Window::new(12, 6, 3), true)
        };
        let structure = Structure::dense(config.clone().into());
        let random =
            |rows, width| Tensor::<3>::random([2, rows, width], Distribution::Default, &device);
        let inputs = Inputs {
            time_features: Some(random(18, TIME_FEATURES)),
            ..random(12, 3).into()
        };
        let largest_difference = |config: &TideConfig| {
            let initial = &mut Initial::new(3, &device);
            let mut model = Tide::init(initial, config, &structure);
            let shift = 0.25;
            if let Some(Norm::Layer(norm)) = &mut model.row.norm {
                let beta = norm.beta.take().unwrap();
                norm.beta = Some(beta.map(|beta| beta + shift));
            }
            let forecast = model.forward(inputs.clone(), &mut ForwardContext::evaluation());
            let (x, statistics) = normalise(inputs.values.clone());
            let linear = linear(&model.shortcut, x.swap_dims(1, 2).reshape([6, 12])) + shift;
            let expected = statistics.restore(linear.reshape([2, 3, 6]).swap_dims(1, 2));
            let difference = (forecast - expected).abs().max();
            pollster::block_on(read(difference)).unwrap()[0]
        };
        assert!(largest_difference(&config) < 1e-6);
        let without = TideConfig {
            narrow_norms: false,
            ..config
        };
        assert!(largest_difference(&without) > 1e-2);
    }
}
