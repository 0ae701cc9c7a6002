//! Differences of two forecasts on the same windows, with intervals from the windows.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Draws of the bootstrap.
const DRAWS: usize = 2000;

/// The share of draws within the interval.
const LEVEL: f64 = 0.95;

/// Seed of the draws, so that equal errors give equal intervals.
const SEED: u64 = 0x5EED;

/// Fewest blocks of windows for an interval.
const FEWEST_BLOCKS: usize = 4;

/// How much larger one forecast's mean error is than another's on the same windows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Difference of the means in percent of the other's mean; negative is better.
    pub percent: f64,
    /// 95 % interval of it; `None` if the windows are too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
}

/// What a difference shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The error is lower, and so is the whole interval.
    Better,
    /// The interval contains no difference.
    Same,
    /// The error is higher, and so is the whole interval.
    Worse,
    /// There is no interval.
    Unknown,
}

impl PairedDifference {
    /// The difference of `errors` against `others`, one number per window in the order of time. Windows that
    /// overlap have errors in common, so `block` is the number of windows after which they do not: the horizon.
    ///
    /// The interval is that of the moving-block bootstrap (Künsch 1989): blocks of consecutive windows are drawn
    /// with replacement, and the ratios of the two means of the draws have the interval between their outer
    /// percentiles. It contains the variation over the test range, not that of the training's seed.
    ///
    /// `None` if either mean is 0, or an error is not finite: there is no percentage.
    ///
    /// # Panics
    /// The two differ in length.
    pub fn of(errors: &[f64], others: &[f64], block: usize) -> Option<Self> {
        assert_eq!(errors.len(), others.len(), "errors of different windows");
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let percent = |error: f64, other: f64| 100.0 * (error / other - 1.0);
        let difference = percent(mean(errors), mean(others));
        // Without an error of its own there would be no inverse.
        (difference.is_finite() && mean(errors) > 0.0).then(|| {
            let draws = drawn_means(errors, block).zip(drawn_means(others, block));
            Self {
                percent: difference,
                interval: draws.and_then(|(errors, others)| {
                    let draws = errors.into_iter().zip(others);
                    let draws: Vec<f64> = draws.map(|(a, b)| percent(a, b)).collect();
                    let (low, high) = middle(draws, LEVEL);
                    (low.is_finite() && high.is_finite()).then_some((low, high))
                }),
            }
        })
    }

    /// The difference of the other against this.
    pub fn inverse(&self) -> Self {
        let turned = |percent: f64| 100.0 * (1.0 / (1.0 + percent / 100.0) - 1.0);
        Self {
            percent: turned(self.percent),
            interval: self.interval.map(|(low, high)| (turned(high), turned(low))),
        }
    }

    /// The standard error of the difference, in percent, by the width of the interval; `None` without one.
    pub fn standard_error(&self) -> Option<f64> {
        // 95 % of a normal distribution are within 1.96 deviations to both sides.
        self.interval.map(|(low, high)| (high - low) / (2.0 * 1.96))
    }

    /// What the difference shows.
    pub fn outcome(&self) -> Outcome {
        match self.interval {
            None => Outcome::Unknown,
            Some((_, high)) if high < 0.0 => Outcome::Better,
            Some((low, _)) if low > 0.0 => Outcome::Worse,
            Some(_) => Outcome::Same,
        }
    }
}

/// The ends of the middle share `level` of the draws.
fn middle(mut draws: Vec<f64>, level: f64) -> (f64, f64) {
    draws.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let at = |share: f64| draws[(share * (DRAWS - 1) as f64).round() as usize];
    (at(tail), at(1.0 - tail))
}

/// The standard error of the mean of `values`: the deviation of the means of the
/// moving-block bootstrap with blocks of `block` consecutive values. `None` if
/// the values are fewer than four blocks, or not all finite.
pub fn standard_error(values: &[f64], block: usize) -> Option<f64> {
    let means = drawn_means(values, block)?;
    let center = means.iter().sum::<f64>() / DRAWS as f64;
    let squares: f64 = means.iter().map(|mean| (mean - center).powi(2)).sum();
    Some((squares / (DRAWS - 1) as f64).sqrt())
}

/// The means of the draws of the moving-block bootstrap: the same blocks for values of the same length, so that
/// draws of two forecasts are paired.
fn drawn_means(values: &[f64], block: usize) -> Option<Vec<f64>> {
    let block = block.max(1);
    if values.len() < FEWEST_BLOCKS * block || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    // The sum of a block is a difference of two prefix sums.
    let mut sum = 0.0;
    let mut prefix = vec![0.0];
    prefix.extend(values.iter().map(|value| {
        sum += value;
        sum
    }));
    let places = values.len() - block + 1;
    let blocks = values.len().div_ceil(block);
    // The last block of a draw is cut, so that a draw has as many values as there are.
    let last = values.len() - (blocks - 1) * block;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let means = (0..DRAWS).map(|_| {
        let sum: f64 = (1..=blocks)
            .map(|number| {
                let first = ((u128::from(random.next_u64()) * places as u128) >> 64) as usize;
                let length = if number == blocks { last } else { block };
                prefix[first + length] - prefix[first]
            })
            .sum();
        sum / values.len() as f64
    });
    Some(means.collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mean_interval(values: &[f64], block: usize) -> (f64, f64) {
        middle(drawn_means(values, block).unwrap(), LEVEL)
    }

    #[test]
    fn a_constant_difference_has_an_empty_interval() {
        let others = vec![2.0; 40];
        let errors = vec![1.5; 40];
        let difference = PairedDifference::of(&errors, &others, 5).unwrap();
        assert_eq!(difference.percent, -25.0);
        let (low, high) = difference.interval.unwrap();
        assert!((low + 25.0).abs() < 1e-9 && (high + 25.0).abs() < 1e-9);
        assert_eq!(difference.outcome(), Outcome::Better);
    }

    /// The mean of n = 100 independent zeros and ones, half each, has the deviation 0.05; blocks of one are the
    /// ordinary bootstrap.
    #[test]
    fn independent_values_have_their_normal_interval() {
        let coins: Vec<f64> = (0..100).map(|coin| f64::from(coin % 2)).collect();
        let (low, high) = mean_interval(&coins, 1);
        assert!((low - 0.402).abs() < 0.015, "{low}");
        assert!((high - 0.598).abs() < 0.015, "{high}");
        let error = standard_error(&coins, 1).unwrap();
        assert!((error - 0.05).abs() < 0.003, "{error}");
    }

    /// 100 runs of ten equal values hold 100 independent ones, so the interval is √10 times that of 1,000.
    #[test]
    fn equal_neighbours_widen_the_interval() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let values: Vec<f64> = (0..100)
            .flat_map(|_| [(random.next_u64() >> 63) as f64; 10])
            .collect();
        let width = |block| {
            let (low, high) = mean_interval(&values, block);
            high - low
        };
        let ratio = width(10) / width(1);
        assert!((2.2..3.6).contains(&ratio), "{ratio}");
        let error = |block| standard_error(&values, block).unwrap();
        let ratio = error(10) / error(1);
        assert!((2.2..3.6).contains(&ratio), "{ratio}");
    }

    #[test]
    fn the_inverse_is_the_difference_in_the_other_direction() {
        let errors: Vec<f64> = (0..40).map(|n| 1.0 + f64::from(n % 3)).collect();
        let others: Vec<f64> = (0..40).map(|n| 1.5 + f64::from(n % 5)).collect();
        let difference = PairedDifference::of(&errors, &others, 2).unwrap();
        let inverse = difference.inverse();
        let direct = PairedDifference::of(&others, &errors, 2).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(inverse.percent, direct.percent);
        close(inverse.interval.unwrap().0, direct.interval.unwrap().0);
        close(inverse.interval.unwrap().1, direct.interval.unwrap().1);
    }

    /// A burst in one window: an error cannot fall by more than all of it.
    #[test]
    fn no_interval_is_below_minus_100_percent() {
        let errors = vec![1.0; 40];
        let others: Vec<f64> = (0..40).map(|n| if n == 7 { 500.0 } else { 1.1 }).collect();
        let (low, high) = PairedDifference::of(&errors, &others, 2)
            .unwrap()
            .interval
            .unwrap();
        assert!(-100.0 < low && low < -90.0 && high < 0.0, "{low} {high}");
    }

    #[test]
    fn few_windows_and_errors_that_are_not_finite_give_no_interval() {
        let others = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
        let errors = [1.1, 2.2, 1.0, 2.0, 1.0, 2.0];
        let few = PairedDifference::of(&errors, &others, 2).unwrap();
        assert_eq!((few.interval, few.outcome()), (None, Outcome::Unknown));
        assert!((few.percent - 0.3 / 9.0 * 100.0).abs() < 1e-9);
        let enough = PairedDifference::of(&errors, &others, 1).unwrap();
        assert!(enough.interval.is_some());
        assert_eq!(PairedDifference::of(&[f64::NAN; 6], &others, 1), None);
        assert_eq!(PairedDifference::of(&errors, &[0.0; 6], 1), None);
        assert_eq!(PairedDifference::of(&[], &[], 1), None);
        assert_eq!(standard_error(&errors, 2), None);
        assert_eq!(standard_error(&[f64::NAN; 6], 1), None);
        assert_eq!(standard_error(&[1.5; 6], 1), Some(0.0));
    }
}
