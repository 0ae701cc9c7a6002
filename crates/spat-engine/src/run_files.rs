//! The files of a finished run.

use spat_model::Forecaster;
use spat_spec::{Checkpoint, CheckpointHeader, DataConfig, FORMAT, Plan, Report, Structure};

use crate::calibration;
use crate::control::Control;
use crate::error::JobError;
use crate::run_context::RunContext;
use crate::sample::forecasts_csv;
use crate::store::RunStore;

/// Writes both models, the forecasts and the report. `report.json` marks a run as finished and is written
/// last.
pub(crate) async fn write_run(
    report: &Report,
    dense: &Forecaster,
    pruned: &Forecaster,
    context: &RunContext<'_>,
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<(), JobError> {
    let data = &report.experiment.data;
    let structure = &report.dense.structure;
    let file = checkpoint(dense, structure, None, data, context, control).await?;
    store.write("dense.safetensors", &file).await?;
    let plan = Some(report.plan.clone());
    let structure = &report.pruned.structure;
    let file = checkpoint(pruned, structure, plan, data, context, control).await?;
    store.write("pruned.safetensors", &file).await?;
    let forecasts = forecasts_csv(&report.sample, context.dataset);
    store.write("forecasts.csv", forecasts.as_bytes()).await?;
    store
        .write("report.html", spat_report::html(report).as_bytes())
        .await?;
    Ok(store.write("report.json", &pretty(report)?).await?)
}

async fn checkpoint(
    model: &Forecaster,
    structure: &Structure,
    plan: Option<Plan>,
    data: &DataConfig,
    context: &RunContext<'_>,
    control: &mut Control<'_>,
) -> Result<Vec<u8>, JobError> {
    let mut weights = model.weights().await?;
    weights.extend(calibration::arrays(model, context, control).await?);
    let series = &context.dataset.series;
    let header = CheckpointHeader {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        structure: structure.clone(),
        channels: series.channels.clone(),
        scaler: context.dataset.scaler.clone(),
        frequency: series.index.frequency(),
        data: data.clone(),
        plan,
    };
    Ok(Checkpoint { header, weights }.to_bytes()?)
}

/// Indented JSON.
pub(crate) fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, JobError> {
    serde_json::to_vec_pretty(value).map_err(|error| JobError::RunFile {
        name: "report".to_owned(),
        reason: error.to_string(),
    })
}
