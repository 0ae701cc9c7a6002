//! Means over cells, with intervals over tables and seeds.

use spat_spec::{CellReport, Estimate, PairedTest, PrunedCell, Suite, WinLoss};

use crate::compare::{DRAWS, SEED, paired};
use crate::statistics::{nested_bootstrap, nested_mean, sign_test};

/// The mean of a figure over the cells that have it. `figure` gives a value per seed. `None` without such a cell.
pub(super) fn estimate<'a>(
    suite: &Suite,
    cells: impl IntoIterator<Item = &'a CellReport>,
    figure: impl Fn(&'a CellReport) -> Option<Vec<f64>>,
) -> Option<Estimate> {
    let mut tables: Vec<Vec<Vec<f64>>> = vec![Vec::new(); suite.tables.len()];
    let mut count = 0;
    for cell in cells {
        let values = figure(cell).unwrap_or_default();
        if !values.is_empty() {
            tables[suite.cells[cell.cell].table].push(values);
            count += 1;
        }
    }
    Some(Estimate {
        mean: nested_mean(&tables)?,
        interval: nested_bootstrap(&tables, DRAWS, 0.95, SEED)
            .map(|interval| (interval.low, interval.high)),
        cells: count,
    })
}

/// The cells whose model was pruned.
pub(super) fn pruned(cells: &[CellReport]) -> impl Iterator<Item = (&CellReport, &PrunedCell)> {
    let each = cells.iter();
    each.filter_map(|cell| Some((cell, cell.pruned.as_ref()?)))
}

/// Changes in percent, pair by pair.
pub(super) fn percent(from: &[f64], to: &[f64]) -> Vec<f64> {
    let pairs = from.iter().zip(to);
    pairs
        .map(|(&from, &to)| spat_spec::percent_change(from, to))
        .collect()
}

/// The test of changes against none.
pub(super) fn against_none(changes: &[f64]) -> PairedTest {
    paired(changes, &vec![0.0; changes.len()])
}

/// The lower value wins.
pub(super) fn win_loss(pairs: impl IntoIterator<Item = (f64, f64)>) -> WinLoss {
    let (mut wins, mut ties, mut losses) = (0, 0, 0);
    for (own, other) in pairs {
        if own < other {
            wins += 1;
        } else if own > other {
            losses += 1;
        } else {
            ties += 1;
        }
    }
    WinLoss {
        wins,
        ties,
        losses,
        p: sign_test(wins, losses),
    }
}
