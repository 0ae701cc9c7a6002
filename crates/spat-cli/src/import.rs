//! `spat import`.

use std::process::ExitCode;

use anyhow::Context as _;
use spat_engine::device::DeviceChoice;
use spat_engine::{Dataset, SavedForecaster};
use spat_model::from_pytorch_file;
use spat_spec::{Checkpoint, CheckpointHeader, DataConfig, FORMAT, ForecasterConfig, Structure};

use crate::args::ImportArgs;
use crate::failure::input;
use crate::hints::Advice;
use crate::table::{self, Loaded};
use crate::{backbone, device, experiment, model_file, output, run_folder};

/// Converts PyTorch weights to a model file.
pub(crate) fn import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    model_file::refuse_overwriting(&args.output, &[&args.weights, &args.data])?;
    // Gives a missing file the usual message.
    table::read_file(&args.weights)?;
    let (loaded, forecaster, data) = target(args)?;
    let structure = Structure::dense(forecaster.clone());
    let unfit = || {
        Advice("the model's sizes are --layers, --width, --ff, --heads, --lookback, --horizon, or --like".to_owned())
    };
    let whose = || args.weights.display().to_string();
    let weights = from_pytorch_file(&args.weights, &structure)
        .with_context(whose)
        .with_context(unfit)?;
    let dataset = Dataset::for_forecaster(loaded.series.clone(), data.split, &forecaster)?;
    let checkpoint = Checkpoint {
        header: CheckpointHeader {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            structure,
            channels: loaded.series.channels.clone(),
            scaler: dataset.scaler,
            frequency: loaded.series.index.frequency(),
            data,
            plan: None,
        },
        weights,
    };
    let bytes = checkpoint.to_bytes()?;
    // Names, shapes and values are checked before anything is written.
    let (cpu, _, _) = device::choose(DeviceChoice::Cpu)?;
    let written = Checkpoint::from_bytes(&bytes).with_context(whose)?;
    SavedForecaster::new(written, &cpu)
        .with_context(whose)
        .with_context(unfit)?;
    model_file::write_whole(&args.output, &bytes)?;
    output::note(&format!(
        "{} written to {}; next: spat evaluate {} {}",
        forecaster.name(),
        args.output.display(),
        args.output.display(),
        args.data.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The table and the structure that the weights belong to.
fn target(args: &ImportArgs) -> anyhow::Result<(Loaded, ForecasterConfig, DataConfig)> {
    let whose = || args.data.display().to_string();
    let Some(like) = &args.like else {
        let data = experiment::data_config(Some(&args.model), &args.read, &args.split);
        let loaded = table::load(&args.data, &data)?;
        let lengths = experiment::usual_lengths(&args.windows);
        let (forecaster, _) = experiment::forecaster(&args.model, lengths, &loaded.series)?;
        experiment::check_split(data.split, &loaded.series, &forecaster).with_context(whose)?;
        return Ok((loaded, forecaster, data));
    };
    let saved = run_folder::read_experiment(like)?;
    backbone::require(&saved.forecaster, &args.model.choice.backbone, &[])?;
    let loaded = table::load(&args.data, &saved.data)?;
    let (expected, found) = (saved.forecaster.channels(), loaded.series.channel_count());
    if expected != found {
        return Err(input(format!(
            "`{}` is for {expected} channels, and `{}` has {found}",
            like.display(),
            args.data.display()
        )));
    }
    experiment::check(&saved, &loaded.series).with_context(whose)?;
    Ok((loaded, saved.forecaster, saved.data))
}
