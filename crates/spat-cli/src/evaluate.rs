//! `spat evaluate`.

use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;
use spat_series::{Metrics, Part};
use spat_spec::Structure;

use crate::args::EvaluateArgs;
use crate::{device, metrics_table, model_file, output};

/// The result, and what it was measured on.
#[derive(Serialize)]
struct Evaluation<'a> {
    model: String,
    data: &'a str,
    part: Part,
    channels: &'a [String],
    structure: &'a Structure,
    metrics: &'a Metrics,
}

/// Evaluates a saved model on a table; nothing is fitted.
pub(crate) fn evaluate(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let (device, line) = device::ready(&args.device)?;
    let mut saved = model_file::load(&args.model, &device, &args.backbone)?;
    let loaded = model_file::table_for(&saved.header, &args.data, &args.read)?;
    if let Some(rule) = args.split.rule() {
        saved.header.data.split = rule;
    }
    let structure = saved.header.structure.clone();
    // Only the requested part needs windows.
    let split = saved.header.data.split.ranges(loaded.series.rows());
    split
        .and_then(|split| {
            let forecaster = &structure.forecaster;
            let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
            split.require_windows(args.part, &loaded.series, lookback, horizon)
        })
        .with_context(|| args.data.display().to_string())?;
    output::note(&line);
    let (metrics, _) = pollster::block_on(saved.evaluate(&loaded.series, args.part))
        .with_context(|| args.data.display().to_string())?;
    if args.json {
        output::json(&Evaluation {
            model: args.model.display().to_string(),
            data: &loaded.name,
            part: args.part,
            channels: &saved.header.channels,
            structure: &structure,
            metrics: &metrics,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let removed = structure.attention.len() - structure.kept().count();
    let title = format!(
        "{} ({removed} of {} attention modules removed) on the {} {} windows of {}, nothing fitted to them",
        structure.forecaster.name(),
        structure.attention.len(),
        metrics.windows,
        args.part,
        loaded.name
    );
    let text = format!(
        "{title}\n\n{}",
        metrics_table::text(&metrics, &saved.header.channels)
    );
    output::result(&output::visible(&text))?;
    Ok(ExitCode::SUCCESS)
}
