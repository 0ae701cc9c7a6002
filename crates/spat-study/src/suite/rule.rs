//! The selection rule against the control and against the best subset in hindsight.

use spat_spec::{CellReport, PrunedCell, RuleCell, RuleSummary, RuleTable, Spread, Suite};

use super::changes::cost;
use super::estimate::{against_none, estimate, percent, pruned};

/// The summary; `None` without a pruned cell.
pub(super) fn rule(suite: &Suite, cells: &[CellReport]) -> Option<RuleSummary> {
    let all: Vec<(&CellReport, &PrunedCell)> = pruned(cells).collect();
    let over = |figure: &dyn Fn(&PrunedCell) -> Option<Vec<f64>>| {
        estimate(suite, all.iter().map(|(cell, _)| *cell), |cell| {
            figure(cell.pruned.as_ref()?)
        })
    };
    let tables = (0..suite.tables.len()).filter_map(|table| {
        let of_table = all
            .iter()
            .filter(|(cell, _)| suite.cells[cell.cell].table == table);
        let changes: Vec<f64> = of_table
            .flat_map(|(_, pruned)| against_control(pruned))
            .collect();
        (!changes.is_empty()).then(|| RuleTable {
            table,
            against_control: against_none(&changes),
        })
    });
    Some(RuleSummary {
        saved: over(&|pruned| Some(saved(pruned)))?,
        saved_where_possible: over(&saved_where_possible),
        against_control: over(&|pruned| Some(against_control(pruned)))?,
        above_best: over(&above_best),
        cells: all
            .iter()
            .map(|(cell, pruned)| RuleCell {
                cell: cell.cell,
                saved: Spread::of(saved(pruned)).mean,
                best_saves: best_saves(pruned).map(|each| Spread::of(each).mean),
                against_control: against_none(&against_control(pruned)),
                above_best: above_best(pruned).map(|each| Spread::of(each).mean),
            })
            .collect(),
        tables: tables.collect(),
    })
}

/// Saved MACs in percent, one per seed.
fn saved(pruned: &PrunedCell) -> Vec<f64> {
    negated(cost(pruned.control.macs, &pruned.rule.macs))
}

fn best_saves(pruned: &PrunedCell) -> Option<Vec<f64>> {
    let best = pruned.best.as_ref()?;
    Some(negated(cost(pruned.control.macs, &best.macs)))
}

/// Saved MACs of the seeds whose best subset saves enough.
fn saved_where_possible(pruned: &PrunedCell) -> Option<Vec<f64>> {
    let pairs = saved(pruned).into_iter().zip(best_saves(pruned)?);
    Some(
        pairs
            .filter(|(_, best)| *best >= RuleSummary::GOAL)
            .map(|(saved, _)| saved)
            .collect(),
    )
}

fn against_control(pruned: &PrunedCell) -> Vec<f64> {
    percent(&pruned.control.test.values, &pruned.rule.mse)
}

fn above_best(pruned: &PrunedCell) -> Option<Vec<f64>> {
    let best = pruned.best.as_ref()?;
    Some(percent(&best.mse, &pruned.rule.mse))
}

fn negated(changes: Vec<f64>) -> Vec<f64> {
    // Not −0 where nothing changes.
    changes.into_iter().map(|change| 0.0 - change).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::suite::fixture;

    /// MACs saved: 40, 0 on A and 0, 0 on B. Only on A the best subset saves 35 % or more. Above the best: 0 and
    /// 1.8 / 1.62 on A, 4 / 3.6 on B, which is 11.11 % each.
    #[test]
    fn savings_and_distances_by_hand() {
        let rule = rule(&fixture::suite(), &fixture::cells()).unwrap();
        assert!((rule.saved.mean - 10.0).abs() < 1e-9);
        let possible = rule.saved_where_possible.unwrap();
        assert!((possible.mean - 20.0).abs() < 1e-9);
        assert_eq!(possible.cells, 1);
        let above = 100.0 / 9.0;
        assert!((rule.above_best.unwrap().mean - (above / 2.0 + above) / 2.0).abs() < 1e-9);
        // −10 and 0 % on A, nothing on B.
        assert!((rule.against_control.mean + 2.5).abs() < 1e-9);
        assert!((rule.cells[0].saved - 20.0).abs() < 1e-9);
        assert!((rule.cells[0].best_saves.unwrap() - 40.0).abs() < 1e-9);
        assert_eq!(rule.tables.len(), 2);
        assert_eq!(rule.worse_cells().count() + rule.worse_tables().count(), 0);
    }

    #[test]
    fn a_cell_is_worse_if_its_whole_interval_is_above_zero() {
        let mut cells = fixture::cells();
        let pruned = cells[2].pruned.as_mut().unwrap();
        pruned.rule.mse = vec![4.4, 4.4004];
        let rule = rule(&fixture::suite(), &cells).unwrap();
        let worse: Vec<usize> = rule.worse_cells().map(|cell| cell.cell).collect();
        assert_eq!(worse, [2]);
        assert_eq!(rule.worse_tables().count(), 1);
    }

    #[test]
    fn a_cell_without_every_subset_does_not_hide_the_others() {
        let mut cells = fixture::cells();
        cells[0].pruned.as_mut().unwrap().best = None;
        let rule = rule(&fixture::suite(), &cells).unwrap();
        assert_eq!(rule.saved.cells, 2);
        assert_eq!(rule.above_best.unwrap().cells, 1);
        assert!(rule.saved_where_possible.is_none());
    }
}
