//! Error measures, accumulated window by window.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{scaler::Scaler, series::Series};

/// Error measures over some set of forecasts, with y the truth and f the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricSet {
    /// Mean of (y − f)².
    pub mse: f64,
    /// Mean of |y − f|.
    pub mae: f64,
    /// Square root of [`MetricSet::mse`].
    pub rmse: f64,
    /// Mean of 200·|y − f| / (|y| + |f|), in per cent; 0 where both are 0. `None` on scaled values,
    /// where a ratio to a shifted zero has no meaning. Source: Makridakis, Spiliotis and
    /// Assimakopoulos, "The M4 Competition" (2018).
    pub smape: Option<f64>,
    /// Mean over channels of MAE / (in-sample MAE of the seasonal naive forecast on the train
    /// rows), see [`mase_scale`]; channels without such a scale are left out. `None` if none has
    /// one. Source: Hyndman and Koehler, "Another look at measures of forecast accuracy" (2006).
    pub mase: Option<f64>,
}

/// Error measures of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChannelMetrics {
    /// On scaled values.
    pub scaled: MetricSet,
    /// In original units.
    pub original: Option<MetricSet>,
}

/// Error measures of one step of the horizon, over all channels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// 1 for the first forecast row.
    pub step: usize,
    /// On scaled values.
    pub scaled: MetricSet,
    /// In original units.
    pub original: Option<MetricSet>,
}

/// Error measures over all windows, horizon rows and channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The number of windows counted.
    pub windows: usize,
    /// On scaled values: what published tables show.
    pub scaled: MetricSet,
    /// In original units; `None` without a scaler. Channels of different units are averaged as
    /// they are: prefer [`Metrics::per_channel`] for reading.
    pub original: Option<MetricSet>,
    /// One entry per channel.
    pub per_channel: Vec<ChannelMetrics>,
    /// One entry per horizon row.
    pub per_step: Vec<StepMetrics>,
}

/// Errors of each window, for comparisons of two forecasts on the same windows: sums over the counted cells of a
/// window, divided by the mean number of counted cells per window. So their mean is the error over all cells, and
/// a window without a counted cell has 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WindowErrors {
    /// [`MetricSet::mse`] on scaled values.
    pub mse: Vec<f64>,
    /// [`MetricSet::mae`] on scaled values.
    pub mae: Vec<f64>,
    /// [`MetricSet::mase`]; empty if no channel has a scale.
    pub mase: Vec<f64>,
}

/// Sums for one cell of a report.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: u64,
    squared: f64,
    absolute: f64,
    smape: f64,
    /// Absolute errors, each divided by its channel's MASE scale.
    relative: f64,
    relative_count: u64,
}

impl Sums {
    fn add(&mut self, truth: f64, forecast: f64, scale: Option<f64>) {
        let error = truth - forecast;
        let size = error.abs();
        self.count += 1;
        self.squared += error * error;
        self.absolute += size;
        let sum = truth.abs() + forecast.abs();
        // A NaN must not be treated as 0 / 0.
        self.smape += if sum == 0.0 { 0.0 } else { 200.0 * size / sum };
        if let Some(scale) = scale {
            self.relative += size / scale;
            self.relative_count += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.squared += other.squared;
        self.absolute += other.absolute;
        self.smape += other.smape;
        self.relative += other.relative;
        self.relative_count += other.relative_count;
    }

    /// `with_ratios`: whether the values are in original units.
    fn set(&self, with_ratios: bool) -> MetricSet {
        let count = self.count as f64;
        let mse = self.squared / count;
        MetricSet {
            mse,
            mae: self.absolute / count,
            rmse: mse.sqrt(),
            smape: with_ratios.then_some(self.smape / count),
            mase: (with_ratios && self.relative_count > 0)
                .then_some(self.relative / self.relative_count as f64),
        }
    }
}

/// Scaled and original sums side by side.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    scaled: Sums,
    original: Sums,
}

impl WindowErrors {
    fn of(windows: &[Pair], all: &Pair, has_original: bool) -> Self {
        let each = |count: u64, sum: &dyn Fn(&Pair) -> f64| -> Vec<f64> {
            if count == 0 {
                return Vec::new();
            }
            let cells = count as f64 / windows.len() as f64;
            windows.iter().map(|pair| sum(pair) / cells).collect()
        };
        let unscaled = |pair: &Pair| {
            if has_original {
                pair.original
            } else {
                pair.scaled
            }
        };
        let count = all.scaled.count;
        Self {
            mse: each(count, &|pair| pair.scaled.squared),
            mae: each(count, &|pair| pair.scaled.absolute),
            mase: each(unscaled(all).relative_count, &|pair| {
                unscaled(pair).relative
            }),
        }
    }
}

/// Accumulates [`Metrics`] from forecasts, and three numbers for each window; sums are kept in f64.
#[derive(Debug, Clone)]
pub struct MetricsStream {
    horizon: usize,
    channels: usize,
    windows: usize,
    scaler: Option<Scaler>,
    /// Usable MASE scale per channel, in original units.
    mase: Vec<Option<f64>>,
    by_channel: Vec<Pair>,
    by_step: Vec<Pair>,
    by_window: Vec<Pair>,
}

impl MetricsStream {
    /// A stream over windows of `[horizon × channels]`.
    ///
    /// With a scaler, measures appear in both scales. Without one, the values pushed are taken to
    /// be in original units already: [`Metrics::original`] is `None`, and sMAPE and MASE are in
    /// [`Metrics::scaled`]. `mase_scale` is one number per channel in original units, see
    /// [`mase_scale`]; entries that are 0 or not finite leave their channel out of MASE.
    pub fn new(
        horizon: usize,
        channels: usize,
        scaler: Option<&Scaler>,
        mase_scale: Option<Vec<f32>>,
    ) -> Self {
        let mut mase: Vec<Option<f64>> = mase_scale
            .unwrap_or_default()
            .into_iter()
            .map(|scale| (scale.is_finite() && scale > 0.0).then_some(f64::from(scale)))
            .collect();
        mase.resize(channels, None);
        Self {
            horizon,
            channels,
            windows: 0,
            scaler: scaler.cloned(),
            mase,
            by_channel: vec![Pair::default(); channels],
            by_step: vec![Pair::default(); horizon],
            by_window: Vec::new(),
        }
    }

    /// Counts one window, or several in a row: `forecast` and `truth` are
    /// `[windows × horizon × channels]` row-major, in scaled space.
    ///
    /// # Panics
    /// The two differ in length or do not hold whole windows, which would otherwise silently drop
    /// forecasts from the metrics.
    pub fn push(&mut self, forecast: &[f32], truth: &[f32]) {
        self.push_weighted(forecast, truth, None);
    }

    /// As [`MetricsStream::push`], without the cells whose weight is 0; all others have weight 1.
    ///
    /// # Panics
    /// As [`MetricsStream::push`], and when there is not one weight per value.
    pub fn push_weighted(&mut self, forecast: &[f32], truth: &[f32], weights: Option<&[f32]>) {
        let window = self.horizon * self.channels;
        assert!(
            weights.is_none_or(|weights| weights.len() == truth.len()),
            "weights and truth differ in length"
        );
        assert_eq!(
            forecast.len(),
            truth.len(),
            "forecast and truth differ in length"
        );
        if window == 0 {
            assert!(forecast.is_empty(), "values for an empty window");
            return;
        }
        assert_eq!(forecast.len() % window, 0, "not a whole number of windows");
        let rows = forecast
            .chunks_exact(self.channels)
            .zip(truth.chunks_exact(self.channels));
        let mut sums = Pair::default();
        for (row, (forecast, truth)) in rows.enumerate() {
            let step = &mut self.by_step[row % self.horizon];
            for (c, (&forecast, &truth)) in forecast.iter().zip(truth).enumerate() {
                if weights.is_some_and(|weights| weights[row * self.channels + c] == 0.0) {
                    continue;
                }
                let channel = &mut self.by_channel[c];
                let (forecast, truth) = (f64::from(forecast), f64::from(truth));
                let unscaled = match &self.scaler {
                    None => self.mase[c],
                    Some(scaler) => {
                        let offset = scaler.offset.get(c).copied().unwrap_or(0.0);
                        let mean = f64::from(scaler.mean[c]) + offset;
                        let std = f64::from(scaler.std[c]);
                        let (truth, forecast) = (truth * std + mean, forecast * std + mean);
                        step.original.add(truth, forecast, self.mase[c]);
                        channel.original.add(truth, forecast, self.mase[c]);
                        sums.original.add(truth, forecast, self.mase[c]);
                        None
                    }
                };
                step.scaled.add(truth, forecast, unscaled);
                channel.scaled.add(truth, forecast, unscaled);
                sums.scaled.add(truth, forecast, unscaled);
            }
            if (row + 1) % self.horizon == 0 {
                self.by_window.push(std::mem::take(&mut sums));
            }
        }
        self.windows += forecast.len() / window;
    }

    /// [`MetricsStream::finish`], and the errors of each window.
    pub fn finish_with_windows(self) -> (Metrics, WindowErrors) {
        let windows = WindowErrors::of(&self.by_window, &self.total(), self.scaler.is_some());
        (self.finish(), windows)
    }

    fn total(&self) -> Pair {
        let mut all = Pair::default();
        for pair in &self.by_channel {
            all.scaled.merge(&pair.scaled);
            all.original.merge(&pair.original);
        }
        all
    }

    /// The measures over everything pushed; NaN where nothing was.
    pub fn finish(self) -> Metrics {
        let has_original = self.scaler.is_some();
        let original = |pair: &Pair| has_original.then(|| pair.original.set(true));
        let all = self.total();
        let scaled = |pair: &Pair| pair.scaled.set(!has_original);
        Metrics {
            windows: self.windows,
            scaled: scaled(&all),
            original: original(&all),
            per_channel: self
                .by_channel
                .iter()
                .map(|pair| ChannelMetrics {
                    scaled: scaled(pair),
                    original: original(pair),
                })
                .collect(),
            per_step: self
                .by_step
                .iter()
                .enumerate()
                .map(|(i, pair)| StepMetrics {
                    step: i + 1,
                    scaled: scaled(pair),
                    original: original(pair),
                })
                .collect(),
        }
    }
}

/// The denominator of MASE per channel, in original units: the mean of |y(t) − y(t − season)| over
/// the rows `train` of `series`, without pairs on two sides of a cut.
///
/// A season of 0, or one that the train rows do not hold twice, is taken as 1. The scale is 0
/// (none, see [`MetricsStream::new`]) where a channel never changes or there are fewer than two
/// rows.
pub fn mase_scale(series: &Series, train: Range<usize>, season: usize) -> Vec<f32> {
    let channels = series.channel_count();
    let end = train.end.min(series.rows());
    let rows = end.saturating_sub(train.start);
    let season = if season == 0 || rows / 2 < season {
        1
    } else {
        season
    };
    let mut sums = vec![0.0_f64; channels];
    if rows <= season {
        return vec![0.0; channels];
    }
    let mut pairs = 0_usize;
    for segment in series.segments() {
        let first = segment.start.max(train.start) + season;
        for row in first..segment.end.min(end) {
            pairs += 1;
            let both = series.row(row).iter().zip(series.row(row - season));
            for (sum, (&now, &before)) in sums.iter_mut().zip(both) {
                *sum += (f64::from(now) - f64::from(before)).abs();
            }
        }
    }
    sums.into_iter()
        .map(|sum| (sum / pairs.max(1) as f64) as f32)
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::index::TimeIndex;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{a} {b}");
    }

    #[test]
    fn by_hand_in_both_scales() {
        let scaler = Scaler {
            mean: vec![10.0, 0.0],
            std: vec![2.0, 1.0],
            offset: Vec::new(),
        };
        let mut stream = MetricsStream::new(2, 2, Some(&scaler), Some(vec![4.0, 0.0]));
        // Scaled errors: 1, 2 | 0, −1. Original, channel 0: 12 against 10 and 8 against 8.
        stream.push(&[0.0, 0.0, -1.0, 4.0], &[1.0, 2.0, -1.0, 3.0]);
        let metrics = stream.finish();
        assert_eq!(metrics.windows, 1);
        close(metrics.scaled.mse, 6.0 / 4.0);
        close(metrics.scaled.mae, 4.0 / 4.0);
        assert_eq!(metrics.scaled.smape, None);
        assert_eq!(metrics.scaled.mase, None);
        let original = metrics.original.unwrap();
        close(original.mse, (4.0 + 4.0 + 0.0 + 1.0) / 4.0);
        close(original.mase.unwrap(), (2.0 / 4.0 + 0.0) / 2.0);
        close(
            original.smape.unwrap(),
            (400.0 / 22.0 + 200.0 + 0.0 + 200.0 / 7.0) / 4.0,
        );
        assert_eq!(metrics.per_channel[1].original.unwrap().mase, None);
        close(metrics.per_channel[0].scaled.mse, 0.5);
        close(metrics.per_step[1].scaled.mae, 0.5);
        assert_eq!(metrics.per_step[1].step, 2);
    }

    /// Three windows of one row; the second has a cell without weight, the third no other.
    #[test]
    fn errors_of_each_window_by_hand() {
        let scaler = Scaler {
            mean: vec![0.0, 0.0],
            std: vec![2.0, 1.0],
            offset: Vec::new(),
        };
        let mut stream = MetricsStream::new(1, 2, Some(&scaler), Some(vec![4.0, 2.0]));
        let weights = [1.0, 1.0, 0.0, 1.0];
        stream.push_weighted(&[0.0; 4], &[1.0, 3.0, 9.0, 2.0], Some(&weights));
        stream.push_weighted(&[0.0; 2], &[1.0, 1.0], Some(&[0.0; 2]));
        let (metrics, windows) = stream.finish_with_windows();
        // Three counted cells in three windows.
        assert_eq!(windows.mse, [10.0, 4.0, 0.0]);
        assert_eq!(windows.mae, [4.0, 2.0, 0.0]);
        close(metrics.scaled.mse, 14.0 / 3.0);
        let mase = metrics.original.unwrap().mase.unwrap();
        close(windows.mase.iter().sum::<f64>() / 3.0, mase);
    }

    #[test]
    fn without_a_scaler_values_are_original() {
        let mut stream = MetricsStream::new(1, 1, None, Some(vec![2.0]));
        stream.push(&[0.0, 1.0], &[0.0, 3.0]);
        let metrics = stream.finish();
        assert_eq!((metrics.windows, metrics.original), (2, None));
        close(metrics.scaled.smape.unwrap(), 50.0);
        close(metrics.scaled.mase.unwrap(), 0.5);
    }

    #[test]
    fn cells_without_weight_do_not_count() {
        let mut stream = MetricsStream::new(2, 2, None, None);
        stream.push_weighted(
            &[1.0, 9.0, 1.0, 9.0],
            &[2.0, 0.0, 3.0, 8.0],
            Some(&[1.0, 0.0, 1.0, 1.0]),
        );
        let metrics = stream.finish();
        close(metrics.scaled.mse, (1.0 + 4.0 + 1.0) / 3.0);
        close(metrics.per_channel[1].scaled.mse, 1.0);
        close(metrics.per_step[0].scaled.mse, 1.0);
    }

    #[test]
    fn a_forecast_that_is_not_a_number_is_not_hidden() {
        let mut stream = MetricsStream::new(1, 1, None, None);
        stream.push(&[f32::NAN], &[0.0]);
        let metrics = stream.finish();
        assert!(metrics.scaled.mse.is_nan() && metrics.scaled.smape.unwrap().is_nan());
        assert!(
            MetricsStream::new(1, 1, None, None)
                .finish()
                .scaled
                .mse
                .is_nan()
        );
    }

    #[test]
    fn the_scale_of_mase() {
        let values = vec![1.0, 5.0, 2.0, 5.0, 4.0, 5.0, 100.0, 100.0];
        let names = vec!["a".to_owned(), "b".to_owned()];
        let series = Series::from_values(names, values, TimeIndex::Rows { count: 4 }).unwrap();
        assert_eq!(mase_scale(&series, 0..3, 1), [1.5, 0.0]);
        assert_eq!(
            mase_scale(&series, 0..3, 2),
            [1.5, 0.0],
            "not twice in the train rows"
        );
        assert_eq!(
            mase_scale(&series, 0..4, 2),
            [(1.0 + 0.0 + 100.0 - 2.0 + 2.0) / 2.0, 47.5]
        );
        assert_eq!(mase_scale(&series, 2..3, 0), [0.0, 0.0]);
        assert_eq!(mase_scale(&series, 9..12, 0), [0.0, 0.0]);
    }
}
