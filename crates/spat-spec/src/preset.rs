//! The published settings of the benchmark sets.
//!
//! Sources: thuml/iTransformer `scripts/multivariate_forecasting` at c2426e6,
//! thuml/Time-Series-Library `scripts/long_term_forecast` at 4e938a1. The look-back is 96.

use serde::{Deserialize, Serialize};
use spat_series::{Gaps, Repeated, SeriesOptions, SplitRule};

use crate::{
    DLinearConfig, DataConfig, ForecasterConfig, ITransformerConfig, PatchTstConfig,
    PatchTstLayout, RLinearConfig, Schedule, TrainingConfig,
};

/// The data sets whose settings are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Preset {
    Etth1,
    Etth2,
    Ettm1,
    Ettm2,
    Weather,
    Exchange,
    Ecl,
    Traffic,
}

/// The models that a user can ask for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// iTransformer.
    #[default]
    ITransformer,
    /// PatchTST in Time-Series-Library's layout.
    PatchTst,
    /// PatchTST in its authors' layout.
    PatchTstAuthors,
    /// DLinear.
    DLinear,
    /// RLinear.
    RLinear,
}

impl ModelKind {
    /// The kind of a forecaster that is there.
    pub fn of(forecaster: &ForecasterConfig) -> Self {
        match forecaster {
            ForecasterConfig::ITransformer(_) => Self::ITransformer,
            ForecasterConfig::PatchTst(c) => match c.layout {
                PatchTstLayout::Library => Self::PatchTst,
                PatchTstLayout::Authors => Self::PatchTstAuthors,
            },
            ForecasterConfig::DLinear(_) => Self::DLinear,
            ForecasterConfig::RLinear(_) => Self::RLinear,
        }
    }
}

impl Preset {
    /// Rows are used as the literature uses them: nothing inserted, nothing dropped, and the
    /// borders of the public loaders.
    pub fn data(self) -> DataConfig {
        let split = match self {
            Self::Etth1 | Self::Etth2 => SplitRule::EttHourly,
            Self::Ettm1 | Self::Ettm2 => SplitRule::EttQuarterHourly,
            _ => SplitRule::default(),
        };
        DataConfig {
            series: SeriesOptions {
                repeated: Repeated::Keep,
                gaps: Gaps::Keep,
                ..SeriesOptions::default()
            },
            split,
            ..DataConfig::default()
        }
    }

    /// The published sizes and training of `kind` on this set, for `channels` channels.
    pub fn settings(
        self,
        kind: ModelKind,
        horizon: usize,
        channels: usize,
        time_stamps: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        match kind {
            ModelKind::ITransformer => self.itransformer(horizon, channels, time_stamps),
            ModelKind::PatchTst => self.patchtst(horizon, channels),
            ModelKind::PatchTstAuthors => self.patchtst_authors(horizon, channels),
            ModelKind::DLinear => dlinear(96, horizon, channels),
            ModelKind::RLinear => rlinear(96, horizon, channels),
        }
    }

    fn itransformer(
        self,
        horizon: usize,
        channels: usize,
        time_stamps: bool,
    ) -> (ForecasterConfig, TrainingConfig) {
        let (layers, width, batch, learning_rate) = match self {
            Self::Etth1 if horizon <= 192 => (2, 256, 32, 1e-4),
            Self::Etth1 => (2, 512, 32, 1e-4),
            Self::Etth2 | Self::Ettm1 | Self::Ettm2 | Self::Exchange => (2, 128, 32, 1e-4),
            Self::Weather => (3, 512, 32, 1e-4),
            Self::Ecl => (3, 512, 16, 5e-4),
            Self::Traffic => (4, 512, 16, 1e-3),
        };
        let epochs = if self == Self::Exchange && horizon == 336 {
            1
        } else {
            10
        };
        let config = ITransformerConfig {
            d_model: width,
            d_ff: width,
            layers,
            ..itransformer(96, horizon, channels, time_stamps)
        };
        let training = TrainingConfig {
            epochs,
            batch,
            learning_rate,
            ..TrainingConfig::default()
        };
        (ForecasterConfig::ITransformer(config), training)
    }

    fn patchtst(self, horizon: usize, channels: usize) -> (ForecasterConfig, TrainingConfig) {
        let (layers, heads, batch) = match (self, horizon) {
            (Self::Etth1, 96) => (1, 2, 32),
            (Self::Etth1, 720) => (1, 16, 32),
            (Self::Etth1, _) => (1, 8, 32),
            (Self::Etth2, _) => (3, 4, 32),
            (Self::Ettm1, 96) => (1, 2, 32),
            (Self::Ettm2, 96) => (3, 16, 32),
            (Self::Ettm1 | Self::Ettm2, 192) => (3, 2, 128),
            (Self::Ettm1, 336) => (1, 4, 128),
            (Self::Ettm2, 336) => (1, 4, 32),
            (Self::Ettm1 | Self::Ettm2, _) => (3, 4, 128),
            (Self::Weather, 96) => (2, 4, 32),
            (Self::Weather, 192) => (2, 16, 32),
            (Self::Weather, _) => (2, 4, 128),
            (Self::Exchange, _) => (2, 8, 32),
            (Self::Ecl, _) => (2, 8, 16),
            (Self::Traffic, _) => (2, 8, 4),
        };
        let config = PatchTstConfig {
            d_model: 512,
            d_ff: if self == Self::Traffic { 512 } else { 2048 },
            heads,
            layers,
            ..patchtst(96, horizon, channels)
        };
        let epochs = if self == Self::Weather { 3 } else { 10 };
        let training = TrainingConfig {
            epochs,
            batch,
            ..TrainingConfig::default()
        };
        (ForecasterConfig::PatchTst(config), training)
    }

    /// yuqinie98/PatchTST `scripts/PatchTST` at 204c21e; the look-back is 336.
    fn patchtst_authors(
        self,
        horizon: usize,
        channels: usize,
    ) -> (ForecasterConfig, TrainingConfig) {
        let hourly_ett = matches!(self, Self::Etth1 | Self::Etth2);
        let (heads, d_model, d_ff, dropout) = if hourly_ett {
            (4, 16, 128, 0.3)
        } else {
            (16, 128, 256, 0.2)
        };
        let config = PatchTstConfig {
            layout: PatchTstLayout::Authors,
            d_model,
            d_ff,
            heads,
            layers: 3,
            dropout,
            head_dropout: 0.0,
            ..patchtst(336, horizon, channels)
        };
        let (schedule, patience, batch) = match self {
            Self::Etth1 | Self::Etth2 => (Schedule::Decay, 100, 128),
            Self::Ettm1 | Self::Ettm2 => (Schedule::OneCycle { rising: 0.4 }, 20, 128),
            Self::Weather | Self::Exchange => (Schedule::Decay, 20, 128),
            Self::Ecl => (Schedule::OneCycle { rising: 0.2 }, 10, 32),
            Self::Traffic => (Schedule::OneCycle { rising: 0.2 }, 10, 24),
        };
        let training = TrainingConfig {
            epochs: 100,
            batch,
            schedule,
            patience: Some(patience),
            ..TrainingConfig::default()
        };
        (ForecasterConfig::PatchTst(config), training)
    }
}

/// iTransformer of the size used on ETTh2, a good start for a small table.
pub fn itransformer(
    lookback: usize,
    horizon: usize,
    channels: usize,
    time_stamps: bool,
) -> ITransformerConfig {
    ITransformerConfig {
        lookback,
        horizon,
        channels,
        time_stamps,
        d_model: 128,
        d_ff: 128,
        heads: 8,
        layers: 2,
        dropout: 0.1,
        normalise: true,
    }
}

/// PatchTST in Time-Series-Library's layout with patches of 16 rows every 8, small.
pub fn patchtst(lookback: usize, horizon: usize, channels: usize) -> PatchTstConfig {
    PatchTstConfig {
        layout: PatchTstLayout::Library,
        lookback,
        horizon,
        channels,
        patch_len: 16.min(lookback.max(1)),
        stride: 8.min(lookback.max(1)),
        d_model: 128,
        d_ff: 256,
        heads: 8,
        layers: 3,
        dropout: 0.1,
        head_dropout: 0.1,
    }
}

/// DLinear with its published moving average of 25 rows.
pub fn dlinear(
    lookback: usize,
    horizon: usize,
    channels: usize,
) -> (ForecasterConfig, TrainingConfig) {
    let config = DLinearConfig {
        lookback,
        horizon,
        channels,
        kernel: 25,
    };
    (
        ForecasterConfig::DLinear(config),
        TrainingConfig {
            learning_rate: 5e-3,
            ..TrainingConfig::default()
        },
    )
}

/// RLinear.
pub fn rlinear(
    lookback: usize,
    horizon: usize,
    channels: usize,
) -> (ForecasterConfig, TrainingConfig) {
    let config = RLinearConfig {
        lookback,
        horizon,
        channels,
    };
    (
        ForecasterConfig::RLinear(config),
        TrainingConfig {
            learning_rate: 5e-3,
            ..TrainingConfig::default()
        },
    )
}
