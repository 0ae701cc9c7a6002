//! FITS (arXiv 2307.03756): the lowest frequencies of the look-back, mapped by one complex linear layer to
//! the spectrum of look-back and horizon together. It has no attention.
//!
//! Published settings: the scripts of VEWOXIC/FITS for the ETT sets and Weather; ECL and Traffic with the
//! most harmonics that theirs try; Exchange as ETTh2. The public code can also train on the look-back;
//! here the loss is that of the horizon.

use serde::{Deserialize, Serialize};

use super::field::{Field, LARGEST_AXIS, LARGEST_WIDTH};
use super::{ModelSpec, Variant, Window};
use crate::{
    AttentionStructure, ConfigError, Cost, ForecasterConfig, Preset, Schedule, TrainingConfig,
};

/// Frequencies that are kept besides those of the harmonics.
const EXTRA: usize = 10;

/// FITS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitsConfig {
    /// Input rows per window.
    pub lookback: usize,
    /// Forecast rows per window.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
    /// Rows of a period, 24 for daily cycles of hourly data (`base_T`).
    pub period: usize,
    /// Harmonics of the period that are kept (`H_order`), see [`FitsConfig::frequencies`].
    pub harmonics: usize,
    /// Whether each channel has a layer of its own.
    pub individual: bool,
}

impl FitsConfig {
    /// Six harmonics of 24 rows, or as many as the look-back has.
    pub fn new(window: Window) -> Self {
        let mut config = Self {
            lookback: window.lookback,
            horizon: window.horizon,
            channels: window.channels,
            period: 24,
            harmonics: 6,
            individual: false,
        };
        config.set_window(window);
        config
    }

    /// Frequencies of the look-back that are kept, from 0 upwards (`cut_freq`):
    /// `(⌊lookback / period⌋ + 1) · harmonics + 10`, but no more than the look-back has.
    pub fn frequencies(&self) -> usize {
        self.wanted_frequencies().min(self.most_frequencies())
    }

    /// Frequencies of look-back and horizon together that the layer computes.
    pub fn output_frequencies(&self) -> usize {
        self.interpolated(self.frequencies())
    }

    fn wanted_frequencies(&self) -> usize {
        (self.lookback / self.period.max(1) + 1)
            .saturating_mul(self.harmonics)
            .saturating_add(EXTRA)
    }

    /// As the public code computes it, rounding of the ratio included.
    fn interpolated(&self, frequencies: usize) -> usize {
        let ratio = (self.lookback + self.horizon) as f64 / self.lookback.max(1) as f64;
        (frequencies as f64 * ratio) as usize
    }

    /// The most frequencies that the spectra of look-back and output have.
    fn most_frequencies(&self) -> usize {
        let output = (self.lookback + self.horizon) / 2 + 1;
        let mut most = self.lookback / 2 + 1;
        while most > 1 && self.interpolated(most) > output {
            most -= 1;
        }
        most
    }

    /// The most harmonics whose frequencies the look-back has; at least 1.
    fn most_harmonics(&self) -> usize {
        let each = self.lookback / self.period.max(1) + 1;
        (self.most_frequencies().saturating_sub(EXTRA) / each).max(1)
    }

    fn published(
        set: Preset,
        horizon: usize,
        channels: usize,
        _dates: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (lookback, period, harmonics) = match set {
            Preset::Etth1 => (360, 24, 6),
            Preset::Ettm1 => (360, 96, 14),
            Preset::Ettm2 => (720, 96, 14),
            Preset::Weather if horizon == 336 => (720, 144, 8),
            Preset::Weather => (720, 144, 12),
            Preset::Ecl | Preset::Traffic => (720, 24, 10),
            Preset::Etth2 | Preset::Exchange => (720, 24, 6),
        };
        let weather = set == Preset::Weather;
        let config = Self {
            period,
            harmonics,
            individual: weather,
            ..Self::new(Window::new(lookback, horizon, channels))
        };
        let training = TrainingConfig {
            epochs: 50,
            batch: if weather { 32 } else { 64 },
            patience: Some(if set == Preset::Traffic { 10 } else { 20 }),
            learning_rate: 5e-4,
            schedule: Schedule::Exponential { factor: 0.95 },
            ..TrainingConfig::default()
        };
        (config.into(), training)
    }
}

impl ModelSpec for FitsConfig {
    const FIELDS: &'static [Field<Self>] = &[
        Field::count(
            "harmonics",
            "Harmonics",
            "Harmonics of the period that are kept",
            LARGEST_WIDTH,
            |c| &mut c.harmonics,
        ),
        Field::count(
            "period",
            "Period, rows",
            "Rows of the period whose harmonics are kept, such as a day",
            LARGEST_AXIS,
            |c| &mut c.period,
        ),
        Field::switch(
            "individual",
            "A layer per channel",
            "Give each channel a layer of its own",
            |c| &mut c.individual,
        ),
    ];

    const VARIANTS: &'static [Variant] = &[Variant {
        id: "fits",
        name: "FITS",
        title: "FITS: a linear map of low frequencies, no attention",
        paper: "arXiv 2307.03756",
        new: |window, _| (Self::new(window).into(), TrainingConfig::linear()),
        published: Self::published,
    }];

    fn window(&self) -> Window {
        Window::new(self.lookback, self.horizon, self.channels)
    }

    /// Also reduces the harmonics to those that the new look-back has.
    fn set_window(&mut self, window: Window) {
        (self.lookback, self.horizon, self.channels) = window.into();
        self.harmonics = self.harmonics.min(self.most_harmonics());
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.lookback < 2 {
            return Err(ConfigError::new(
                "a look-back of 1 row has no frequencies",
                "use 2 rows or more",
            ));
        }
        let most = self.most_harmonics();
        if self.harmonics <= most {
            return Ok(());
        }
        Err(ConfigError::new(
            format!(
                "{} harmonics of {} rows are {} frequencies, but a look-back of {} rows has {}",
                self.harmonics,
                self.period,
                self.wanted_frequencies(),
                self.lookback,
                self.most_frequencies()
            ),
            format!("use at most {most} harmonics, or a longer look-back"),
        ))
    }

    /// A complex weight or bias is two numbers, a complex product four. The Fourier transforms are not
    /// counted.
    fn cost(&self, _kept: &[AttentionStructure]) -> Cost {
        let (input, output) = (self.frequencies() as u64, self.output_frequencies() as u64);
        let channels = self.channels as u64;
        let layers = if self.individual { channels } else { 1 };
        Cost {
            params: layers * 2 * (input * output + output),
            macs: channels * 4 * input * output,
        }
    }

    fn activations(&self) -> f64 {
        let numbers = self.lookback as f64
            + 2.0 * self.frequencies() as f64
            + 4.0 * self.output_frequencies() as f64
            + self.horizon as f64;
        self.channels as f64 * numbers + self.window().activations()
    }

    fn without_attention(&self) -> &'static str {
        "a linear map of each channel's low frequencies"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Counts of the public code with six harmonics of 24 rows; both numbers of a complex parameter.
    #[test]
    fn parameters_and_macs_are_those_of_the_public_code() {
        for (lookback, horizon, channels, [input, output], params, macs) in [
            (96, 96, 7, [40, 80], 6_560, 89_600),
            (96, 192, 7, [40, 120], 9_840, 134_400),
            (96, 336, 7, [40, 180], 14_760, 201_600),
            (96, 720, 7, [40, 340], 27_880, 380_800),
            (96, 96, 21, [40, 80], 6_560, 268_800),
            (360, 96, 7, [106, 134], 28_676, 397_712),
        ] {
            let config = FitsConfig::new(Window::new(lookback, horizon, channels));
            assert_eq!(config.harmonics, 6);
            assert_eq!(
                [config.frequencies(), config.output_frequencies()],
                [input, output]
            );
            assert_eq!(config.cost(&[]), Cost { params, macs });
            let individual = FitsConfig {
                individual: true,
                ..config
            };
            let layers = channels as u64;
            assert_eq!(
                individual.cost(&[]),
                Cost {
                    params: layers * params,
                    macs
                }
            );
        }
    }

    #[test]
    fn more_harmonics_than_the_look_back_has_are_refused() {
        let with = |harmonics| {
            ForecasterConfig::from(FitsConfig {
                harmonics,
                ..FitsConfig::new(Window::new(96, 96, 7))
            })
        };
        with(7).check().unwrap();
        let error = with(8).check().unwrap_err().to_string();
        assert!(
            error.contains("50 frequencies") && error.contains("at most 7 harmonics"),
            "{error}"
        );
        let error = ForecasterConfig::from(FitsConfig::new(Window::new(1, 3, 1)))
            .check()
            .unwrap_err();
        assert!(error.to_string().contains("2 rows"), "{error}");
    }

    #[test]
    fn every_window_has_frequencies() {
        for lookback in 2..200 {
            for horizon in [1, 2, 7, 96, 500] {
                let config = FitsConfig::new(Window::new(lookback, horizon, 1));
                let (input, output) = (config.frequencies(), config.output_frequencies());
                assert!((1..=lookback / 2 + 1).contains(&input));
                assert!((1..=(lookback + horizon) / 2 + 1).contains(&output));
                ForecasterConfig::from(config).check().unwrap();
            }
        }
    }
}
