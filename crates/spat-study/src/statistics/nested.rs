//! Means over nested groups, with intervals by resampling every level.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Interval;

/// Values by group, cell and repetition: tables, the cells of a table, the seeds of a cell.
pub type Nested = [Vec<Vec<f64>>];

/// Mean over all cells of the means over their repetitions. `None` without a cell; cells without repetitions are
/// left out.
pub fn nested_mean(groups: &Nested) -> Option<f64> {
    let cells = groups.iter().flatten().filter(|cell| !cell.is_empty());
    let means: Vec<f64> = cells.map(|cell| mean(cell)).collect();
    (!means.is_empty()).then(|| mean(&means))
}

/// The bootstrap interval of [`nested_mean`]: draws as many groups as there are with replacement, and within each
/// cell of a drawn group as many repetitions as it has (Davison and Hinkley 1997, section 3.8). The middle share
/// `level` of the means of `draws` such samples. `seed` determines the draws.
///
/// `None` where nothing can be resampled: without a cell, or with one group whose cells have one repetition.
pub fn nested_bootstrap(groups: &Nested, draws: usize, level: f64, seed: u64) -> Option<Interval> {
    let groups: Vec<Vec<&[f64]>> = groups
        .iter()
        .map(|cells| {
            let cells = cells.iter().filter(|cell| !cell.is_empty());
            cells.map(Vec::as_slice).collect::<Vec<_>>()
        })
        .filter(|cells| !cells.is_empty())
        .collect();
    let single = |cells: &[&[f64]]| cells.iter().all(|cell| cell.len() < 2);
    match groups.as_slice() {
        [] => return None,
        [only] if single(only) => return None,
        _ => {}
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut draw = |count: usize| {
        let place = (u128::from(random.next_u64()) * count as u128) >> 64;
        place as usize
    };
    let mut means = Vec::with_capacity(draws);
    for _ in 0..draws {
        let (mut sum, mut cells) = (0.0, 0);
        for _ in 0..groups.len() {
            for cell in &groups[draw(groups.len())] {
                let repetitions = (0..cell.len()).map(|_| cell[draw(cell.len())]);
                sum += repetitions.sum::<f64>() / cell.len() as f64;
                cells += 1;
            }
        }
        means.push(sum / cells as f64);
    }
    means.sort_by(f64::total_cmp);
    let last = means.len().checked_sub(1)?;
    let tail = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
    let at = |share: f64| means[(share * last as f64).round() as usize];
    Some(Interval {
        low: at(tail),
        high: at(1.0 - tail),
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells count alike, however many seeds they have: (mean 2, mean 6, mean 7) is 5.
    #[test]
    fn the_mean_is_over_cells() {
        let groups = [
            vec![vec![1.0, 3.0], vec![6.0]],
            vec![vec![7.0, 7.0, 7.0], vec![]],
        ];
        assert_eq!(nested_mean(&groups), Some(5.0));
        assert_eq!(nested_mean(&[vec![vec![]]]), None);
        assert_eq!(nested_mean(&[]), None);
    }

    /// Two tables of constants 0 and 1: a draw has both from the first (1/4), one of each (1/2), or both from the
    /// second, so that the middle 95 % reach from 0 to 1, and the middle 40 % are 0.5 alone.
    #[test]
    fn tables_are_resampled() {
        let groups = [vec![vec![0.0, 0.0]], vec![vec![1.0, 1.0]]];
        let wide = nested_bootstrap(&groups, 4000, 0.95, 1).unwrap();
        assert_eq!((wide.low, wide.high), (0.0, 1.0));
        let narrow = nested_bootstrap(&groups, 4000, 0.4, 1).unwrap();
        assert_eq!((narrow.low, narrow.high), (0.5, 0.5));
    }

    /// One table: the seeds alone. The mean of 100 zeros and ones, half each, has the deviation 0.05.
    #[test]
    fn seeds_are_resampled_within_their_cell() {
        let coins: Vec<f64> = (0..100).map(|coin| f64::from(coin % 2)).collect();
        let interval = nested_bootstrap(&[vec![coins]], 4000, 0.95, 3).unwrap();
        assert!((interval.low - 0.402).abs() < 0.011, "{interval:?}");
        assert!((interval.high - 0.598).abs() < 0.011, "{interval:?}");
    }

    #[test]
    fn nothing_to_resample_gives_no_interval() {
        assert_eq!(nested_bootstrap(&[], 10, 0.95, 1), None);
        assert_eq!(nested_bootstrap(&[vec![vec![1.0]]], 10, 0.95, 1), None);
        assert!(nested_bootstrap(&[vec![vec![1.0]], vec![vec![2.0]]], 10, 0.95, 1).is_some());
    }
}
