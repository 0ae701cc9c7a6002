//! Scaled rows, and batches of windows.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_model::Inputs;
use spat_prune::Sample;
use spat_series::{Part, Scaler, Series, Split, SplitError, SplitRule, Windows};
use spat_spec::TIME_FEATURES;

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
    time_features: Option<Vec<f32>>,
    lookback: usize,
    horizon: usize,
}

impl Dataset {
    /// Splits and scales a series.
    ///
    /// # Errors
    /// A part holds no window.
    pub fn new(
        series: Series,
        rule: SplitRule,
        lookback: usize,
        horizon: usize,
        time_stamps: bool,
    ) -> Result<Self, SplitError> {
        let split = rule.apply(series.rows(), lookback, horizon)?;
        let scaler = Scaler::fit(&series, split.train.clone());
        let scaled = scaler.transform(series.values());
        let time_features = if time_stamps {
            series.time_features()
        } else {
            None
        };
        Ok(Self {
            series,
            split,
            scaler,
            scaled,
            time_features,
            lookback,
            horizon,
        })
    }

    /// Scales by the given scaler, for a model that was trained on another table.
    pub fn rescale(&mut self, scaler: Scaler) {
        self.scaled = scaler.transform(self.series.values());
        self.scaler = scaler;
    }

    /// The windows of a part.
    pub fn windows(&self, part: Part) -> Windows {
        Windows::of(&self.split, part, self.lookback, self.horizon)
    }

    /// Scaled values of some rows, row-major.
    pub fn scaled_rows(&self, rows: std::ops::Range<usize>) -> &[f32] {
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

    /// The windows that start at `rows`, on `device`.
    pub fn batch(&self, rows: &[usize], device: &Device) -> Sample {
        let channels = self.series.channel_count();
        let time_features = self
            .time_features
            .as_ref()
            .map(|time_features| gather(time_features, rows, self.lookback, TIME_FEATURES, device));
        let first_truths: Vec<usize> = rows.iter().map(|row| row + self.lookback).collect();
        Sample {
            inputs: Inputs {
                values: gather(&self.scaled, rows, self.lookback, channels, device),
                time_features,
            },
            target: gather(&self.scaled, &first_truths, self.horizon, channels, device),
        }
    }
}

/// First rows of `count` batches of `size` windows each, spread evenly over a part. The windows of a
/// batch lie far apart, those of two batches close together, so that batches are alike.
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
    let mut rows: Vec<usize> = (0..windows.len())
        .map(|window| windows.start_row(window))
        .collect();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    // Fisher–Yates; the multiply–shift draw is biased by less than rows / 2⁶⁴.
    for last in (1..rows.len()).rev() {
        let drawn = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        rows.swap(last, drawn as usize);
    }
    rows
}
