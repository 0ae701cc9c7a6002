//! Comparisons of variants, in the types of the report.

use spat_spec::PairedTest;

use crate::statistics::{bootstrap, kendall_tau, paired_t, sign_flip, t_quantile};

/// Draws of the bootstrap, and of the permutation test if not all sign choices are tried.
pub(crate) const DRAWS: usize = 10_000;

/// Seed of those draws.
pub(crate) const SEED: u64 = 2025;

/// The difference of two variants on the same seeds.
///
/// The interval is Student's. A single pair has no interval: it then spans all numbers that JSON can hold,
/// so that nothing counts as significant.
pub(crate) fn paired(this: &[f64], that: &[f64]) -> PairedTest {
    let differences: Vec<f64> = this.iter().zip(that).map(|(a, b)| a - b).collect();
    let pairs = differences.len();
    let mean = differences.iter().sum::<f64>() / pairs.max(1) as f64;
    let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
    let half = match t_quantile(0.05, pairs.saturating_sub(1)) {
        Some(t) => t * (squares / (pairs - 1) as f64 / pairs as f64).sqrt(),
        None => f64::MAX,
    };
    PairedTest {
        difference: mean,
        low: mean - half,
        high: mean + half,
        p_permutation: sign_flip(&differences, DRAWS, SEED).unwrap_or(1.0),
        p_t: paired_t(&differences).map_or(1.0, |test| test.p),
        pairs,
    }
}

/// Kendall's τ-b; 0 if one of the lists has only ties.
pub(crate) fn tau(one: &[f64], other: &[f64]) -> f64 {
    kendall_tau(one, other).unwrap_or(0.0)
}

/// Lower and upper end of the 95 % bootstrap interval of the mean.
pub(crate) fn interval(values: &[f64]) -> (f64, f64) {
    let mean = |sample: &[f64]| Some(sample.iter().sum::<f64>() / sample.len() as f64);
    bootstrap(values, mean, DRAWS, 0.95, SEED)
        .map_or((0.0, 0.0), |interval| (interval.low, interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_on_three_seeds() {
        let test = paired(&[1.0, 2.0, 3.0], &[0.0, 0.0, 0.0]);
        // Mean 2, standard error 1/√3, t of two degrees 4.3027.
        assert_eq!(test.difference, 2.0);
        assert!((test.low - (2.0 - 4.302_65 / 3.0_f64.sqrt())).abs() < 1e-4);
        assert!((test.high - (2.0 + 4.302_65 / 3.0_f64.sqrt())).abs() < 1e-4);
        assert_eq!(test.p_permutation, 0.25);
        assert_eq!(test.pairs, 3);
    }

    #[test]
    fn one_seed_is_never_significant() {
        let test = paired(&[1.0], &[0.0]);
        assert!(test.low < 0.0 && test.high > 0.0 && test.high.is_finite());
        assert_eq!(test.p_permutation, 1.0);
    }

    #[test]
    fn equal_lists_agree_and_constant_ones_have_tau_zero() {
        assert_eq!(tau(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(tau(&[1.0, 1.0], &[3.0, 4.0]), 0.0);
        assert_eq!(interval(&[0.5, 0.5]), (0.5, 0.5));
    }
}
