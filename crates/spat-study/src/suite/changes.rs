//! Changes by pruning, in the form of the paper's abstract.

use spat_spec::{
    CellReport, ChangeSummary, ErrorSpread, Estimate, PrunedCell, PrunedModels, Pruning, Reference,
    Suite, SuiteScope,
};

use super::estimate::{estimate, percent};

/// Every scope with every choice of modules, against both references.
pub(super) fn changes(suite: &Suite, cells: &[CellReport]) -> Vec<ChangeSummary> {
    let tables = (0..suite.tables.len()).map(SuiteScope::Table);
    let models = (0..suite.models.len()).map(SuiteScope::Model);
    let scopes = std::iter::once(SuiteScope::All).chain(tables).chain(models);
    let mut summaries = Vec::new();
    for scope in scopes {
        let within: Vec<&CellReport> = cells
            .iter()
            .filter(|cell| cell.pruned.is_some() && is_within(suite, cell, scope))
            .collect();
        for pruning in [Pruning::Ratio, Pruning::Rule, Pruning::Best] {
            for against in [Reference::Dense, Reference::Control] {
                summaries.extend(summary(suite, &within, scope, pruning, against));
            }
        }
    }
    summaries
}

fn is_within(suite: &Suite, cell: &CellReport, scope: SuiteScope) -> bool {
    let of = &suite.cells[cell.cell];
    match scope {
        SuiteScope::All => true,
        SuiteScope::Table(table) => of.table == table,
        SuiteScope::Model(model) => of.model == model,
    }
}

fn summary(
    suite: &Suite,
    cells: &[&CellReport],
    scope: SuiteScope,
    pruning: Pruning,
    against: Reference,
) -> Option<ChangeSummary> {
    let change = |figure: fn(&ErrorSpread, &PrunedModels) -> Vec<f64>| -> Option<Estimate> {
        estimate(suite, cells.iter().copied(), |cell| {
            let pruned = cell.pruned.as_ref()?;
            let reference = match against {
                Reference::Dense => &cell.dense,
                Reference::Control => &pruned.control,
            };
            Some(figure(reference, models(pruned, pruning)?))
        })
    };
    Some(ChangeSummary {
        scope,
        pruning,
        against,
        macs: change(|from, to| cost(from.macs, &to.macs))?,
        params: change(|from, to| cost(from.params, &to.params))?,
        mse: change(|from, to| percent(&from.test.values, &to.mse))?,
        mae: change(|from, to| percent(&from.test_mae.values, &to.mae))?,
    })
}

/// The models that a choice of modules leaves.
pub(super) fn models(pruned: &PrunedCell, pruning: Pruning) -> Option<&PrunedModels> {
    match pruning {
        Pruning::Ratio => Some(&pruned.ratio),
        Pruning::Rule => Some(&pruned.rule),
        Pruning::Best => pruned.best.as_ref(),
    }
}

/// Changes of a cost in percent, one per seed.
pub(super) fn cost(from: u64, to: &[u64]) -> Vec<f64> {
    let each = to.iter();
    each.map(|&to| spat_spec::percent_change(from as f64, to as f64))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::suite::fixture;

    fn mean(scope: SuiteScope, pruning: Pruning, against: Reference) -> ChangeSummary {
        let all = changes(&fixture::suite(), &fixture::cells());
        let mut all = all.into_iter();
        all.find(|one| one.scope == scope && one.pruning == pruning && one.against == against)
            .unwrap()
    }

    /// SEND at the ratio: A has 0 and +10 % against the control, B +10 and −10 %; −10, −1, +10 and −10 % against
    /// dense. MACs: −40 % and −20 %.
    #[test]
    fn changes_are_means_over_cells_of_means_over_seeds() {
        let control = mean(SuiteScope::All, Pruning::Ratio, Reference::Control);
        assert!((control.mse.mean - 2.5).abs() < 1e-9);
        assert!((control.macs.mean + 30.0).abs() < 1e-9);
        assert!((control.params.mean + 30.0).abs() < 1e-9);
        assert_eq!(control.mse.cells, 2);
        let dense = mean(SuiteScope::All, Pruning::Ratio, Reference::Dense);
        assert!((dense.mse.mean + 2.75).abs() < 1e-9);
        let table = mean(SuiteScope::Table(0), Pruning::Ratio, Reference::Control);
        assert!((table.mse.mean - 5.0).abs() < 1e-9);
        // One table: its two seeds give the interval.
        let (low, high) = table.mse.interval.unwrap();
        assert!(low.abs() < 1e-9 && (high - 10.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_pruned_has_no_change() {
        let all = changes(&fixture::suite(), &fixture::cells());
        assert!(all.iter().all(|one| one.scope != SuiteScope::Model(1)));
        assert!(all.iter().any(|one| one.scope == SuiteScope::Model(0)));
    }
}
