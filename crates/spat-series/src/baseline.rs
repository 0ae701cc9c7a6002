//! Baseline forecasts, which need no training.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A forecast made from the look-back alone, channel by channel.
///
/// Source: Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", "Some simple
/// forecasting methods".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Baseline {
    /// The last value, repeated.
    Naive,
    /// The last whole season, repeated. Where the look-back is shorter than a season (or the
    /// season is 0) it is the same as [`Baseline::Naive`]; see [`Baseline::falls_back`].
    SeasonalNaive {
        /// Rows of a season, for example 24 for hourly rows with a daily pattern.
        season: usize,
    },
    /// The straight line through the first and the last value, continued.
    Drift,
    /// The mean of the look-back, repeated.
    Mean,
}

impl Baseline {
    /// The forecast for `input`, `[lookback × channels]` row-major: `out` becomes
    /// `[horizon × channels]` row-major in the same units.
    ///
    /// An `input` with fewer rows is used as it is. Without any row the forecast is 0.
    pub fn forecast(
        &self,
        input: &[f32],
        lookback: usize,
        horizon: usize,
        channels: usize,
        out: &mut Vec<f32>,
    ) {
        out.clear();
        out.resize(horizon * channels, 0.0);
        if channels == 0 {
            return;
        }
        let rows = lookback.min(input.len() / channels);
        let Some(last) = rows.checked_sub(1) else {
            return;
        };
        let at = |row: usize, channel: usize| input[row * channels + channel];
        let season = match *self {
            Self::SeasonalNaive { season } if (1..=rows).contains(&season) => season,
            _ => 1,
        };
        let means: Vec<f64> = match self {
            Self::Mean => (0..channels)
                .map(|c| (0..rows).map(|r| f64::from(at(r, c))).sum::<f64>() / rows as f64)
                .collect(),
            _ => Vec::new(),
        };
        for (step, forecast) in out.chunks_exact_mut(channels).enumerate() {
            for (channel, value) in forecast.iter_mut().enumerate() {
                *value = match self {
                    Self::Naive | Self::SeasonalNaive { .. } => {
                        at(rows - season + step % season, channel)
                    }
                    Self::Drift => {
                        let (from, to) = (f64::from(at(0, channel)), f64::from(at(last, channel)));
                        (to + (to - from) / last.max(1) as f64 * (step + 1) as f64) as f32
                    }
                    Self::Mean => means[channel] as f32,
                };
            }
        }
    }

    /// Whether a look-back of `lookback` rows is too short for this baseline, so that it behaves
    /// as [`Baseline::Naive`].
    pub fn falls_back(&self, lookback: usize) -> bool {
        match *self {
            Self::SeasonalNaive { season } => season == 0 || season > lookback,
            Self::Drift => lookback < 2,
            Self::Naive | Self::Mean => false,
        }
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Naive => f.write_str("naive"),
            Self::SeasonalNaive { season } => write!(f, "seasonal naive ({season} rows)"),
            Self::Drift => f.write_str("drift"),
            Self::Mean => f.write_str("mean"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(baseline: Baseline, input: &[f32], channels: usize, horizon: usize) -> Vec<f32> {
        let mut out = vec![9.0; 3];
        baseline.forecast(
            input,
            input.len() / channels.max(1),
            horizon,
            channels,
            &mut out,
        );
        out
    }

    #[test]
    fn by_hand() {
        // Two channels: 1 2 3 4 and 10 30 50 40.
        let input = [1., 10., 2., 30., 3., 50., 4., 40.];
        assert_eq!(run(Baseline::Naive, &input, 2, 2), [4., 40., 4., 40.]);
        let seasonal = Baseline::SeasonalNaive { season: 2 };
        assert_eq!(run(seasonal, &input, 2, 3), [3., 50., 4., 40., 3., 50.]);
        assert_eq!(run(Baseline::Drift, &input, 2, 2), [5., 50., 6., 60.]);
        assert_eq!(run(Baseline::Mean, &input, 2, 1), [2.5, 32.5]);
    }

    #[test]
    fn short_look_backs() {
        let long = Baseline::SeasonalNaive { season: 24 };
        assert!(long.falls_back(23) && !long.falls_back(24));
        assert_eq!(run(long, &[1., 2.], 1, 2), [2., 2.]);
        assert_eq!(
            run(Baseline::SeasonalNaive { season: 0 }, &[1., 2.], 1, 1),
            [2.]
        );
        assert_eq!(run(Baseline::Drift, &[3.], 1, 2), [3., 3.]);
        assert_eq!(run(Baseline::Mean, &[], 1, 2), [0., 0.]);
        assert_eq!(run(Baseline::Mean, &[1.], 0, 2), [0.0; 0]);
    }
}
