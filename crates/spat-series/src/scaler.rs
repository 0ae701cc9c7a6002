//! Scaling to mean 0 and deviation 1, per channel.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::series::Series;

/// Mean and population standard deviation per channel.
///
/// The same as scikit-learn's `StandardScaler`, which the published tables use: a constant
/// channel gets deviation 1, so that it scales to 0 rather than to noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    /// Mean per channel, in original units less `offset`.
    pub mean: Vec<f32>,
    /// Population standard deviation per channel, in original units; never 0.
    pub std: Vec<f32>,
    /// The series' [`Series::offsets`]: values before scaling are differences to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offset: Vec<f64>,
}

impl Scaler {
    /// Fitted on the rows `rows` of `series` – the train part – in two passes of f64.
    ///
    /// Rows beyond the series are left out; without any row the scaler changes nothing. A channel
    /// that begins after the first row or ends before the last counts from its first value to its
    /// last, if any of them lies in `rows`.
    ///
    /// # Example
    /// ```
    /// use spat_series::{ReadOptions, Scaler, SeriesOptions, read_table};
    ///
    /// let table = read_table(b"a,b\n1,5\n3,5\n9,9\n", &ReadOptions::default())?;
    /// let series = table.into_series(&SeriesOptions::default())?;
    /// let scaler = Scaler::fit(&series, 0..2);
    /// assert_eq!((scaler.mean, scaler.std), (vec![2.0, 5.0], vec![1.0, 1.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(series: &Series, rows: Range<usize>) -> Self {
        let channels = series.channel_count();
        let end = rows.end.min(series.rows());
        let rows = rows.start.min(end)..end;
        let values = &series.values()[rows.start * channels..rows.end * channels];
        if values.is_empty() {
            return Self {
                mean: vec![0.0; channels],
                std: vec![1.0; channels],
                offset: series.offsets().to_vec(),
            };
        }
        let given: Vec<Range<usize>> = (0..channels)
            .map(|channel| {
                let given = series.given_rows(channel);
                let (start, end) = (given.start.max(rows.start), given.end.min(rows.end));
                if start < end {
                    start..end
                } else {
                    rows.clone()
                }
            })
            .collect();
        let table = || rows.clone().zip(values.chunks_exact(channels));
        let mut mean = vec![0.0_f64; channels];
        for (number, row) in table() {
            for ((sum, &value), given) in mean.iter_mut().zip(row).zip(&given) {
                if given.contains(&number) {
                    *sum += f64::from(value);
                }
            }
        }
        for (sum, given) in mean.iter_mut().zip(&given) {
            *sum /= given.len() as f64;
        }
        let mut variance = vec![0.0_f64; channels];
        for (number, row) in table() {
            let cells = row.iter().zip(&mean).zip(&given);
            for (sum, ((&value, mean), given)) in variance.iter_mut().zip(cells) {
                if given.contains(&number) {
                    let distance = f64::from(value) - mean;
                    *sum += distance * distance;
                }
            }
        }
        let std = variance
            .iter()
            .zip(&mean)
            .zip(&given)
            .map(|((sum, mean), given)| {
                let count = given.len() as f64;
                let variance = sum / count;
                // Rounding in the mean leaves a constant channel a variance of about (n·ε·mean)²;
                // dividing by its root would blow that noise up. Source: scikit-learn
                // `_is_constant_feature`.
                let noise = count * f64::EPSILON;
                let constant = variance <= noise * variance + (mean * noise).powi(2);
                let std = variance.sqrt() as f32;
                if constant || std == 0.0 { 1.0 } else { std }
            })
            .collect();
        Self {
            mean: mean.into_iter().map(|m| m as f32).collect(),
            std,
            offset: series.offsets().to_vec(),
        }
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// `values` (`[n × channels]` row-major, original units less `offset`) scaled:
    /// (value − mean) / std.
    pub fn transform(&self, values: &[f32]) -> Vec<f32> {
        let mut scaled = values.to_vec();
        self.transform_in_place(&mut scaled);
        scaled
    }

    /// As [`Scaler::transform`], without a copy.
    pub fn transform_in_place(&self, values: &mut [f32]) {
        self.each(values, |value, mean, std| (value - mean) / std);
    }

    /// `scaled` (`[n × channels]` row-major) back in original units less `offset`:
    /// value × std + mean.
    pub fn inverse(&self, scaled: &[f32]) -> Vec<f32> {
        let mut values = scaled.to_vec();
        self.inverse_in_place(&mut values);
        values
    }

    /// As [`Scaler::inverse`], without a copy.
    pub fn inverse_in_place(&self, scaled: &mut [f32]) {
        self.each(scaled, |value, mean, std| value * std + mean);
    }

    /// In f64, because f32 loses the last digits of `value − mean` where the mean is large.
    fn each(&self, values: &mut [f32], f: impl Fn(f64, f64, f64) -> f64) {
        for row in values.chunks_mut(self.channels().max(1)) {
            for ((value, &mean), &std) in row.iter_mut().zip(&self.mean).zip(&self.std) {
                *value = f(f64::from(*value), f64::from(mean), f64::from(std)) as f32;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::index::TimeIndex;

    fn series(channels: usize, values: Vec<f32>) -> Series {
        let names = (0..channels).map(|c| c.to_string()).collect();
        let index = TimeIndex::Rows {
            count: values.len() / channels,
        };
        Series::from_values(names, values, index).unwrap()
    }

    #[test]
    fn population_deviation_of_the_train_rows_only() {
        let series = series(1, vec![1.0, 2.0, 3.0, 4.0, 1000.0]);
        let scaler = Scaler::fit(&series, 0..4);
        assert_eq!(scaler.mean, [2.5]);
        assert!((scaler.std[0] - 1.25_f32.sqrt()).abs() < 1e-7);
    }

    #[test]
    fn a_constant_channel_scales_to_zero() {
        let series = series(2, [0.1, 7.0].repeat(1000));
        let scaler = Scaler::fit(&series, 0..1000);
        assert_eq!(scaler.std, [1.0, 1.0]);
        assert!(
            scaler
                .transform(series.values())
                .iter()
                .all(|v| v.abs() < 1e-6)
        );
    }

    #[test]
    fn a_large_mean_loses_nothing() {
        let series = series(1, (0..1000).map(|i| 1e6 + (i % 2) as f32).collect());
        let scaler = Scaler::fit(&series, 0..1000);
        assert!((scaler.std[0] - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_channel_counts_from_its_first_value_to_its_last() {
        let table = crate::read_table(
            b"a,b,c\n1,,7\n2,,7\n3,5,7\n4,7,7\n5,,7\n6,,7\n",
            &crate::ReadOptions::default(),
        );
        let series = table.unwrap().into_series(&Default::default()).unwrap();
        assert_eq!(series.given_rows(1), 2..4);
        let scaler = Scaler::fit(&series, 0..6);
        assert_eq!((&*scaler.mean, scaler.std[1]), (&[3.5, 6.0, 7.0][..], 1.0));
        // None of its values lies in these rows.
        assert_eq!(Scaler::fit(&series, 4..6).mean, [5.5, 7.0, 7.0]);
    }

    #[test]
    fn odd_ranges_do_no_harm() {
        let series = series(1, vec![1.0, 2.0]);
        assert_eq!(Scaler::fit(&series, 5..9).std, [1.0]);
        assert_eq!(Scaler::fit(&series, 1..900).mean, [2.0]);
    }
}
