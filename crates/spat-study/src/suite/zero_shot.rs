//! Models on tables that they were not trained on.

use spat_spec::{CellReport, Spread, Suite, ZeroShotPair, ZeroShotPruned, ZeroShotResult};

use super::cell::Cell;
use super::estimate::{against_none, percent};
use crate::context::{StudyContext, errors_of};
use crate::error::StudyError;
use crate::item::WorkItem;
use crate::runner::Runner;
use crate::subsets::Subset;
use crate::task::{Recipe, Task};

/// The evaluations of a pair that a cell takes part in.
pub(super) fn items(
    suite: &Suite,
    cell: &Cell<'_>,
    pair: ZeroShotPair,
) -> Result<Vec<WorkItem>, StudyError> {
    let context = cell.context();
    let mut items = Vec::new();
    for seed in context.seeds() {
        for recipe in recipes(cell, &context, seed)? {
            items.push(WorkItem {
                data: context.runner.data.clone(),
                task: task(suite, pair, recipe),
            });
        }
    }
    Ok(items)
}

/// The results of a pair in a cell; `cells` are all reports.
pub(super) fn result(
    suite: &Suite,
    cell: &Cell<'_>,
    pair: ZeroShotPair,
    cells: &[CellReport],
) -> Result<ZeroShotResult, StudyError> {
    let context = cell.context();
    // By form, then by seed.
    let mut errors: Vec<Vec<f64>> = Vec::new();
    for seed in context.seeds() {
        for (form, recipe) in recipes(cell, &context, seed)?.into_iter().enumerate() {
            if errors.len() <= form {
                errors.push(Vec::new());
            }
            errors[form].push(error(context.runner, task(suite, pair, recipe))?);
        }
    }
    let mut forms = errors.into_iter().map(Spread::of);
    let dense = forms
        .next()
        .ok_or_else(|| StudyError::Mismatch("the suite has no seeds".to_owned()))?;
    let pruned = match (forms.next(), forms.next(), forms.next()) {
        (Some(control), Some(ratio), Some(rule)) => {
            let against = |form: &Spread| against_none(&percent(&control.values, &form.values));
            Some(ZeroShotPruned {
                ratio_against_control: against(&ratio),
                rule_against_control: against(&rule),
                control,
                ratio,
                rule,
            })
        }
        _ => None,
    };
    let there = cells.iter().find(|report| {
        let other = &suite.cells[report.cell];
        other.table == pair.to
            && other.model == cell.of.model
            && other.forecaster.window() == cell.of.forecaster.window()
    });
    Ok(ZeroShotResult {
        pair,
        cell: cell.index,
        dense,
        pruned,
        trained_there: there.map(|report| report.dense.test.clone()),
    })
}

/// Dense, and of a pruned model also the control, SEND at the ratio and the selection rule.
fn recipes(
    cell: &Cell<'_>,
    context: &StudyContext<'_>,
    seed: u64,
) -> Result<Vec<Recipe>, StudyError> {
    let mut recipes = vec![cell.dense(context, seed)];
    if cell.is_pruned {
        recipes.push(context.tuned(seed, Subset::NONE));
        recipes.push(context.tuned(seed, cell.by_ratio(context, seed)?));
        recipes.push(context.tuned(seed, cell.by_rule(context, seed)?));
    }
    Ok(recipes)
}

fn task(suite: &Suite, pair: ZeroShotPair, of: Recipe) -> Task {
    Task::Transfer {
        of,
        to: suite.tables[pair.to].facts.sha256.clone(),
    }
}

fn error(runner: &Runner<'_>, task: Task) -> Result<f64, StudyError> {
    Ok(errors_of(runner, task)?.test)
}
