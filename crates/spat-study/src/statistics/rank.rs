//! Agreement of two rankings, and the cost of a wrong one.

use std::cmp::Ordering;

/// Pairs of positions, by how two lists order them.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Pairs {
    /// Both lists order the pair the same way.
    concordant: f64,
    /// The lists order the pair in opposite ways.
    discordant: f64,
    /// The first list orders it, with or without the second.
    by_first: f64,
    /// The second list orders it.
    by_second: f64,
}

impl Pairs {
    fn of(first: &[f64], second: &[f64]) -> Self {
        let mut pairs = Self::default();
        for a in 0..first.len().min(second.len()) {
            for b in 0..a {
                let x = first[a].total_cmp(&first[b]);
                let y = second[a].total_cmp(&second[b]);
                if x != Ordering::Equal {
                    pairs.by_first += 1.0;
                }
                if y != Ordering::Equal {
                    pairs.by_second += 1.0;
                }
                if x != Ordering::Equal && y != Ordering::Equal {
                    if x == y {
                        pairs.concordant += 1.0;
                    } else {
                        pairs.discordant += 1.0;
                    }
                }
            }
        }
        pairs
    }
}

/// Kendall's τ-b (Kendall 1945): `(C − D) / √((pairs that x orders) · (pairs that y orders))`, from −1 to
/// 1. Ties count as neither. `None` if a list orders no pair.
pub fn kendall_tau(x: &[f64], y: &[f64]) -> Option<f64> {
    let pairs = Pairs::of(x, y);
    let norm = (pairs.by_first * pairs.by_second).sqrt();
    (norm > 0.0).then(|| (pairs.concordant - pairs.discordant) / norm)
}

/// Somers' D of `found` given `truth` (Somers 1962): `(C − D) / (pairs that the truth orders)`.
///
/// If the truth has ties (two modules that are equally redundant), τ-b cannot reach 1, but Somers' D can.
pub fn somers_d(truth: &[f64], found: &[f64]) -> Option<f64> {
    let pairs = Pairs::of(truth, found);
    (pairs.by_first > 0.0).then(|| (pairs.concordant - pairs.discordant) / pairs.by_first)
}

/// The loss of the chosen item above the best one: `losses[chosen] − min(losses)`.
pub fn regret(losses: &[f64], chosen: usize) -> Option<f64> {
    let best = losses.iter().copied().min_by(f64::total_cmp)?;
    Some(losses.get(chosen)? - best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of six pairs is reversed: (5 − 1) / 6.
    #[test]
    fn tau_of_four_items() {
        let order = [1.0, 2.0, 3.0, 4.0];
        let tau = |found| kendall_tau(&order, found).unwrap();
        assert!((tau(&[1.0, 3.0, 2.0, 4.0]) - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(tau(&order), 1.0);
        assert_eq!(tau(&[4.0, 3.0, 2.0, 1.0]), -1.0);
    }

    /// The middle pair is tied in the truth: 5 pairs that it orders, 6 that the other orders, all
    /// alike: τ-b = 5 / √30, D = 5 / 5.
    #[test]
    fn ties_in_the_truth() {
        let (truth, found) = ([1.0, 2.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]);
        assert!((kendall_tau(&truth, &found).unwrap() - 5.0 / 30.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(somers_d(&truth, &found), Some(1.0));
        // Exchanged, the found list orders the tied pair needlessly: 5 / 6.
        assert!((somers_d(&found, &truth).unwrap() - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(kendall_tau(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(somers_d(&[], &[]), None);
    }

    #[test]
    fn regret_is_the_loss_above_the_best() {
        assert_eq!(regret(&[0.5, 0.25, 1.0], 0), Some(0.25));
        assert_eq!(regret(&[0.5, 0.25, 1.0], 1), Some(0.0));
        assert_eq!(regret(&[], 0), None);
    }
}
