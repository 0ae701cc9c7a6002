//! S-Mamba (arXiv 2403.11144), in the layout of its authors' code: each channel's look-back is a token, as in
//! iTransformer, and two selective scans (Mamba, arXiv 2312.00752) over the tokens, one in each direction, take
//! the place of attention. The order of the channels matters.
//!
//! Published settings: wzhwzhwzh0921/S-D-Mamba `scripts/multivariate_forecasting` at e7e8bf0. Each layer of the
//! public code holds two more blocks and an attention layer, all of width 11, which nothing calls; here there
//! are none.

use serde::{Deserialize, Serialize};

use super::encoder::feed_forward_cost;
use super::field::Field;
use super::spec::window_fields;
use super::{InputSpec, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, Cost, ForecasterConfig, Preset, TrainingConfig};

/// The most states of a column: eight times those of the largest published size.
const MOST_STATES: usize = 256;

/// S-Mamba.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SMambaConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Whether the time features join the channels as tokens, after them.
    pub time_stamps: bool,
    /// Width of a token, and the inner width of a block.
    pub d_model: usize,
    /// Hidden width of the feed-forward part.
    pub d_ff: usize,
    /// States that a scan keeps for each column (`d_state`).
    pub states: usize,
    /// Encoder layers, each with two blocks.
    pub layers: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
    /// Whether each window is normalised by its own mean and deviation (`use_norm`).
    pub normalise: bool,
}

impl SMambaConfig {
    /// The size published for ETTm1 and ETTm2 at long horizons, which suits a small table.
    pub fn new(window: Window, time_stamps: bool) -> Self {
        Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            time_stamps,
            d_model: 128,
            d_ff: 128,
            states: 2,
            layers: 2,
            dropout: 0.1,
            normalise: true,
        }
    }

    /// Columns of a block from which its step sizes are made: ⌈d_model / 16⌉ (`dt_rank`).
    pub fn step_rank(&self) -> usize {
        self.d_model.div_ceil(16)
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let layers = match set {
            Preset::Weather | Preset::Ecl => 3,
            Preset::Traffic => 4,
            _ => 2,
        };
        let width = match set {
            Preset::Etth1 | Preset::Etth2 => 256,
            Preset::Ettm1 | Preset::Ettm2 if horizon < 192 => 256,
            Preset::Ettm1 | Preset::Ettm2 | Preset::Exchange => 128,
            Preset::Weather | Preset::Ecl | Preset::Traffic => 512,
        };
        let states = match set {
            Preset::Exchange | Preset::Traffic => 32,
            Preset::Ecl if horizon < 192 => 16,
            Preset::Ecl => 32,
            _ => 2,
        };
        // At the horizons 96, 192, 336 and 720.
        let learning_rates = match set {
            Preset::Etth1 => [7e-5, 7e-5, 5e-5, 5e-5],
            Preset::Etth2 => [4e-5, 4e-5, 3e-5, 7e-5],
            Preset::Ettm1 | Preset::Weather => [5e-5; 4],
            Preset::Ettm2 => [5e-5, 5e-5, 3e-5, 5e-5],
            Preset::Exchange => [1e-4, 1e-4, 5e-5, 5e-5],
            Preset::Ecl => [1e-3, 5e-4, 5e-4, 5e-4],
            Preset::Traffic => [1e-3, 1e-3, 2e-3, 8e-4],
        };
        let place = match horizon {
            ..192 => 0,
            192..336 => 1,
            336..720 => 2,
            720.. => 3,
        };
        let batch = match set {
            Preset::Exchange if horizon < 192 => 16,
            Preset::Ecl | Preset::Traffic => 16,
            _ => 32,
        };
        let is_short = matches!(set, Preset::Weather | Preset::Ecl);
        let config = Self {
            d_model: width,
            d_ff: width,
            states,
            layers,
            ..Self::new(Window::new(96, horizon, channels), dates)
        };
        let training = TrainingConfig {
            epochs: if is_short { 5 } else { 10 },
            batch,
            learning_rate: learning_rates[place],
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }

    fn tokens(&self) -> u64 {
        let features = if self.time_stamps { TIME_FEATURES } else { 0 };
        (self.channels + features) as u64
    }

    /// One block over one sequence. The scan itself is no matrix product, and not counted.
    fn block_cost(&self) -> Cost {
        let (d, states, rank) = (
            self.d_model as u64,
            self.states as u64,
            self.step_rank() as u64,
        );
        // W_in to values and gates, W_x to steps, B and C, W_dt, W_out; none but W_dt with a bias.
        let products = 2 * d * d + d * (rank + 2 * states) + rank * d + d * d;
        Cost {
            // A convolution of two taps with a bias, the bias of W_dt, A and D.
            params: products + 3 * d + d + d * states + d,
            macs: self.tokens().saturating_mul(products + 2 * d),
        }
    }
}

impl ModelSpec for SMambaConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers(
            "Layers",
            "Encoder layers, each with a scan in both directions",
            |c| &mut c.layers,
        ),
        Field::width("Width of a token", |c: &mut Self| &mut c.d_model).and(|c| c.d_ff = c.d_model),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::count(
            "states",
            "States (d_state)",
            "States that a scan keeps for each column of a token",
            MOST_STATES,
            |c| &mut c.states,
        ),
        Field::dropout(|c| &mut c.dropout),
        Field::normalise(|c| &mut c.normalise),
        Field::time_tokens(|c| &mut c.time_stamps),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "s-mamba",
        name: "S-Mamba",
        title: "S-Mamba: selective scans over channels, no attention",
        paper: "arXiv 2403.11144",
        new: |window, dates| (Self::new(window, dates).into(), TrainingConfig::default()),
        published: Self::published,
    }];

    window_fields!();

    fn resize(&mut self, size: Size) {
        self.d_model = size.width;
        self.d_ff = size.width;
        self.layers = size.layers;
    }

    fn inputs(&self) -> InputSpec {
        InputSpec {
            time_features: self.time_stamps,
            ..InputSpec::default()
        }
    }

    fn layers(&self) -> usize {
        self.layers
    }

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (l, t, d) = (
            self.lookback as u64,
            self.horizon as u64,
            self.d_model as u64,
        );
        let tokens = self.tokens();
        let block = self.block_cost();
        let layer = block + block + feed_forward_cost(d, self.d_ff as u64, tokens);
        let layers = self.layers as u64;
        Cost {
            params: (l * d + d) + layers * layer.params + 2 * d + (d * t + t),
            macs: (tokens * l * d + tokens * d * t)
                .saturating_add(layer.macs.saturating_mul(layers)),
        }
    }

    /// States are not kept: the backward pass computes those of a few columns at a time again.
    fn activations(&self) -> f64 {
        let (d, ff, states) = (self.d_model as f64, self.d_ff as f64, self.states as f64);
        let block = 16.0 * d + 4.0 * states;
        let layer = 2.0 * block + 8.0 * d + 4.0 * ff;
        let states_again = 64.0 * states;
        self.tokens() as f64 * (self.layers as f64 * layer + states_again)
            + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "each channel is forecast with a scan over the channels before it and one over those after it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of the public code without its unused parts, 2,464 parameters per layer: set, horizon, channels,
    /// parameters, MACs.
    #[test]
    fn parameters_and_macs_are_those_of_the_public_code() {
        for (set, horizon, channels, params, macs) in [
            (Preset::Etth1, 96, 7, 1_145_696, 12_503_040),
            (Preset::Etth1, 720, 7, 1_306_064, 14_260_224),
            (Preset::Weather, 96, 21, 6_631_008, 165_120_000),
            (Preset::Ettm1, 192, 7, 314_944, 3_412_992),
            (Preset::Ettm2, 192, 7, 314_944, 3_412_992),
            (Preset::Ecl, 96, 321, 6_760_032, 2_174_515_200),
            (Preset::Exchange, 96, 8, 348_640, 3_944_448),
            (Preset::Traffic, 96, 862, 9_176_672, 7_810_793_472),
        ] {
            let (config, _) = SMambaConfig::published(set, horizon, channels, true);
            let cost = crate::Structure::dense(config).cost();
            assert_eq!(cost, Cost { params, macs }, "{set:?} {horizon}");
        }
    }

    #[test]
    fn a_block_has_the_parameters_of_the_public_code() {
        for (d_model, states, params) in [(256, 2, 207_616), (512, 2, 824_832), (128, 32, 64_128)] {
            let config = SMambaConfig {
                d_model,
                states,
                ..SMambaConfig::new(Window::new(96, 96, 7), true)
            };
            assert_eq!(config.block_cost().params, params);
        }
    }

    /// Learning rate, batch and epochs of the scripts.
    #[test]
    fn trainings_are_those_of_the_scripts() {
        for (set, horizon, learning_rate, batch, epochs) in [
            (Preset::Etth1, 96, 7e-5, 32, 10),
            (Preset::Etth2, 720, 7e-5, 32, 10),
            (Preset::Ettm2, 336, 3e-5, 32, 10),
            (Preset::Weather, 96, 5e-5, 32, 5),
            (Preset::Exchange, 96, 1e-4, 16, 10),
            (Preset::Exchange, 192, 1e-4, 32, 10),
            (Preset::Ecl, 192, 5e-4, 16, 5),
            (Preset::Traffic, 336, 2e-3, 16, 10),
        ] {
            let (_, training) = SMambaConfig::published(set, horizon, 7, true);
            let found = (training.learning_rate, training.batch, training.epochs);
            assert_eq!(found, (learning_rate, batch, epochs), "{set:?} {horizon}");
        }
    }
}
