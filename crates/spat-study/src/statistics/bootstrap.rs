//! Intervals by resampling.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// A confidence interval of a statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Percentile bootstrap (Efron 1979): computes `statistic` on `draws` samples of n out of n `items` with
/// replacement, and returns the middle share `level` of the results.
///
/// Draws for which the statistic is undefined are skipped. `None` without items, draws, or any defined
/// statistic. `seed` determines the draws.
pub fn bootstrap<T: Clone>(
    items: &[T],
    statistic: impl Fn(&[T]) -> Option<f64>,
    draws: usize,
    level: f64,
    seed: u64,
) -> Option<Interval> {
    if items.is_empty() {
        return None;
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut sample = Vec::with_capacity(items.len());
    let mut values = Vec::with_capacity(draws);
    for _ in 0..draws {
        sample.clear();
        sample.extend((0..items.len()).map(|_| {
            let place = (u128::from(random.next_u64()) * items.len() as u128) >> 64;
            items[place as usize].clone()
        }));
        values.extend(statistic(&sample));
    }
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let tail = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
    let at = |share: f64| values[(share * last as f64).round() as usize];
    Some(Interval {
        low: at(tail),
        high: at(1.0 - tail),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> Option<f64> {
        Some(values.iter().sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn one_value_has_an_empty_interval() {
        let interval = bootstrap(&[2.5; 7], mean, 100, 0.95, 1).unwrap();
        assert_eq!((interval.low, interval.high), (2.5, 2.5));
        assert_eq!(bootstrap::<f64>(&[], mean, 100, 0.95, 1), None);
        assert_eq!(bootstrap(&[1.0], |_| None, 100, 0.95, 1), None);
    }

    /// The mean of n = 100 zeros and ones, half each, has the deviation √(1/4 / 100) = 0.05, so that
    /// 95 % of its draws lie within 0.5 ± 1.96 · 0.05.
    #[test]
    fn a_mean_has_its_normal_interval() {
        let coins: Vec<f64> = (0..100).map(|coin| f64::from(coin % 2)).collect();
        let interval = bootstrap(&coins, mean, 4000, 0.95, 3).unwrap();
        assert!((interval.low - 0.402).abs() < 0.011, "{interval:?}");
        assert!((interval.high - 0.598).abs() < 0.011, "{interval:?}");
    }
}
