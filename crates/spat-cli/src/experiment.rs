//! The experiment that flags and a table define.

use spat_series::{FEWEST_VALIDATION_WINDOWS, Part, Series, SplitError, SplitRule, WindowLengths};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, OptimizerConfig, PlanError, PruneRule,
    TrainingConfig, Window, rough_duration,
};

use crate::args::{
    FinetuneArgs, ModelArgs, OptimizerName, ReadArgs, RunArgs, SplitArgs, TrainingArgs, WindowArgs,
};
use crate::backbone;
use crate::failure::input;
use crate::hints::Advice;

/// Default window lengths, for tables that are long enough.
const USUAL: WindowLengths = WindowLengths {
    lookback: 96,
    horizon: 96,
};

/// Number of channels from which their cost is printed before a training.
const MANY_CHANNELS: usize = 300;

/// How the table is read: the preset's options, overridden by the flags.
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

/// The experiment of `spat run`, checked so that only the training itself can fail.
pub(crate) fn of(args: &RunArgs, data: DataConfig, series: &Series) -> anyhow::Result<Experiment> {
    let lengths = window_lengths(&args.model, &args.windows, series, data.split);
    let (forecaster, training) = forecaster(&args.model, lengths, series)?;
    let training = match args.model.choice.preset {
        Some(_) => training,
        None => training.for_windows(training_windows(series, data.split, &forecaster)),
    };
    let training = trained(&training, &args.training)?;
    let experiment = Experiment {
        finetune: finetuned(
            &training,
            &args.finetune,
            args.model.choice.preset.is_some(),
        ),
        data,
        forecaster,
        training,
        scorer: args.prune.scorer,
        send: args.score.options(),
        prune: args.prune.rule()?,
        controls: Controls {
            dense_finetuned: !args.finetune.no_dense_control,
            pruned_from_scratch: args.finetune.scratch_control,
            linear_baselines: !args.finetune.no_linear_baselines,
        },
        seed: args.seed,
    };
    check(&experiment, series)?;
    Ok(experiment)
}

/// Number of training windows; 0 if the table has no room for windows, which is an error later.
fn training_windows(series: &Series, rule: SplitRule, forecaster: &ForecasterConfig) -> usize {
    let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
    let split = rule.apply_to(series, lookback, horizon);
    split.map_or(0, |split| {
        split.windows(Part::Train, series, lookback, horizon).len()
    })
}

/// Checks before anything is written or trained whether the experiment is possible.
pub(crate) fn check(experiment: &Experiment, series: &Series) -> anyhow::Result<()> {
    let forecaster = &experiment.forecaster;
    experiment.check()?;
    // Printed here; if the engine fails, it emits this itself.
    spat_engine::validate_for(experiment, series).map_err(|error| input(error.to_string()))?;
    check_split(experiment.data.split, series, forecaster)?;
    check_protected(&experiment.prune, forecaster)?;
    Ok(())
}

/// Look-back and horizon: those of the flags, or else those that suit the table. A preset
/// has its own look-back, which is `None` then.
pub(crate) fn window_lengths(
    model: &ModelArgs,
    windows: &WindowArgs,
    series: &Series,
    split: SplitRule,
) -> (Option<usize>, usize) {
    if model.choice.preset.is_some() {
        return usual_lengths(windows);
    }
    let suited = WindowLengths::suited(series, split, USUAL);
    let fits = |lookback, horizon| split.apply_to(series, lookback, horizon).is_ok();
    match (windows.lookback, windows.horizon) {
        (None, None) => (Some(suited.lookback), suited.horizon),
        (Some(lookback), None) => {
            let horizon = [USUAL.horizon, suited.horizon];
            let horizon = horizon.into_iter().find(|h| fits(lookback, *h));
            (Some(lookback), horizon.unwrap_or(USUAL.horizon))
        }
        (None, Some(horizon)) => {
            let lookback = [USUAL.lookback, suited.lookback];
            let lookback = lookback.into_iter().find(|l| fits(*l, horizon));
            (Some(lookback.unwrap_or(USUAL.lookback)), horizon)
        }
        (lookback, Some(horizon)) => (lookback, horizon),
    }
}

/// Look-back and horizon of the flags, or else the defaults, without regard to the table: those of
/// a model that exists, or of several tables.
pub(crate) fn usual_lengths(windows: &WindowArgs) -> (Option<usize>, usize) {
    (windows.lookback, windows.horizon.unwrap_or(USUAL.horizon))
}

/// Notes about the windows before a training: lengths that were chosen automatically, and too few
/// windows for validation.
pub(crate) fn window_notes(
    model: &ModelArgs,
    windows: &WindowArgs,
    experiment: &Experiment,
    series: &Series,
) -> Vec<String> {
    let forecaster = &experiment.forecaster;
    let lengths = WindowLengths {
        lookback: forecaster.lookback(),
        horizon: forecaster.horizon(),
    };
    let mut notes = Vec::new();
    let chosen = model.choice.preset.is_none()
        && ((windows.lookback.is_none() && lengths.lookback != USUAL.lookback)
            || (windows.horizon.is_none() && lengths.horizon != USUAL.horizon));
    if chosen {
        notes.push(format!(
            "look-back {} and horizon {} suit the table of {} rows and its season of {}; \
             --lookback and --horizon set others",
            lengths.lookback,
            lengths.horizon,
            series.rows(),
            series.index.frequency().season_length()
        ));
    }
    if let Ok(count) = lengths.validation_windows(series, experiment.data.split)
        && count < FEWEST_VALIDATION_WINDOWS
    {
        notes.push(format!("warning: {}", few_windows(count)));
    }
    notes.extend(effort_note(experiment, series));
    notes
}

/// Memory from which it is printed before a training: a quarter of a small machine's.
const MUCH_MEMORY: f64 = 2e9;

/// How long the training takes and how much memory it needs, if either is much.
fn effort_note(experiment: &Experiment, series: &Series) -> Option<String> {
    let forecaster = &experiment.forecaster;
    let windows = training_windows(series, experiment.data.split, forecaster);
    let seconds = experiment.training_seconds(windows);
    let memory = experiment.step_memory();
    let channels = series.channel_count();
    (channels >= MANY_CHANNELS || memory >= MUCH_MEMORY).then(|| {
        format!(
            "{channels} channels: training takes about {} on one core of a CPU, and a step about \
             {:.1} GB of memory; fewer --channels, a smaller --batch or --model dlinear need less",
            rough_duration(seconds),
            (memory / 1e9).max(0.1)
        )
    })
}

/// The effect of too few validation windows.
pub(crate) fn few_windows(count: usize) -> String {
    format!(
        "{count} validation {} too few: early stopping is not reliable, and forecasts have no \
         intervals",
        if count == 1 {
            "window is"
        } else {
            "windows are"
        }
    )
}

/// The model of these sizes, and the training of its preset or kind.
pub(crate) fn forecaster(
    args: &ModelArgs,
    (lookback, horizon): (Option<usize>, usize),
    series: &Series,
) -> anyhow::Result<(ForecasterConfig, TrainingConfig)> {
    let channels = series.channel_count();
    let dates = series.index.timestamps().is_some() && !args.settings.is_off("time-stamps");
    let model = args.choice.model;
    let (mut config, training) = match args.choice.preset {
        Some(preset) => model.published(preset, horizon, channels, dates),
        None => {
            let lookback = lookback.unwrap_or(USUAL.lookback);
            model.defaults(Window::new(lookback, horizon, channels), dates)
        }
    };
    if let Some(lookback) = lookback {
        config.set_window(Window::new(lookback, horizon, channels));
    }
    // A flag that would change nothing is refused, not ignored.
    args.settings.apply(&mut config).map_err(|flag| {
        input(format!(
            "{flag} is not a setting of {}; leave it out or choose another --model",
            model.id
        ))
    })?;
    backbone::choose(args, &mut config)?;
    config.check()?;
    Ok((config, training))
}

/// The preset's training, overridden by the flags.
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
        ..preset.clone()
    })
}

/// A preset is fine-tuned as published; flags override either default.
fn finetuned(training: &TrainingConfig, args: &FinetuneArgs, is_preset: bool) -> TrainingConfig {
    let like = if is_preset {
        Experiment::finetune_like(training)
    } else {
        Experiment::finetune_default(training)
    };
    TrainingConfig {
        epochs: args.finetune_epochs,
        learning_rate: match (args.finetune_learning_rate, args.finetune_rate_share) {
            (Some(rate), _) => rate,
            (None, Some(share)) => share * training.learning_rate,
            (None, None) => like.learning_rate,
        },
        schedule: args.finetune_schedule.unwrap_or(like.schedule),
        averaging: args.finetune_average.unwrap_or(like.averaging),
        validations: args.finetune_validations.unwrap_or(like.validations),
        keep_start: args.finetune_keep_start.unwrap_or(like.keep_start),
        ..like
    }
}

/// Checks that every part has enough rows; otherwise the error contains what would fit.
pub(crate) fn check_split(
    rule: SplitRule,
    series: &Series,
    forecaster: &ForecasterConfig,
) -> anyhow::Result<()> {
    let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
    let Err(error) = rule.apply_to(series, lookback, horizon) else {
        return Ok(());
    };
    let short = matches!(
        error,
        SplitError::PartTooShort { .. } | SplitError::NoWindow { .. }
    );
    let fits = fitting(rule, series, lookback, horizon).filter(|_| short);
    match fits {
        Some((lookback, horizon)) => Err(anyhow::Error::new(error).context(Advice(format!(
            "--lookback {lookback} --horizon {horizon} would fit"
        )))),
        None => Err(error.into()),
    }
}

/// The longest windows, not longer than requested, that fit the split, with enough validation windows
/// if possible. The look-back is shortened only where no horizon fits it.
pub(crate) fn fitting(
    rule: SplitRule,
    series: &Series,
    lookback: usize,
    horizon: usize,
) -> Option<(usize, usize)> {
    let rows = series.rows();
    let find = |fewest: usize| {
        let mut back = lookback.min(rows);
        while back > 0 {
            let fits = |ahead: &usize| {
                let lengths = WindowLengths {
                    lookback: back,
                    horizon: *ahead,
                };
                let windows = lengths.validation_windows(series, rule);
                windows.is_ok_and(|windows| windows >= fewest)
            };
            // A horizon of one or two rows with a long look-back is of little use.
            let least = (back / 8).max(1).min(horizon);
            if let Some(ahead) = (least..=horizon.min(rows)).rev().find(fits) {
                return Some((back, ahead));
            }
            back /= 2;
        }
        None
    };
    find(FEWEST_VALIDATION_WINDOWS).or_else(|| find(1))
}

/// Without this check, an unknown protected module would fail only after the training.
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
    use spat_series::TimeIndex;

    #[test]
    fn what_fits_is_found() {
        let rule = SplitRule::default();
        let series = |rows| {
            let index = TimeIndex::Rows { count: rows };
            Series::from_values(vec!["a".to_owned()], vec![0.0; rows], index).unwrap()
        };
        // 40 validation rows: the horizon shrinks to leave 20 windows, the look-back stays.
        assert_eq!(fitting(rule, &series(400), 96, 96), Some((96, 21)));
        // 42 train rows hold no look-back of 96, and 6 validation rows no 20 windows.
        let (lookback, horizon) = fitting(rule, &series(60), 96, 96).unwrap();
        assert!(rule.apply(60, lookback, horizon).is_ok());
        assert_eq!(fitting(rule, &series(2), 96, 96), None);
    }
}
