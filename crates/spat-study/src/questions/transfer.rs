//! Models on tables that they were not trained on.

use spat_spec::{Spread, Study, Transfer};

use crate::compare::paired;
use crate::context::{StudyContext, errors_of};
use crate::error::StudyError;
use crate::runner::Runner;
use crate::subsets::{Subset, lowest};
use crate::task::{Recipe, Task};

/// Evaluates every table's models on every table, at the study's greatest depth.
pub(crate) fn matrix(study: &Study, runner: &Runner<'_>) -> Result<Vec<Transfer>, StudyError> {
    let layers = study.depths.iter().copied().max().unwrap_or(1);
    let contexts: Vec<(&str, StudyContext<'_>)> = study
        .tables
        .iter()
        .map(|table| {
            let context = StudyContext::new(study, runner, &table.sha256, layers);
            (table.name.as_str(), context)
        })
        .collect();
    let dense = contexts
        .iter()
        .flat_map(|(_, context)| context.seeds().map(|seed| context.dense(seed)));
    runner.ask_models(&dense.collect::<Vec<_>>())?;

    let mut transfers = Vec::new();
    for (from, context) in &contexts {
        let mut models: Vec<[Recipe; 3]> = Vec::new();
        for seed in context.seeds() {
            let gone = lowest(&context.send_values(seed)?, context.count());
            models.push([
                context.dense(seed),
                context.tuned(seed, Subset::NONE),
                context.tuned(seed, gone),
            ]);
        }
        runner.ask_models(&models.iter().flatten().cloned().collect::<Vec<_>>())?;
        for table in &study.tables {
            let task = |model: &Recipe| Task::Transfer {
                of: model.clone(),
                to: table.sha256.clone(),
            };
            runner.ask(&models.iter().flatten().map(task).collect::<Vec<_>>())?;
            let spread = |place: usize| {
                let each = models
                    .iter()
                    .map(|of_seed| Ok(errors_of(runner, task(&of_seed[place]))?.test));
                each.collect::<Result<Vec<f64>, StudyError>>()
                    .map(Spread::of)
            };
            let (dense, dense_finetuned, pruned) = (spread(0)?, spread(1)?, spread(2)?);
            transfers.push(Transfer {
                from: (*from).to_owned(),
                to: table.name.clone(),
                layers,
                paired: paired(&pruned.values, &dense_finetuned.values),
                dense,
                dense_finetuned,
                pruned,
            });
        }
    }
    Ok(transfers)
}
