//! The few choices about model and training, and the experiment that they make.

use serde::{Deserialize, Serialize};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, ITransformerConfig, ModelKind,
    PatchTstConfig, PruneRule, SendOptions, TrainingConfig, preset,
};

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

    /// `setup` in this size; window lengths, model kind and seed stay.
    pub(crate) fn apply(self, setup: &Setup) -> Setup {
        let (width, layers, heads, epochs, learning_rate) = match self {
            Self::Quick => (32, 3, 4, 2, 2e-3),
            Self::Standard => (64, 4, 4, 4, 1e-3),
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
            lookback: 96,
            horizon: 24,
            width: 0,
            layers: 0,
            heads: 0,
            epochs: 0,
            finetune_epochs: 0,
            batch: 32,
            learning_rate: 0.0,
            send: SendOptions::default(),
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
        self.dense_control = experiment.controls.dense_finetuned;
        self.seed = experiment.seed;
    }
}
