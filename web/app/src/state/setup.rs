//! Settings of model and training, and the experiment that they define.

use serde::{Deserialize, Serialize};
use spat_series::{Part, Series, SplitRule, WindowLengths};
use spat_spec::{
    AdaptiveRule, Controls, DataConfig, Experiment, FieldValue, ForecasterConfig, Granularity,
    ModelKind, PruneRule, Scorer, SendOptions, Size, TrainingConfig, Window,
};

/// Default window lengths: with hourly rows, one day from four.
const DEFAULT_LENGTHS: WindowLengths = WindowLengths {
    lookback: 96,
    horizon: 24,
};

/// With fewer training windows, batches are smaller and epochs more.
const FEW_WINDOWS: usize = 600;

/// Settings of model and training. The number of channels and the presence of dates follow from the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    /// The model with all of its settings.
    pub(crate) forecaster: ForecasterConfig,
    pub(crate) training: TrainingConfig,
    pub(crate) finetune: TrainingConfig,
    #[serde(default)]
    pub(crate) scorer: Scorer,
    pub(crate) send: SendOptions,
    /// Whether whole modules are removed, or single heads.
    pub(crate) granularity: Granularity,
    /// Whether the number of modules is chosen by the validation error.
    #[serde(default)]
    pub(crate) automatic: bool,
    /// Whether to fine-tune the dense model as long as the pruned one, for comparison.
    pub(crate) dense_control: bool,
    /// Whether linear models are trained beside this one. Links of older versions do not state it.
    #[serde(default = "yes")]
    pub(crate) linear_baselines: bool,
    pub(crate) seed: u64,
}

/// A setup before and after it was fitted to a table.
#[derive(Debug, Clone)]
pub(crate) struct Fit {
    pub(crate) before: Setup,
    pub(crate) after: Setup,
}

fn yes() -> bool {
    true
}

/// Preset sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// For a first impression.
    Quick,
    /// Enough modules for a meaningful ranking.
    Standard,
    /// The literature's size for small data sets.
    Thorough,
}

impl Preset {
    pub(crate) const ALL: [Self; 3] = [Self::Quick, Self::Standard, Self::Thorough];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quick => "Quick",
            Self::Standard => "Standard",
            Self::Thorough => "Thorough",
        }
    }

    /// Whether `setup` has this size, with any number of epochs.
    pub(crate) fn is_size_of(self, setup: &Setup) -> bool {
        let mut resized = setup.forecaster.clone();
        resized.resize(self.values().0);
        size_of(&resized).is_some_and(|size| size_of(&setup.forecaster) == Some(size))
    }

    /// `setup` in this size; window lengths, model kind and seed stay.
    pub(crate) fn apply(self, setup: &Setup) -> Setup {
        let (size, epochs, learning_rate) = self.values();
        let mut setup = setup.clone();
        setup.forecaster.resize(size);
        setup.training.epochs = epochs;
        setup.finetune.epochs = (epochs / 2).max(1);
        setup.set_learning_rate(learning_rate);
        setup
    }

    /// Size, epochs, learning rate.
    fn values(self) -> (Size, usize, f64) {
        let size = |width, layers, heads| Size {
            width,
            layers,
            heads,
        };
        match self {
            Self::Quick => (size(32, 3, 4), 2, 2e-3),
            Self::Standard => (size(64, 4, 4), 2, 1e-3),
            Self::Thorough => (size(128, 4, 8), 10, 5e-4),
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        let window = Window::new(DEFAULT_LENGTHS.lookback, DEFAULT_LENGTHS.horizon, 1);
        let training = TrainingConfig::default();
        Preset::Quick.apply(&Self {
            forecaster: ModelKind::default().defaults(window, true).0,
            finetune: Experiment::finetune_default(&training),
            training,
            scorer: Scorer::default(),
            send: SendOptions::default(),
            granularity: Granularity::Modules,
            automatic: false,
            dense_control: true,
            linear_baselines: true,
            seed: 1,
        })
    }
}

impl Setup {
    /// Another model of the same size, with the same windows.
    pub(crate) fn set_kind(&mut self, kind: ModelKind) {
        // A model may have fewer layers than its preset names, which the next one does not take over.
        let preset = Preset::ALL
            .into_iter()
            .find(|preset| preset.is_size_of(self));
        let size = preset.map_or_else(
            || size_of(&self.forecaster).unwrap_or(Preset::Quick.values().0),
            |preset| preset.values().0,
        );
        self.forecaster = kind.defaults(self.forecaster.window(), true).0;
        self.forecaster.resize(size);
    }

    /// Sets look-back and horizon.
    pub(crate) fn set_window(&mut self, lookback: usize, horizon: usize) {
        let channels = self.forecaster.channels();
        self.forecaster
            .set_window(Window::new(lookback, horizon, channels));
    }

    /// Sets the learning rate; fine-tuning starts at half of it.
    pub(crate) fn set_learning_rate(&mut self, rate: f64) {
        self.training.learning_rate = rate;
        self.finetune.learning_rate = rate / 2.0;
    }

    /// The experiment for a table of `channels` channels, with or without dates.
    pub(crate) fn experiment(
        &self,
        data: DataConfig,
        channels: usize,
        dates: bool,
        ratio: f64,
    ) -> Experiment {
        let mut forecaster = self.forecaster.clone();
        let window = Window {
            channels,
            ..forecaster.window()
        };
        forecaster.set_window(window);
        if !dates {
            // A table without dates has no time features.
            forecaster.set("time-stamps", FieldValue::Switch(false));
        }
        Experiment {
            data,
            forecaster,
            finetune: self.finetune.clone(),
            training: self.training.clone(),
            scorer: self.scorer,
            send: self.send,
            prune: self.prune_rule(ratio, PruneRule::default()),
            controls: Controls {
                dense_finetuned: self.dense_control,
                pruned_from_scratch: false,
                linear_baselines: self.linear_baselines,
            },
            seed: self.seed,
        }
    }

    /// The rule with what is removed and how many: by `ratio`, or chosen by the validation error, which takes whole
    /// modules.
    pub(crate) fn prune_rule(&self, ratio: f64, others: PruneRule) -> PruneRule {
        PruneRule {
            ratio,
            granularity: self.granularity,
            adaptive: self.chooses().then(AdaptiveRule::default),
            ..others
        }
    }

    /// Whether the modules are chosen by the validation error.
    pub(crate) fn chooses(&self) -> bool {
        self.automatic && self.granularity.is_modules()
    }

    /// Takes back what [`Setup::fit_to`] changed for the last table, which `fit` records; what the user changed
    /// since then stays.
    pub(crate) fn undo_fit(&mut self, fit: &Fit) {
        if *self == fit.after {
            *self = fit.before.clone();
        } else if self.lengths() == fit.after.lengths() {
            let (lookback, horizon) = fit.before.lengths();
            self.set_window(lookback, horizon);
        }
    }

    fn lengths(&self) -> (usize, usize) {
        (self.forecaster.lookback(), self.forecaster.horizon())
    }

    /// Keeps window lengths that the user chose and that fit this table; replaces others, see
    /// [`WindowLengths::suited`]. With a short table, batches are also smaller and epochs more.
    pub(crate) fn fit_to(&mut self, series: &Series) {
        let split = SplitRule::default();
        let (lookback, horizon) = self.lengths();
        let fits = split.apply_to(series, lookback, horizon).is_ok();
        let chosen = (lookback, horizon) != (DEFAULT_LENGTHS.lookback, DEFAULT_LENGTHS.horizon);
        if fits && chosen {
            return;
        }
        let WindowLengths { lookback, horizon } =
            WindowLengths::suited(series, split, DEFAULT_LENGTHS);
        self.set_window(lookback, horizon);
        let windows = split
            .apply_to(series, lookback, horizon)
            .map_or(0, |split| {
                split.windows(Part::Train, series, lookback, horizon).len()
            });
        if windows < FEW_WINDOWS {
            self.training.batch = (windows / 16).clamp(4, 32);
            self.training.epochs = self.training.epochs.max(8);
            self.finetune.batch = self.training.batch;
        }
    }

    /// Copies the settings of another run.
    pub(crate) fn read_back(&mut self, experiment: &Experiment) {
        *self = Self {
            forecaster: experiment.forecaster.clone(),
            training: experiment.training.clone(),
            finetune: experiment.finetune.clone(),
            scorer: experiment.scorer,
            send: experiment.send,
            granularity: experiment.prune.granularity,
            automatic: experiment.prune.adaptive.is_some(),
            dense_control: experiment.controls.dense_finetuned,
            linear_baselines: experiment.controls.linear_baselines,
            seed: experiment.seed,
        };
    }
}

/// Width, layers and heads, if the model has them.
fn size_of(forecaster: &ForecasterConfig) -> Option<Size> {
    let fields = forecaster.fields();
    let count = |flag: &str| {
        fields.iter().find_map(|(info, value)| match value {
            FieldValue::Count(value) if info.flag == flag => Some(*value),
            _ => None,
        })
    };
    Some(Size {
        width: count("width")?,
        layers: count("layers")?,
        heads: count("heads")?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use spat_series::TimeIndex;
    use spat_spec::Schedule;

    fn series(rows: usize, step: i64) -> Series {
        let timestamps = (0..rows as i64).map(|row| row * step).collect();
        let index = TimeIndex::from_timestamps(timestamps);
        Series::from_values(vec!["a".to_owned()], vec![0.0; rows], index).unwrap()
    }

    /// For every model of the catalogue, with settings and a schedule that the form does not show.
    #[test]
    fn a_reopened_run_and_a_link_keep_every_setting() {
        for kind in ModelKind::all() {
            let (mut forecaster, mut training) = kind.defaults(Window::new(60, 12, 3), true);
            for (info, value) in forecaster.fields() {
                if let FieldValue::Probability(value) = value {
                    forecaster.set(info.flag, FieldValue::Probability(value / 2.0 + 0.25));
                }
            }
            training.schedule = Schedule::Cosine;
            let begun = Setup {
                finetune: Experiment::finetune_like(&training),
                forecaster,
                training,
                scorer: Scorer::Magnitude,
                automatic: true,
                ..Setup::default()
            };
            let experiment = begun.experiment(DataConfig::default(), 3, true, 0.5);
            let mut reopened = Setup::default();
            reopened.read_back(&experiment);
            let again = reopened.experiment(DataConfig::default(), 3, true, 0.5);
            assert_eq!(again, experiment, "{}", kind.id);
            let link = serde_json::to_string(&begun).unwrap();
            assert_eq!(serde_json::from_str::<Setup>(&link).unwrap(), begun);
        }
    }

    fn suited(mut setup: Setup, rows: usize, step: i64) -> Setup {
        setup.fit_to(&series(rows, step));
        setup
    }

    #[test]
    fn window_lengths_fit_the_table() {
        let hours = suited(Setup::default(), 2_000, 3_600);
        assert_eq!(hours.lengths(), (96, 24));
        let days = suited(Setup::default(), 2_000, 86_400);
        assert_eq!(days.lengths(), (28, 7));
        let weeks = suited(Setup::default(), 300, 7 * 86_400);
        assert!(
            weeks.forecaster.horizon() < 30 && weeks.training.batch < 32,
            "{weeks:?}"
        );
        for rows in [40, 60, 100, 144, 500] {
            let short = suited(Setup::default(), rows, 3_600);
            let fits = SplitRule::default().apply(
                rows,
                short.forecaster.lookback(),
                short.forecaster.horizon(),
            );
            assert!(fits.is_ok(), "{rows} rows: {fits:?}");
        }
    }

    /// A table of thirty rows, then one of 2,000 hours.
    #[test]
    fn a_short_table_leaves_nothing_for_the_next() {
        let before = Setup::default();
        let after = suited(before.clone(), 30, 3_600);
        assert_ne!(after.training, before.training);
        let fit = Fit { before, after };
        let mut next = fit.after.clone();
        next.undo_fit(&fit);
        assert_eq!(next, fit.before);

        // The user chose another seed, and not the lengths.
        let mut changed = fit.after.clone();
        changed.seed += 1;
        changed.undo_fit(&fit);
        assert_eq!(changed.lengths(), fit.before.lengths());
        assert_eq!(changed.seed, fit.before.seed + 1);

        let mut chosen = fit.after.clone();
        chosen.set_window(5, 2);
        chosen.undo_fit(&fit);
        assert_eq!(chosen.lengths(), (5, 2));
    }

    #[test]
    fn chosen_window_lengths_that_fit_are_kept() {
        let mut chosen = Setup::default();
        chosen.set_window(60, 30);
        let days = suited(chosen.clone(), 2_000, 86_400);
        assert_eq!(days.lengths(), (60, 30));
        let short = suited(chosen, 200, 86_400);
        assert!(
            short.forecaster.lookback() + short.forecaster.horizon() < 60,
            "{short:?}"
        );
    }

    #[test]
    fn every_model_keeps_the_preset_size() {
        for preset in Preset::ALL {
            let mut setup = preset.apply(&Setup::default());
            for kind in ModelKind::all().filter(|kind| {
                let (forecaster, _) = kind.defaults(Window::new(96, 24, 3), true);
                size_of(&forecaster).is_some()
            }) {
                setup.set_kind(kind);
                assert!(preset.is_size_of(&setup), "{}: {}", preset.name(), kind.id);
            }
        }
    }

    #[test]
    fn a_size_is_recognised_with_any_number_of_epochs() {
        let mut setup = Preset::Standard.apply(&Setup::default());
        setup.training.epochs = 99;
        assert!(Preset::Standard.is_size_of(&setup) && !Preset::Quick.is_size_of(&setup));
    }
}
