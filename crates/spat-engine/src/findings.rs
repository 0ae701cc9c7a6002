//! The results of a run as parts of the report.

use std::collections::BTreeMap;

use spat_series::{Baseline, FEWEST_VALIDATION_WINDOWS, Metrics, Part};
use spat_spec::{
    Change, ControlResult, DataFacts, EpochResult, ForecasterConfig, MeanErrors, ModelResult, Plan,
    Rounding, Structure, TestMetrics, ValResult, WindowCounts, kept_in_words, percent_change,
};

use crate::comparisons::TestErrors;
use crate::control::Control;
use crate::dataset::Dataset;
use crate::error::JobError;
use crate::evaluate::{baseline_metrics, mean_squared_error, metrics};
use crate::measure::Timings;
use crate::run_context::RunContext;
use crate::trainer::Trained;

/// The errors of the control `name`; those of each test window go to `errors`.
pub(crate) async fn control_result(
    context: &RunContext<'_>,
    name: &str,
    trained: &Trained,
    errors: &mut TestErrors,
    control: &mut Control<'_>,
) -> Result<ControlResult, JobError> {
    let (test, windows) = metrics(&trained.model, context, Part::Test, control).await?;
    let val = mean_squared_error(&trained.model, context, Part::Val, control).await?;
    errors.add(name, windows);
    Ok(ControlResult {
        test: MeanErrors {
            mse: test.scaled.mse,
            mae: test.scaled.mae,
        },
        val: ValResult { mse: val },
        epochs: trained.history.len(),
    })
}

/// The errors, cost and times of the model `name`; the errors of each test window go to `errors`.
pub(crate) async fn model_result(
    context: &RunContext<'_>,
    name: &str,
    (trained, structure): (&Trained, &Structure),
    times: Timings,
    errors: &mut TestErrors,
    control: &mut Control<'_>,
) -> Result<ModelResult, JobError> {
    let (full, windows) = metrics(&trained.model, context, Part::Test, control).await?;
    errors.add(name, windows);
    let val = mean_squared_error(&trained.model, context, Part::Val, control).await?;
    let cost = structure.cost();
    Ok(ModelResult {
        structure: structure.clone(),
        test: TestMetrics {
            mse: full.scaled.mse,
            mae: full.scaled.mae,
            full,
        },
        val: ValResult { mse: val },
        params: cost.params,
        macs: cost.macs,
        epochs: trained.history.len(),
        step_ms_median: times.step_ms,
        infer_ms_median: times.infer_ms,
        history: trained.history.clone(),
        before_finetune: None,
    })
}

/// Baseline forecasts on the test windows; the errors of each window go to `errors`.
pub(crate) async fn baselines(
    dataset: &Dataset,
    errors: &mut TestErrors,
    control: &mut Control<'_>,
) -> Result<BTreeMap<String, Metrics>, JobError> {
    let season = dataset.series.index.frequency().season_length();
    let mut results = BTreeMap::new();
    for (name, baseline) in [
        ("naive", Baseline::Naive),
        ("seasonal_naive", Baseline::SeasonalNaive { season }),
        ("drift", Baseline::Drift),
        ("mean", Baseline::Mean),
    ] {
        let (test, windows) = baseline_metrics(&baseline, dataset, Part::Test, control).await?;
        errors.add(name, windows);
        results.insert(name.to_owned(), test);
    }
    Ok(results)
}

/// Facts about the table for the report.
pub(crate) fn data_facts(name: &str, dataset: &Dataset) -> DataFacts {
    let series = &dataset.series;
    let count = |part| dataset.windows(part).len();
    DataFacts {
        name: name.to_owned(),
        rows: series.rows(),
        channels: series.channel_count(),
        channel_names: series.channels.clone(),
        frequency: series.index.step_name(),
        season: series.index.frequency().season_length(),
        windows: WindowCounts {
            train: count(Part::Train),
            val: count(Part::Val),
            test: count(Part::Test),
        },
        repairs: series.repairs.clone(),
    }
}

/// Pruned against dense.
pub(crate) fn change(dense: &ModelResult, pruned: &ModelResult) -> Change {
    Change {
        mse_percent: percent_change(dense.test.mse, pruned.test.mse),
        mae_percent: percent_change(dense.test.mae, pruned.test.mae),
        params_percent: percent_change(dense.params as f64, pruned.params as f64),
        macs_percent: percent_change(dense.macs as f64, pruned.macs as f64),
        step_time_percent: percent_change(dense.step_ms_median, pruned.step_ms_median),
        infer_time_percent: percent_change(dense.infer_ms_median, pruned.infer_ms_median),
    }
}

/// Notes that qualify the results.
pub(crate) fn notes(
    data: &DataFacts,
    dataset: &Dataset,
    plan: &Plan,
    finetuning: &[EpochResult],
    forecaster: &ForecasterConfig,
) -> Vec<String> {
    let mut notes = data.repairs.lines();
    if dataset.has_weights() {
        notes.push(
            "Cells before a channel's first value and after its last are inputs only: neither the loss nor the errors count them."
                .to_owned(),
        );
    }
    if data.windows.val < FEWEST_VALIDATION_WINDOWS {
        notes.push(format!(
            "{} validation windows are too few: early stopping is not reliable, and the forecasts have no intervals.",
            data.windows.val
        ));
    }
    notes.push(format!(
        "Every one of the {} test windows is counted; errors are in scaled space unless said otherwise.",
        data.windows.test
    ));
    notes.push(
        "One seed: differences of a few percent are within what another seed would give."
            .to_owned(),
    );
    let modules = plan.scores.len();
    if modules == 0 {
        notes.push(format!("{} has no attention modules, so there is nothing to prune; the \"pruned\" figures are those of the dense model.", forecaster.name()));
    } else if plan
        .scores
        .iter()
        .all(|score| plan.rule.protect.contains(&score.module))
    {
        notes.push(format!("Each of the {modules} attention modules is protected, so none is removed; the \"pruned\" figures are those of the dense model."));
    } else if plan.removed.is_empty() && plan.search.is_none() {
        notes.push(format!("A ratio of {} of {modules} modules, rounded {}, removes none; the \"pruned\" figures are those of the dense model.", plan.ratio, rounding(plan)));
    } else if modules <= 2 {
        notes.push(format!(
            "A ranking of {modules} modules is close to chance; a model with more layers gives more evidence."
        ));
    }
    notes.extend(kept_in_words(finetuning));
    notes.extend(forecaster.score_note().map(str::to_owned));
    if plan.removed.len() == modules && modules > 0 {
        notes.push(format!(
            "All attention is removed: {}.",
            forecaster.without_attention()
        ));
    }
    notes
}

fn rounding(plan: &Plan) -> &'static str {
    match plan.rule.rounding {
        Rounding::Floor => "down",
        Rounding::Round => "to the nearest",
        Rounding::Ceil => "up",
    }
}
