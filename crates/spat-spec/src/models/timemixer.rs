//! TimeMixer (arXiv 2405.14616) in Time-Series-Library's layout: the look-back of each channel at several
//! scales, split into seasonal part and trend, which are mixed between the scales. It has no attention.
//!
//! Published settings: Time-Series-Library's scripts; Exchange, for which it has none, uses those of
//! ETTh2. The public code gives each channel the time features of another window of its batch (it repeats
//! them in another order than the values); here a window has its own. It also holds a layer norm in each
//! block that it does not use; here there is none.

use serde::{Deserialize, Serialize};

use super::dlinear::check_kernel;
use super::field::Field;
use super::{InputSpec, ModelSpec, Size, TIME_FEATURES, Variant, Window};
use crate::{AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, TrainingConfig};

/// Halvings in the published settings.
const HALVINGS: usize = 3;

/// The most halvings of the largest look-back.
const MOST_HALVINGS: usize = 20;

/// TimeMixer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeMixerConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Whether the time features of the look-back are read.
    pub time_stamps: bool,
    /// Width of a row's embedding (`d_model`).
    pub d_model: usize,
    /// Hidden width of the feed-forward part.
    pub d_ff: usize,
    /// Blocks.
    pub layers: usize,
    /// How often the look-back is halved; there is one scale more.
    pub halvings: usize,
    /// Rows of the moving average that makes the trend; odd.
    pub kernel: usize,
    /// Dropout probability, in `[0, 1)`.
    pub dropout: f64,
}

impl TimeMixerConfig {
    /// The size published for the ETT sets, with no more scales than the look-back has.
    pub fn new(window: Window, time_stamps: bool) -> Self {
        let mut config = Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            time_stamps,
            d_model: 16,
            d_ff: 32,
            layers: 2,
            halvings: HALVINGS,
            kernel: 25,
            dropout: 0.1,
        };
        config.set_window(window);
        config
    }

    /// Rows of each scale, from the look-back down.
    pub fn scales(&self) -> Vec<usize> {
        (0..=self.halvings.min(MOST_HALVINGS))
            .map(|halvings| self.lookback >> halvings)
            .collect()
    }

    /// The most halvings that leave a row.
    fn most_halvings(&self) -> usize {
        (self.lookback.max(2).ilog2() as usize).min(MOST_HALVINGS)
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        // Layers, width, batch, epochs, patience.
        let (layers, d_model, batch, epochs, patience) = match set {
            Preset::Etth1 => (2, 16, 128, 10, 10),
            Preset::Etth2 | Preset::Exchange => (2, 16, 32, 10, 10),
            Preset::Ettm1 => (2, 16, 16, 10, 10),
            Preset::Ettm2 => (2, 32, 128, 10, 10),
            Preset::Weather => (3, 16, 128, 20, 10),
            Preset::Ecl => (3, 16, 32, 20, 10),
            Preset::Traffic => (3, 32, 8, 10, 3),
        };
        let config = Self {
            layers,
            d_model,
            d_ff: if set == Preset::Traffic { 64 } else { 32 },
            ..Self::new(Window::new(96, horizon, channels), dates)
        };
        let training = TrainingConfig {
            epochs,
            batch,
            learning_rate: 1e-2,
            patience: Some(patience),
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }
}

impl ModelSpec for TimeMixerConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::layers("Layers", "Blocks that mix the scales", |c| &mut c.layers),
        Field::width("Width of a row's embedding", |c: &mut Self| &mut c.d_model)
            .and(|c| c.d_ff = c.d_model.saturating_mul(2)),
        Field::feed_forward(|c| &mut c.d_ff),
        Field::count(
            "halvings",
            "Halvings",
            "How often the look-back is halved; there is one scale more",
            MOST_HALVINGS,
            |c| &mut c.halvings,
        ),
        Field::kernel(|c| &mut c.kernel),
        Field::dropout(|c| &mut c.dropout),
        Field::switch(
            "time-stamps",
            "Time features",
            "Read hour, weekday, day of month and day of year, if the table has dates",
            |c| &mut c.time_stamps,
        ),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "timemixer",
        name: "TimeMixer",
        title: "TimeMixer: season and trend mixed between scales, no attention",
        paper: "arXiv 2405.14616",
        new: |window, dates| {
            let training = TrainingConfig {
                learning_rate: 1e-2,
                ..TrainingConfig::default()
            };
            (Self::new(window, dates).into(), training)
        },
        published: Self::published,
    }];

    fn window(&self) -> Window {
        Window::new(self.lookback, self.horizon, self.channels)
    }

    /// Also reduces the halvings to those that leave a row of the new look-back.
    fn set_window(&mut self, window: Window) {
        (self.lookback, self.horizon, self.channels) = window.into();
        self.halvings = self.halvings.min(self.most_halvings());
    }

    /// Every row of every channel has an embedding, so a step costs many times that of iTransformer. The width is
    /// an eighth of the size's: 16 is published for most sets. A small size has one block over two scales.
    fn resize(&mut self, size: Size) {
        self.d_model = size.width.div_ceil(8);
        self.d_ff = 2 * self.d_model;
        (self.layers, self.halvings) = match size.is_small() {
            true => (1, 1),
            false => (size.layers, HALVINGS.min(self.most_halvings())),
        };
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_kernel(self.kernel, self.lookback)?;
        if self.lookback < 2 {
            return Err(ConfigError::new(
                "a look-back of 1 row cannot be halved",
                "use 2 rows or more",
            ));
        }
        let most = self.most_halvings();
        if self.halvings <= most {
            return Ok(());
        }
        Err(ConfigError::new(
            format!(
                "{} halvings leave no row of a look-back of {}",
                self.halvings, self.lookback
            ),
            format!("use at most {most}, or a longer look-back"),
        ))
    }

    fn inputs(&self) -> InputSpec {
        InputSpec {
            time_features: self.time_stamps,
            ..InputSpec::default()
        }
    }

    /// The time features are embedded once per window; the public code does it for each channel.
    fn layers(&self) -> usize {
        self.layers
    }

    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (t, c) = (self.horizon as u64, self.channels as u64);
        let (d, ff, layers) = (self.d_model as u64, self.d_ff as u64, self.layers as u64);
        let scales: Vec<u64> = self.scales().into_iter().map(|rows| rows as u64).collect();
        let count = scales.len() as u64;
        let rows: u64 = scales.iter().sum();
        // Season from each scale to the next coarser, trend back; two maps each.
        let (mut weights, mut biases) = (0, 0);
        for pair in scales.windows(2) {
            let (fine, coarse) = (pair[0], pair[1]);
            weights += 2 * fine * coarse + coarse * coarse + fine * fine;
            biases += 2 * coarse + 2 * fine;
        }
        let features = if self.time_stamps {
            TIME_FEATURES as u64
        } else {
            0
        };
        let block = weights + biases + (2 * d * ff + ff + d);
        let heads = rows * t + count * t;
        Cost {
            params: count * 2 * c + (3 + features) * d + layers * block + heads + d + 1,
            macs: c * rows * 3 * d
                + rows * features * d
                + layers * c * (d * weights + rows * 2 * d * ff)
                + c * (d * rows * t + count * t * d),
        }
    }

    fn activations(&self) -> f64 {
        let (d, ff) = (self.d_model as f64, self.d_ff as f64);
        let scales = self.scales();
        let rows = scales.iter().sum::<usize>() as f64;
        let block = rows * (20.0 * d + 3.0 * ff);
        let heads = scales.len() as f64 * 3.0 * self.horizon as f64 * d;
        self.channels as f64 * (rows * (3.0 + 4.0 * d) + self.layers as f64 * block + heads)
            + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "season and trend of each channel, mixed between scales of time"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Counts of Time-Series-Library's code: ETTh1 at the horizons 96 and 720, Weather at 96. It counts a
    /// norm of 2 d numbers per block that nothing reads, and embeds the time features for each channel.
    #[test]
    fn parameters_and_macs_are_those_of_the_public_code() {
        for (set, horizon, channels, params_as_coded, macs_as_coded) in [
            (Preset::Etth1, 96, 7, 75_497, 10_796_352),
            (Preset::Etth1, 720, 7, 190_313, 23_655_744),
            (Preset::Weather, 96, 21, 104_433, 45_404_352),
        ] {
            let (config, _) = TimeMixerConfig::published(set, horizon, channels, true);
            let ForecasterConfig::TimeMixer(config) = config else {
                unreachable!()
            };
            assert_eq!(config.scales(), [96, 48, 24, 12]);
            let unused = 2 * config.d_model * config.layers;
            let embedded_again = (channels - 1) * 180 * TIME_FEATURES * config.d_model;
            assert_eq!(
                config.cost(&[]),
                Cost {
                    params: params_as_coded - unused as u64,
                    macs: macs_as_coded - embedded_again as u64,
                }
            );
        }
    }

    #[test]
    fn without_dates_the_time_features_cost_nothing() {
        let window = Window::new(96, 96, 7);
        let with = TimeMixerConfig::new(window, true).cost(&[]);
        let without = TimeMixerConfig::new(window, false).cost(&[]);
        assert_eq!(with.params - without.params, 4 * 16);
        assert_eq!(with.macs - without.macs, 180 * 4 * 16);
    }

    #[test]
    fn scales_without_rows_and_even_kernels_are_refused() {
        let refused = |config: TimeMixerConfig| {
            let error = ForecasterConfig::from(config).check().unwrap_err();
            error.to_string()
        };
        let config = TimeMixerConfig::new(Window::new(12, 6, 2), true);
        let halved = |halvings| TimeMixerConfig {
            halvings,
            ..config.clone()
        };
        ForecasterConfig::from(halved(3)).check().unwrap();
        let error = refused(halved(4));
        assert!(error.contains("use at most 3"), "{error}");
        let error = refused(TimeMixerConfig {
            kernel: 4,
            ..config.clone()
        });
        assert!(error.contains("use 5"), "{error}");
        assert_eq!(TimeMixerConfig::new(Window::new(5, 6, 2), true).halvings, 2);
        let error = refused(TimeMixerConfig::new(Window::new(1, 6, 2), true));
        assert!(error.contains("2 rows"), "{error}");
    }
}
