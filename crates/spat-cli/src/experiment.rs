//! From flags and a table to everything that decides a result.

use spat_series::Series;
use spat_series::{SplitError, SplitRule};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, ModelKind, OptimizerConfig, PatchTstLayout,
    PlanError, PruneRule, TrainingConfig, preset,
};

use crate::args::{
    FinetuneArgs, ModelArgs, OptimizerName, ReadArgs, RunArgs, SplitArgs, TrainingArgs, WindowArgs,
    model_name,
};
use crate::failure::input;
use crate::hints::Advice;

/// Look-back where neither a flag nor a preset says another.
const LOOKBACK: usize = 96;

/// How the table is read: the preset's way, then the flags.
pub(crate) fn data_config(
    model: Option<&ModelArgs>,
    read: &ReadArgs,
    split: &SplitArgs,
) -> DataConfig {
    let mut data = model
        .and_then(|model| model.preset)
        .map_or_else(DataConfig::default, |preset| preset.data());
    read.apply(&mut data.read, &mut data.series);
    if let Some(rule) = split.rule() {
        data.split = rule;
    }
    data
}

/// The whole experiment of `spat run`, checked so far that only the training itself can fail.
pub(crate) fn of(args: &RunArgs, data: DataConfig, series: &Series) -> anyhow::Result<Experiment> {
    let (forecaster, training) = forecaster(&args.model, &args.windows, series)?;
    let training = trained(&training, &args.training)?;
    let experiment = Experiment {
        finetune: finetuned(&training, &args.finetune),
        data,
        forecaster,
        training,
        send: args.score.options(),
        prune: args.prune.rule(),
        controls: Controls {
            dense_finetuned: !args.finetune.no_dense_control,
            pruned_from_scratch: args.finetune.scratch_control,
        },
        seed: args.seed,
    };
    check(&experiment, series)?;
    Ok(experiment)
}

/// Finds out before anything is written or trained whether the experiment can be carried out.
pub(crate) fn check(experiment: &Experiment, series: &Series) -> anyhow::Result<()> {
    let forecaster = &experiment.forecaster;
    experiment.check()?;
    // Said here: where the engine fails, it tells of it itself.
    spat_engine::validate_for(experiment, series).map_err(|error| input(error.to_string()))?;
    check_split(experiment.data.split, series.rows(), forecaster)?;
    check_protected(&experiment.prune, forecaster)?;
    Ok(())
}

/// The model of these sizes, and the training that its preset or kind asks for.
pub(crate) fn forecaster(
    args: &ModelArgs,
    windows: &WindowArgs,
    series: &Series,
) -> anyhow::Result<(ForecasterConfig, TrainingConfig)> {
    let (horizon, channels) = (windows.horizon, series.channel_count());
    let dates = series.index.stamps().is_some() && !args.no_time_stamps;
    let (mut config, training) = match args.preset {
        Some(preset) => preset.settings(args.model, horizon, channels, dates),
        None => without_preset(
            args.model,
            windows.lookback.unwrap_or(LOOKBACK),
            horizon,
            channels,
            dates,
        ),
    };
    if let Some(rows) = windows.lookback {
        set_lookback(&mut config, rows);
    }
    set_sizes(&mut config, args)?;
    config.check()?;
    Ok((config, training))
}

fn without_preset(
    kind: ModelKind,
    lookback: usize,
    horizon: usize,
    channels: usize,
    dates: bool,
) -> (ForecasterConfig, TrainingConfig) {
    let config = match kind {
        ModelKind::ITransformer => {
            ForecasterConfig::ITransformer(preset::itransformer(lookback, horizon, channels, dates))
        }
        ModelKind::PatchTst => {
            ForecasterConfig::PatchTst(preset::patchtst(lookback, horizon, channels))
        }
        ModelKind::PatchTstAuthors => ForecasterConfig::PatchTst(spat_spec::PatchTstConfig {
            layout: PatchTstLayout::Authors,
            head_dropout: 0.0,
            ..preset::patchtst(lookback, horizon, channels)
        }),
        ModelKind::DLinear => return preset::dlinear(lookback, horizon, channels),
        ModelKind::RLinear => return preset::rlinear(lookback, horizon, channels),
    };
    (config, TrainingConfig::default())
}

fn set_lookback(config: &mut ForecasterConfig, rows: usize) {
    match config {
        ForecasterConfig::ITransformer(c) => c.lookback = rows,
        ForecasterConfig::PatchTst(c) => c.lookback = rows,
        ForecasterConfig::DLinear(c) => c.lookback = rows,
        ForecasterConfig::RLinear(c) => c.lookback = rows,
    }
}

fn set_sizes(config: &mut ForecasterConfig, args: &ModelArgs) -> anyhow::Result<()> {
    let encoder = [
        ("--layers", args.layers.is_some()),
        ("--width", args.width.is_some()),
        ("--ff", args.ff.is_some()),
        ("--heads", args.heads.is_some()),
        ("--dropout", args.dropout.is_some()),
    ];
    let patches = [
        ("--patch", args.patch.is_some()),
        ("--stride", args.stride.is_some()),
    ];
    match config {
        ForecasterConfig::ITransformer(c) => {
            refuse(args.model, &patches)?;
            put(&mut c.layers, args.layers);
            put(&mut c.d_model, args.width);
            put(&mut c.d_ff, args.ff.or(args.width));
            put(&mut c.heads, args.heads);
            put(&mut c.dropout, args.dropout);
        }
        ForecasterConfig::PatchTst(c) => {
            put(&mut c.layers, args.layers);
            put(&mut c.d_model, args.width);
            put(&mut c.d_ff, args.ff);
            put(&mut c.heads, args.heads);
            put(&mut c.dropout, args.dropout);
            put(&mut c.patch_len, args.patch);
            put(&mut c.stride, args.stride);
        }
        ForecasterConfig::DLinear(_) | ForecasterConfig::RLinear(_) => {
            refuse(args.model, &encoder)?;
            refuse(args.model, &patches)?;
        }
    }
    Ok(())
}

/// A flag that would change nothing is refused, not passed over.
fn refuse(kind: ModelKind, flags: &[(&str, bool)]) -> anyhow::Result<()> {
    match flags.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(input(format!(
            "{flag} means nothing to {}; leave it out or choose another --model",
            model_name(kind)
        ))),
        None => Ok(()),
    }
}

/// The training that flags make of a preset's.
pub(crate) fn trained(
    preset: &TrainingConfig,
    args: &TrainingArgs,
) -> anyhow::Result<TrainingConfig> {
    let decay = args.weight_decay.unwrap_or(0.01);
    let optimizer = match args.optimizer {
        Some(OptimizerName::AdamW) => OptimizerConfig::AdamW {
            weight_decay: decay,
        },
        Some(OptimizerName::Adam) => OptimizerConfig::Adam,
        None => preset.optimizer,
    };
    if args.weight_decay.is_some() && optimizer == OptimizerConfig::Adam {
        return Err(input(
            "--weight-decay means nothing to Adam; add --optimizer adamw",
        ));
    }
    Ok(TrainingConfig {
        epochs: args.epochs.unwrap_or(preset.epochs),
        batch: args.batch.unwrap_or(preset.batch),
        learning_rate: args.learning_rate.unwrap_or(preset.learning_rate),
        schedule: args.schedule.unwrap_or(preset.schedule),
        patience: args.patience.map_or(preset.patience, |patience| patience.0),
        optimizer,
        clip_norm: args.clip_norm.or(preset.clip_norm),
    })
}

fn finetuned(training: &TrainingConfig, args: &FinetuneArgs) -> TrainingConfig {
    let like = Experiment::finetune_like(training);
    TrainingConfig {
        epochs: args.finetune_epochs,
        learning_rate: args.finetune_learning_rate.unwrap_or(like.learning_rate),
        ..like
    }
}

/// Rows enough for every part; otherwise the error names what would fit.
pub(crate) fn check_split(
    rule: SplitRule,
    rows: usize,
    forecaster: &ForecasterConfig,
) -> anyhow::Result<()> {
    let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
    let Err(error) = rule.apply(rows, lookback, horizon) else {
        return Ok(());
    };
    let fits = fitting(rule, rows, lookback, horizon)
        .filter(|_| matches!(error, SplitError::PartTooShort { .. }));
    match fits {
        Some((lookback, horizon)) => Err(anyhow::Error::new(error).context(Advice(format!(
            "--lookback {lookback} --horizon {horizon} would fit"
        )))),
        None => Err(error.into()),
    }
}

/// The longest windows, no longer than asked for, that the split has room for; the look-back is
/// shortened only where no horizon fits it.
pub(crate) fn fitting(
    rule: SplitRule,
    rows: usize,
    lookback: usize,
    horizon: usize,
) -> Option<(usize, usize)> {
    let mut back = lookback.min(rows);
    while back > 0 {
        let fits = |ahead: &usize| rule.apply(rows, back, *ahead).is_ok();
        // A forecast of a row or two from a long look-back is not what anybody wants.
        let least = (back / 8).max(1).min(horizon);
        if let Some(ahead) = (least..=horizon.min(rows)).rev().find(fits) {
            return Some((back, ahead));
        }
        back /= 2;
    }
    None
}

/// A protected name that no module has would be noticed only after the training.
fn check_protected(rule: &PruneRule, forecaster: &ForecasterConfig) -> Result<(), PlanError> {
    let modules = forecaster.modules();
    match rule.protect.iter().find(|name| !modules.contains(name)) {
        Some(name) => Err(PlanError::UnknownProtected(name.clone())),
        None => Ok(()),
    }
}

fn put<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_found() {
        let rule = SplitRule::default();
        // 30 validation rows: the horizon shrinks, the look-back stays.
        assert_eq!(fitting(rule, 300, 96, 96), Some((96, 30)));
        // 42 train rows hold no look-back of 96.
        let (lookback, horizon) = fitting(rule, 60, 96, 96).unwrap();
        assert!(rule.apply(60, lookback, horizon).is_ok());
        assert_eq!(fitting(rule, 2, 96, 96), None);
    }
}
