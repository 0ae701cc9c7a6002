//! All models on all tables.

use spat_spec::{
    CellReport, ComparedModel, ErrorSpread, ModelColumn, ModelComparison, ModelForm, ModelPair,
    PrunedModels, Pruning, Spread, Suite,
};

use super::changes::models;
use super::estimate::win_loss;
use crate::statistics::ranks;

/// Compares the dense models, their controls and the pruned models.
pub(super) fn compare(suite: &Suite, cells: &[CellReport]) -> ModelComparison {
    let columns = columns(suite, cells);
    let mut rows = Vec::new();
    for model in 0..suite.models.len() {
        for form in FORMS {
            rows.extend(row(suite, cells, &columns, model, form));
        }
    }
    rank(&mut rows);
    ModelComparison {
        pairs: pairs(&rows),
        columns,
        rows,
    }
}

/// Without the best subset in hindsight, which cannot be chosen in practice.
const FORMS: [ModelForm; 4] = [
    ModelForm::Dense,
    ModelForm::Control,
    ModelForm::Pruned(Pruning::Ratio),
    ModelForm::Pruned(Pruning::Rule),
];

fn columns(suite: &Suite, cells: &[CellReport]) -> Vec<ModelColumn> {
    let mut columns: Vec<ModelColumn> = Vec::new();
    for cell in cells {
        let of = &suite.cells[cell.cell];
        let column = ModelColumn {
            table: of.table,
            horizon: of.forecaster.horizon(),
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns.sort_by_key(|column| (column.table, column.horizon));
    columns
}

/// Errors and costs of a model in one form in one cell, one per seed.
struct Figures {
    mse: Spread,
    mae: Spread,
    params: f64,
    macs: f64,
}

fn figures(cell: &CellReport, form: ModelForm) -> Option<Figures> {
    let of_dense = |errors: &ErrorSpread| Figures {
        mse: errors.test.clone(),
        mae: errors.test_mae.clone(),
        params: errors.params as f64,
        macs: errors.macs as f64,
    };
    let of_pruned = |models: &PrunedModels| Figures {
        mse: Spread::of(models.mse.clone()),
        mae: Spread::of(models.mae.clone()),
        params: mean(models.params.iter().map(|&params| params as f64)),
        macs: mean(models.macs.iter().map(|&macs| macs as f64)),
    };
    match form {
        ModelForm::Dense => Some(of_dense(&cell.dense)),
        ModelForm::Control => Some(of_dense(&cell.pruned.as_ref()?.control)),
        ModelForm::Pruned(pruning) => models(cell.pruned.as_ref()?, pruning).map(of_pruned),
    }
}

fn row(
    suite: &Suite,
    cells: &[CellReport],
    columns: &[ModelColumn],
    model: usize,
    form: ModelForm,
) -> Option<ComparedModel> {
    let of_model = |cell: &&CellReport| suite.cells[cell.cell].model == model;
    let first = cells.iter().find(of_model)?;
    let by_column: Vec<Option<Figures>> = columns
        .iter()
        .map(|column| {
            let mut here = cells.iter().filter(of_model).filter(|cell| {
                let of = &suite.cells[cell.cell];
                of.table == column.table && of.forecaster.horizon() == column.horizon
            });
            figures(here.next()?, form)
        })
        .collect();
    by_column.iter().any(Option::is_some).then(|| {
        let known = || by_column.iter().flatten();
        ComparedModel {
            model,
            form,
            attention: !suite.cells[first.cell].forecaster.modules().is_empty(),
            params: mean(known().map(|figures| figures.params)),
            macs: mean(known().map(|figures| figures.macs)),
            mse: by_column
                .iter()
                .map(|figures| Some(figures.as_ref()?.mse.clone()))
                .collect(),
            mae: by_column
                .iter()
                .map(|figures| Some(figures.as_ref()?.mae.mean))
                .collect(),
            mean_rank: None,
            above_lowest: None,
        }
    })
}

/// Sets the ranks, and sorts by them.
fn rank(rows: &mut [ComparedModel]) {
    let columns = rows.first().map_or(0, |row| row.mse.len());
    let mut sums = vec![(0.0, 0.0); rows.len()];
    let mut complete = 0;
    for column in 0..columns {
        let mse: Vec<f64> = rows
            .iter()
            .filter_map(|row| Some(row.mse[column].as_ref()?.mean))
            .collect();
        if mse.len() < rows.len() {
            continue;
        }
        complete += 1;
        let lowest = mse.iter().copied().fold(f64::INFINITY, f64::min);
        for ((sum, rank), mse) in sums.iter_mut().zip(ranks(&mse)).zip(&mse) {
            sum.0 += rank;
            sum.1 += spat_spec::percent_change(lowest, *mse);
        }
    }
    if complete > 0 {
        for (row, (rank, above)) in rows.iter_mut().zip(sums) {
            row.mean_rank = Some(rank / f64::from(complete));
            row.above_lowest = Some(above / f64::from(complete));
        }
        rows.sort_by(|a, b| {
            let key = |row: &ComparedModel| row.mean_rank.unwrap_or(f64::INFINITY);
            key(a).total_cmp(&key(b))
        });
    }
}

fn pairs(rows: &[ComparedModel]) -> Vec<ModelPair> {
    let mut pairs = Vec::new();
    for (row, own) in rows.iter().enumerate() {
        if !matches!(own.form, ModelForm::Pruned(_)) {
            continue;
        }
        for (other, theirs) in rows.iter().enumerate().filter(|(_, row)| !row.attention) {
            let both = own.mse.iter().zip(&theirs.mse);
            let columns = win_loss(
                both.filter_map(|(own, other)| Some((own.as_ref()?.mean, other.as_ref()?.mean))),
            );
            pairs.push(ModelPair {
                row,
                other,
                columns,
            });
        }
    }
    pairs
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    Spread::of(values.collect()).mean
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::suite::fixture;

    /// Means on A: rule 1.305, control 1.35, light 1.4, ratio 1.44, dense 1.5. On B all forms of the model with
    /// attention have 4, and the light one 5.
    #[test]
    fn models_are_ranked_by_hand() {
        let comparison = compare(&fixture::suite(), &fixture::cells());
        assert_eq!(comparison.columns.len(), 2);
        let ranks: Vec<(usize, ModelForm, f64)> = comparison
            .rows
            .iter()
            .map(|row| (row.model, row.form, row.mean_rank.unwrap()))
            .collect();
        assert_eq!(
            ranks,
            [
                (0, ModelForm::Pruned(Pruning::Rule), 1.75),
                (0, ModelForm::Control, 2.25),
                (0, ModelForm::Pruned(Pruning::Ratio), 3.25),
                (0, ModelForm::Dense, 3.75),
                (1, ModelForm::Dense, 4.0),
            ]
        );
        let light = &comparison.rows[4];
        assert!(!light.attention && comparison.rows[0].attention);
        // 1.4 / 1.305 and 5 / 4.
        let above = ((1.4 / 1.305 - 1.0) + 0.25) / 2.0 * 100.0;
        assert!((light.above_lowest.unwrap() - above).abs() < 1e-9);
        // Two seeds of 60 and 100 MACs on A, 100 on B.
        assert!((comparison.rows[0].macs - 90.0).abs() < 1e-9);

        assert_eq!(comparison.pairs.len(), 2);
        let rule = &comparison.pairs[0];
        assert_eq!((rule.row, rule.other), (0, 4));
        assert_eq!(
            (rule.columns.wins, rule.columns.losses, rule.columns.p),
            (2, 0, 0.5)
        );
        let ratio = &comparison.pairs[1];
        assert_eq!((ratio.columns.wins, ratio.columns.losses), (1, 1));
    }

    #[test]
    fn columns_that_a_model_lacks_do_not_count_for_ranks() {
        let mut cells = fixture::cells();
        cells.pop();
        let comparison = compare(&fixture::suite(), &cells);
        let first = &comparison.rows[0];
        assert_eq!(first.mean_rank, Some(1.0));
        assert_eq!(comparison.columns.len(), 2);
    }
}
