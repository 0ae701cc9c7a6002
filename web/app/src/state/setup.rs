//! The few choices about model and training, and the experiment that they make.

use serde::{Deserialize, Serialize};
use spat_series::{Series, SplitRule};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, Granularity, ITransformerConfig, ModelKind,
    PatchTstConfig, PruneRule, SendOptions, TrainingConfig, preset,
};

/// Window lengths at first: a day of hours from four.
const LOOKBACK: usize = 96;
const HORIZON: usize = 24;

/// Of fewer training windows a training makes few steps.
const FEW_WINDOWS: usize = 600;

/// What a person sets. Sizes in rows, tokens and numbers as in the literature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Setup {
    pub(crate) model: ModelKind,
    /// Rows that the model sees.
    pub(crate) lookback: usize,
    /// Rows that it forecasts.
    pub(crate) horizon: usize,
    /// d_model.
    pub(crate) width: usize,
    /// Encoder layers, each with one attention module.
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) epochs: usize,
    pub(crate) finetune_epochs: usize,
    pub(crate) batch: usize,
    pub(crate) learning_rate: f64,
    pub(crate) send: SendOptions,
    /// Whether whole modules are removed, or single heads.
    pub(crate) granularity: Granularity,
    /// Fine-tune the dense model as long as the pruned one, for a fair comparison.
    pub(crate) dense_control: bool,
    pub(crate) seed: u64,
}

/// Sizes with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// A first look.
    Quick,
    /// Enough modules for a ranking that means something.
    Standard,
    /// The size of the literature's small sets.
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

    /// Whether `setup` has this size, however long it is trained.
    pub(crate) fn is_size_of(self, setup: &Setup) -> bool {
        let size = |setup: &Setup| (setup.width, setup.layers, setup.heads);
        size(setup) == size(&self.apply(setup))
    }

    /// `setup` in this size; window lengths, model kind and seed stay.
    pub(crate) fn apply(self, setup: &Setup) -> Setup {
        let (width, layers, heads, epochs, learning_rate) = match self {
            Self::Quick => (32, 3, 4, 2, 2e-3),
            Self::Standard => (64, 4, 4, 2, 1e-3),
            Self::Thorough => (128, 4, 8, 10, 5e-4),
        };
        Setup {
            width,
            layers,
            heads,
            epochs,
            finetune_epochs: (epochs / 2).max(1),
            learning_rate,
            ..setup.clone()
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Preset::Quick.apply(&Self {
            model: ModelKind::ITransformer,
            lookback: LOOKBACK,
            horizon: HORIZON,
            width: 0,
            layers: 0,
            heads: 0,
            epochs: 0,
            finetune_epochs: 0,
            batch: 32,
            learning_rate: 0.0,
            send: SendOptions::default(),
            granularity: Granularity::Modules,
            dense_control: true,
            seed: 1,
        })
    }
}

impl Setup {
    /// The forecaster for `channels` channels, with time stamps as tokens where the table has them.
    pub(crate) fn forecaster(&self, channels: usize, dates: bool) -> ForecasterConfig {
        match self.model {
            ModelKind::PatchTst | ModelKind::PatchTstAuthors => {
                ForecasterConfig::PatchTst(PatchTstConfig {
                    d_model: self.width,
                    d_ff: 2 * self.width,
                    heads: self.heads,
                    layers: self.layers,
                    ..preset::patchtst(self.lookback, self.horizon, channels)
                })
            }
            ModelKind::DLinear => preset::dlinear(self.lookback, self.horizon, channels).0,
            ModelKind::RLinear => preset::rlinear(self.lookback, self.horizon, channels).0,
            ModelKind::ITransformer => ForecasterConfig::ITransformer(ITransformerConfig {
                d_model: self.width,
                d_ff: self.width,
                heads: self.heads,
                layers: self.layers,
                ..preset::itransformer(self.lookback, self.horizon, channels, dates)
            }),
        }
    }

    /// Everything that decides a result.
    pub(crate) fn experiment(
        &self,
        data: DataConfig,
        channels: usize,
        dates: bool,
        ratio: f64,
    ) -> Experiment {
        let training = TrainingConfig {
            epochs: self.epochs,
            batch: self.batch,
            learning_rate: self.learning_rate,
            ..TrainingConfig::default()
        };
        Experiment {
            data,
            forecaster: self.forecaster(channels, dates),
            finetune: TrainingConfig {
                epochs: self.finetune_epochs,
                learning_rate: self.learning_rate / 2.0,
                ..Experiment::finetune_like(&training)
            },
            training,
            send: self.send,
            prune: PruneRule {
                ratio,
                granularity: self.granularity,
                ..PruneRule::default()
            },
            controls: Controls {
                dense_finetuned: self.dense_control,
                pruned_from_scratch: false,
            },
            seed: self.seed,
        }
    }
}

impl Setup {
    /// Leaves window lengths alone that a person chose and that fit this table, or that suit its
    /// clock; sets others otherwise: a season ahead, from four of them, and less where the table is
    /// short. A short table is also gone through in smaller batches and more often.
    pub(crate) fn suit(&mut self, series: &Series) {
        let rows = series.rows();
        let season = series.index.frequency().season_length();
        let split = SplitRule::default();
        let fits = split.apply(rows, self.lookback, self.horizon).is_ok();
        let chosen = (self.lookback, self.horizon) != (LOOKBACK, HORIZON);
        // Days and longer steps have seasons of a few rows; the lengths at first are meant for hours.
        let suits = season == 1 || season >= HORIZON;
        if fits && chosen {
            return;
        }
        // The validation part, a tenth of the rows, must hold a forecast, and better two.
        let room = rows / 10;
        if !(fits && suits) {
            let wanted = if season > 1 { season } else { HORIZON };
            self.horizon = wanted.min(room / 2).max(1);
            self.lookback = (4 * self.horizon).min(3 * room).max(2);
        }
        let windows = (7 * room).saturating_sub(self.lookback + self.horizon);
        if windows < FEW_WINDOWS {
            self.batch = (windows / 16).clamp(4, 32);
            self.epochs = self.epochs.max(8);
        }
    }
}

impl Setup {
    /// Shows the sizes of an experiment of the history.
    pub(crate) fn read_back(&mut self, experiment: &Experiment) {
        let forecaster = &experiment.forecaster;
        self.lookback = forecaster.lookback();
        self.horizon = forecaster.horizon();
        self.layers = forecaster.layers();
        self.heads = forecaster.heads();
        match forecaster {
            ForecasterConfig::ITransformer(config) => {
                self.model = ModelKind::ITransformer;
                self.width = config.d_model;
            }
            ForecasterConfig::PatchTst(config) => {
                self.model = ModelKind::PatchTst;
                self.width = config.d_model;
            }
            ForecasterConfig::DLinear(_) => self.model = ModelKind::DLinear,
            ForecasterConfig::RLinear(_) => self.model = ModelKind::RLinear,
        }
        self.epochs = experiment.training.epochs;
        self.finetune_epochs = experiment.finetune.epochs;
        self.batch = experiment.training.batch;
        self.learning_rate = experiment.training.learning_rate;
        self.send = experiment.send;
        self.granularity = experiment.prune.granularity;
        self.dense_control = experiment.controls.dense_finetuned;
        self.seed = experiment.seed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spat_series::TimeIndex;

    fn series(rows: usize, step: i64) -> Series {
        let stamps = (0..rows as i64).map(|row| row * step).collect();
        let index = TimeIndex::from_stamps(stamps);
        Series::from_values(vec!["a".to_owned()], vec![0.0; rows], index).unwrap()
    }

    fn suited(mut setup: Setup, rows: usize, step: i64) -> Setup {
        setup.suit(&series(rows, step));
        setup
    }

    #[test]
    fn window_lengths_suit_the_table() {
        let hours = suited(Setup::default(), 2_000, 3_600);
        assert_eq!((hours.lookback, hours.horizon), (96, 24));
        let days = suited(Setup::default(), 2_000, 86_400);
        assert_eq!((days.lookback, days.horizon), (28, 7));
        let weeks = suited(Setup::default(), 300, 7 * 86_400);
        assert!(weeks.horizon < 30 && weeks.batch < 32, "{weeks:?}");
        for rows in [40, 60, 100, 144, 500] {
            let short = suited(Setup::default(), rows, 3_600);
            let fits = SplitRule::default().apply(rows, short.lookback, short.horizon);
            assert!(fits.is_ok(), "{rows} rows: {fits:?}");
        }
    }

    #[test]
    fn what_a_person_chose_and_fits_stays() {
        let chosen = Setup {
            lookback: 60,
            horizon: 30,
            ..Setup::default()
        };
        let days = suited(chosen.clone(), 2_000, 86_400);
        assert_eq!((days.lookback, days.horizon), (60, 30));
        let short = suited(chosen, 200, 86_400);
        assert!(short.lookback + short.horizon < 60, "{short:?}");
    }

    #[test]
    fn a_size_is_known_however_long_it_is_trained() {
        let mut setup = Preset::Standard.apply(&Setup::default());
        setup.epochs = 99;
        assert!(Preset::Standard.is_size_of(&setup) && !Preset::Quick.is_size_of(&setup));
    }
}
