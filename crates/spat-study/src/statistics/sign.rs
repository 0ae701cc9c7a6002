//! The sign test.

/// Two-sided p of the exact sign test: the probability of a split at least as uneven as `wins` to `losses` where
/// both are equally likely. 1 without a pair that differs.
pub fn sign_test(wins: usize, losses: usize) -> f64 {
    let n = wins + losses;
    let fewer = wins.min(losses);
    // Terms C(n, k) / 2ⁿ, each from the one before.
    let mut term = 0.5_f64.powi(n as i32);
    let mut sum = 0.0;
    for k in 0..=fewer {
        sum += term;
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 of 8: 2/2⁸. 7 of 8: 2 · (1 + 8)/2⁸. 3 of 5: 2 · (1 + 5 + 10)/2⁵ = 1.
    #[test]
    fn known_splits() {
        assert_eq!(sign_test(8, 0), 2.0 / 256.0);
        assert!((sign_test(1, 7) - 18.0 / 256.0).abs() < 1e-15);
        assert_eq!(sign_test(3, 2), 1.0);
        assert_eq!(sign_test(0, 0), 1.0);
    }
}
