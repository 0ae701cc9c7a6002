//! From flags and a table to everything that decides a result.

use spat_series::Series;
use spat_series::{SplitError, SplitRule};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, OptimizerConfig, PlanError, PruneRule,
    TrainingConfig, Window,
};

use crate::args::{
    FinetuneArgs, ModelArgs, OptimizerName, ReadArgs, RunArgs, SplitArgs, TrainingArgs, WindowArgs,
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
        .and_then(|model| model.choice.preset)
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
        scorer: args.prune.scorer,
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
    let dates = series.index.stamps().is_some() && !args.settings.is_off("time-stamps");
    let model = args.choice.model;
    let (mut config, training) = match args.choice.preset {
        Some(preset) => model.published(preset, horizon, channels, dates),
        None => {
            let lookback = windows.lookback.unwrap_or(LOOKBACK);
            model.defaults(Window::new(lookback, horizon, channels), dates)
        }
    };
    if let Some(lookback) = windows.lookback {
        config.set_window(Window::new(lookback, horizon, channels));
    }
    // A flag that would change nothing is refused, not ignored.
    args.settings.apply(&mut config).map_err(|flag| {
        input(format!(
            "{flag} is not a setting of {}; leave it out or choose another --model",
            model.id
        ))
    })?;
    config.check()?;
    Ok((config, training))
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
