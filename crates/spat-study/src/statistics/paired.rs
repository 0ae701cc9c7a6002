//! Tests of the difference of two variants on the same seeds.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::Summary;

/// A two-sided test of mean difference 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedTest {
    /// Mean difference.
    pub mean: f64,
    /// Student's t; infinite where all differences are equal and not 0.
    pub t: f64,
    /// n − 1.
    pub degrees: usize,
    /// Probability of a |t| as large under the null hypothesis.
    pub p: f64,
}

/// Student's paired t-test on differences a − b of at least two pairs. All differences 0 give p = 1.
pub fn paired_t(differences: &[f64]) -> Option<PairedTest> {
    if differences.len() < 2 {
        return None;
    }
    let summary = Summary::of(differences)?;
    let error = summary.deviation / (summary.count as f64).sqrt();
    let t = match (summary.mean == 0.0, error == 0.0) {
        (true, _) => 0.0,
        (false, true) => f64::INFINITY.copysign(summary.mean),
        (false, false) => summary.mean / error,
    };
    let degrees = summary.count - 1;
    Some(PairedTest {
        mean: summary.mean,
        t,
        degrees,
        p: two_sided(t, degrees),
    })
}

/// `P(|T| > |t|)` of Student's distribution with ν whole degrees of freedom: the finite series 26.7.3
/// and 26.7.4 of Abramowitz and Stegun in θ = atan(|t| / √ν).
fn two_sided(t: f64, degrees: usize) -> f64 {
    let theta = (t.abs() / (degrees as f64).sqrt()).atan();
    let (sine, cosine) = theta.sin_cos();
    let square = cosine * cosine;
    // Even ν: 1 + 1/2 cos² + (1·3)/(2·4) cos⁴ + …; odd ν: cos (1 + 2/3 cos² + (2·4)/(3·5) cos⁴ + …).
    let odd = degrees % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    let mut power = if odd { 1 } else { 0 };
    while power + 2 <= degrees {
        sum += term;
        term *= square * (power + 1) as f64 / (power + 2) as f64;
        power += 2;
    }
    let inside = if odd {
        (theta + sine * sum) * std::f64::consts::FRAC_2_PI
    } else {
        sine * sum
    };
    (1.0 - inside).clamp(0.0, 1.0)
}

/// The t for which `P(|T| > t) = p`, by bisection; `None` for a p outside (0, 1) or no degrees of
/// freedom.
pub fn t_quantile(p: f64, degrees: usize) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) || degrees == 0 {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, degrees) > p {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if two_sided(middle, degrees) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

/// Up to this number of pairs, all sign choices are tried.
const EXACT: usize = 16;

/// Fisher's permutation test: the share of sign choices whose |mean| reaches the observed one. All 2ⁿ
/// choices for n ≤ 16; otherwise `draws` random ones (including the observed one, so p is never 0),
/// determined by `seed`. It assumes symmetry only, and p is at least 2/2ⁿ.
pub fn sign_flip(differences: &[f64], draws: usize, seed: u64) -> Option<f64> {
    if differences.is_empty() {
        return None;
    }
    let observed = differences.iter().sum::<f64>().abs();
    // Sums of the same numbers in another order differ by rounding.
    let slack = 1e-12 * differences.iter().map(|value| value.abs()).sum::<f64>();
    let reaches = |flips: &dyn Fn(usize) -> bool| {
        let sum: f64 = differences
            .iter()
            .enumerate()
            .map(|(place, value)| if flips(place) { -value } else { *value })
            .sum();
        sum.abs() >= observed - slack
    };
    if differences.len() <= EXACT {
        let all = 1_u32 << differences.len();
        let count = (0..all)
            .filter(|signs| reaches(&|place| signs >> place & 1 == 1))
            .count();
        return Some(count as f64 / f64::from(all));
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut count = 1;
    for _ in 0..draws {
        let signs: Vec<bool> = differences
            .iter()
            .map(|_| random.next_u64() >> 63 == 1)
            .collect();
        count += usize::from(reaches(&|place| signs[place]));
    }
    Some(count as f64 / (draws + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Differences 1, 2, 3: mean 2, deviation 1, t = 2√3. With 2 degrees P(|T| > t) has the closed
    /// form 1 − t/√(2 + t²) = 1 − √(12/14).
    #[test]
    fn t_of_three_differences() {
        let test = paired_t(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((test.mean, test.degrees), (2.0, 2));
        assert!((test.t - 12.0_f64.sqrt()).abs() < 1e-12);
        assert!((test.p - (1.0 - (12.0_f64 / 14.0).sqrt())).abs() < 1e-12);
    }

    /// 1 degree: 1 − 2/π atan t. And the tabulated 5 % points of 3, 4 and 10 degrees.
    #[test]
    fn the_distribution_has_its_tabulated_points() {
        assert!((two_sided(1.0, 1) - 0.5).abs() < 1e-12);
        for (degrees, point) in [(3, 3.182_446), (4, 2.776_445), (10, 2.228_139)] {
            assert!((two_sided(point, degrees) - 0.05).abs() < 1e-6, "{degrees}");
        }
    }

    #[test]
    fn a_quantile_has_its_tabulated_value() {
        for (degrees, t) in [(1, 12.706_2), (2, 4.302_65), (10, 2.228_139)] {
            assert!(
                (t_quantile(0.05, degrees).unwrap() - t).abs() < 1e-4,
                "{degrees}"
            );
        }
        assert_eq!(t_quantile(0.05, 0), None);
    }

    #[test]
    fn differences_without_spread() {
        assert_eq!(paired_t(&[0.0, 0.0]).unwrap().p, 1.0);
        let certain = paired_t(&[0.5, 0.5, 0.5]).unwrap();
        assert_eq!((certain.t, certain.p), (f64::INFINITY, 0.0));
        assert_eq!(paired_t(&[1.0]), None);
    }

    /// Of the 8 sign choices of 1, 2, 3 only all plus and all minus reach |sum| = 6: 2/8. Of 1, 1, −1
    /// every choice reaches 1: 8/8.
    #[test]
    fn sign_flips_of_three_differences() {
        assert_eq!(sign_flip(&[1.0, 2.0, 3.0], 0, 0), Some(0.25));
        assert_eq!(sign_flip(&[1.0, 1.0, -1.0], 0, 0), Some(1.0));
        assert_eq!(sign_flip(&[], 0, 0), None);
    }

    /// 20 equal differences: 2 of 2²⁰ choices reach the observed mean, so none of 999 draws should.
    #[test]
    fn many_pairs_use_random_draws() {
        assert_eq!(sign_flip(&[1.0; 20], 999, 7), Some(0.001));
        let balanced: Vec<f64> = (0..20)
            .map(|n| if n % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        assert_eq!(sign_flip(&balanced, 999, 7), Some(1.0));
    }
}
