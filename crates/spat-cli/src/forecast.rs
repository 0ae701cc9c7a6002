//! `spat forecast`.

use std::process::ExitCode;

use anyhow::Context as _;

use crate::args::ForecastArgs;
use crate::{device, model_file, output};

/// Forecasts the rows after the last one.
pub(crate) fn forecast(args: &ForecastArgs) -> anyhow::Result<ExitCode> {
    if let Some(path) = &args.output {
        model_file::refuse_overwriting(path, &[&args.model, &args.data])?;
    }
    let (device, line) = device::ready(&args.device)?;
    let saved = model_file::load(&args.model, &device, &args.backbone)?;
    let loaded = model_file::table_for(&saved.header, &args.data, &args.read)?;
    output::note(&line);
    let future = pollster::block_on(saved.future(&loaded.series))
        .with_context(|| args.data.display().to_string())?;
    if future.intervals.is_empty() {
        output::note(
            "warning: the model file has no validation errors, so the forecast has no intervals \
             (imported weights have none, nor has a table that left too few validation windows)",
        );
    }
    let text = future.to_csv(&loaded.shape);
    let Some(path) = &args.output else {
        // Names are not escaped for files and other programs.
        if output::stdout_is_terminal() {
            output::result(&output::visible(&text))?;
        } else {
            output::result(&text)?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    model_file::write_whole(path, text.as_bytes())?;
    let rows = future.values.len() / future.channels.len().max(1);
    output::note(&format!(
        "{} × {} written to {}",
        spat_report::number::plural(rows, "row"),
        spat_report::number::plural(future.channels.len(), "channel"),
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}
