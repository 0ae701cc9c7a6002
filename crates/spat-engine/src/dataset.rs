//! Scaled rows, and batches of windows.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_model::{Inputs, Prompts};
use spat_prune::{Sample, Target, Weights};
use spat_series::{Part, Scaler, Series, Split, SplitError, SplitRule, Windows};
use spat_spec::{ForecasterConfig, InputSpec, TIME_FEATURES, Window};

use crate::evaluate::first_rows;

/// A series, split and scaled.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The series in original units.
    pub series: Series,
    /// Rows of the parts.
    pub split: Split,
    /// Fitted on the train rows.
    pub scaler: Scaler,
    scaled: Vec<f32>,
    /// Of all rows, and how many rows of them a window has.
    time_features: Option<(Vec<f32>, usize)>,
    prompts: Option<Prompts>,
    /// 0 for cells before a channel's first value or after its last, which are inputs only, and 1
    /// for all others, `[rows × C]`; `None` where every channel has values from first row to last.
    weights: Option<Vec<f32>>,
    lookback: usize,
    horizon: usize,
}

impl Dataset {
    /// Splits and scales a series.
    ///
    /// # Errors
    /// A part has no window.
    pub fn new(
        series: Series,
        rule: SplitRule,
        lookback: usize,
        horizon: usize,
        inputs: InputSpec,
    ) -> Result<Self, SplitError> {
        let split = rule.apply_to(&series, lookback, horizon)?;
        let scaler = Scaler::fit(&series, split.train.clone());
        Ok(Self::scaled(
            series,
            split,
            scaler,
            (lookback, horizon),
            inputs,
        ))
    }

    /// Splits and scales a series for a forecaster.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn for_forecaster(
        series: Series,
        rule: SplitRule,
        forecaster: &ForecasterConfig,
    ) -> Result<Self, SplitError> {
        let Window {
            lookback, horizon, ..
        } = forecaster.window();
        Self::new(series, rule, lookback, horizon, forecaster.inputs())
    }

    /// A table on which a model is only evaluated, scaled by the scaler of the model's training table.
    ///
    /// # Errors
    /// `part` has no window; the other parts may have none.
    pub fn for_evaluation(
        series: Series,
        rule: SplitRule,
        part: Part,
        scaler: Scaler,
        (lookback, horizon): (usize, usize),
        inputs: InputSpec,
    ) -> Result<Self, SplitError> {
        let split = rule.ranges(series.rows())?;
        split.require_windows(part, &series, lookback, horizon)?;
        Ok(Self::scaled(
            series,
            split,
            scaler,
            (lookback, horizon),
            inputs,
        ))
    }

    fn scaled(
        series: Series,
        split: Split,
        scaler: Scaler,
        (lookback, horizon): (usize, usize),
        inputs: InputSpec,
    ) -> Self {
        let scaled = scaler.transform(series.values());
        let window = Window::new(lookback, horizon, series.channel_count());
        let time_features = inputs
            .time_feature_rows(window)
            .and_then(|rows| Some((series.time_features()?, rows)));
        let prompts = inputs.prompt.map(|spec| Prompts::new(spec, window));
        let weights = weights(&series, &split, lookback, horizon);
        Self {
            series,
            split,
            scaler,
            scaled,
            time_features,
            prompts,
            weights,
            lookback,
            horizon,
        }
    }

    /// The windows of a part.
    pub fn windows(&self, part: Part) -> Windows {
        self.split
            .windows(part, &self.series, self.lookback, self.horizon)
    }

    /// Scaled values of some rows, row-major.
    pub fn scaled_rows(&self, rows: Range<usize>) -> &[f32] {
        let channels = self.series.channel_count();
        &self.scaled[rows.start * channels..rows.end * channels]
    }

    /// Scaled look-back of the window that starts at `row`, `[lookback × C]`.
    pub fn input(&self, row: usize) -> &[f32] {
        self.scaled_rows(row..row + self.lookback)
    }

    /// Scaled truth of the window that starts at `row`, `[horizon × C]`.
    pub fn truth(&self, row: usize) -> &[f32] {
        self.scaled_rows(row + self.lookback..row + self.lookback + self.horizon)
    }

    /// Whether some targets do not count, see [`Dataset::truth_weights`].
    pub fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// Weights of the truth of the window that starts at `row`, `[horizon × C]`: 0 before a channel's
    /// first value and after its last. `None` where all count.
    pub fn truth_weights(&self, row: usize) -> Option<&[f32]> {
        let channels = self.series.channel_count();
        let first = (row + self.lookback) * channels;
        let weights = self.weights.as_ref()?;
        Some(&weights[first..first + self.horizon * channels])
    }

    /// How many targets of the windows that start at `rows` count.
    pub fn counted_targets(&self, rows: &[usize]) -> usize {
        let all = rows.len() * self.horizon * self.series.channel_count();
        rows.iter()
            .map(|&row| self.truth_weights(row))
            .try_fold(0, |sum, weights| {
                Some(sum + weights?.iter().filter(|weight| **weight > 0.0).count())
            })
            .unwrap_or(all)
    }

    /// The windows that start at `rows`, on `device`.
    pub fn batch(&self, rows: &[usize], device: &Device) -> Sample {
        let channels = self.series.channel_count();
        let time_features = self
            .time_features
            .as_ref()
            .map(|(features, length)| gather(features, rows, *length, TIME_FEATURES, device));
        let prompt = self.prompts.as_ref().map(|prompts| {
            let windows = rows.iter().map(|&row| self.input(row));
            prompts.of_windows(windows, device)
        });
        let first_truths: Vec<usize> = rows.iter().map(|row| row + self.lookback).collect();
        let weights = self.weights.as_ref().map(|weights| {
            let all = rows.len() * self.horizon * channels;
            Weights {
                cells: gather(weights, &first_truths, self.horizon, channels, device),
                scale: all as f64 / self.counted_targets(rows).max(1) as f64,
            }
        });
        Sample {
            inputs: Inputs {
                values: gather(&self.scaled, rows, self.lookback, channels, device),
                time_features,
                prompt,
            },
            target: Target {
                values: gather(&self.scaled, &first_truths, self.horizon, channels, device),
                weights,
            },
        }
    }
}

/// The weights of a series in which channels begin late or end early. In a part where a channel has
/// no values for a whole window, its filled ones count, so that every channel has an error there.
fn weights(series: &Series, split: &Split, lookback: usize, horizon: usize) -> Option<Vec<f32>> {
    let (rows, channels) = (series.rows(), series.channel_count());
    let given: Vec<Range<usize>> = (0..channels).map(|c| series.given_rows(c)).collect();
    if given.iter().all(|given| *given == (0..rows)) {
        return None;
    }
    let mut weights = vec![1.0; rows * channels];
    for part in [Part::Train, Part::Val, Part::Test] {
        let windows = split.windows(part, series, lookback, horizon);
        for (channel, given) in given.iter().enumerate() {
            let inside =
                |row: usize| given.start <= row + lookback && row + lookback + horizon <= given.end;
            if part != Part::Train && !windows.start_rows().any(inside) {
                continue;
            }
            for row in split.part(part).filter(|row| !given.contains(row)) {
                weights[row * channels + channel] = 0.0;
            }
        }
    }
    weights.contains(&0.0).then_some(weights)
}

/// First rows of `count` batches of `size` windows each, spread evenly over a part. Each batch covers the
/// whole part, so that batches are similar.
pub(crate) fn spread(windows: &Windows, count: usize, size: usize) -> Vec<Vec<usize>> {
    let rows = first_rows(windows);
    let wanted = (count * size).min(rows.len()).max(1);
    let spread: Vec<usize> = (0..wanted).map(|i| rows[i * rows.len() / wanted]).collect();
    let count = wanted.div_ceil(size.max(1));
    (0..count)
        .map(|batch| spread.iter().skip(batch).step_by(count).copied().collect())
        .collect()
}

/// `length` rows from each of `starts`, `[starts × length × width]`.
fn gather(
    table: &[f32],
    starts: &[usize],
    length: usize,
    width: usize,
    device: &Device,
) -> Tensor<3> {
    let mut values = Vec::with_capacity(starts.len() * length * width);
    for &start in starts {
        values.extend_from_slice(&table[start * width..(start + length) * width]);
    }
    Tensor::from_data(
        TensorData::new(values, [starts.len(), length, width]),
        device,
    )
}

/// First rows of all windows, in a random order determined by `seed`.
pub fn shuffled(windows: &Windows, seed: u64) -> Vec<usize> {
    let mut rows: Vec<usize> = windows.start_rows().collect();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    // Fisher–Yates; the multiply–shift draw is biased by less than rows / 2⁶⁴.
    for last in (1..rows.len()).rev() {
        let drawn = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        rows.swap(last, drawn as usize);
    }
    rows
}
