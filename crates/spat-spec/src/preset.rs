//! The benchmark sets whose settings are published.

use serde::{Deserialize, Serialize};
use spat_series::{Gaps, Repeated, SeriesOptions, SplitRule};

use crate::DataConfig;

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

impl Preset {
    /// All presets.
    pub const ALL: [Self; 8] = [
        Self::Etth1,
        Self::Etth2,
        Self::Ettm1,
        Self::Ettm2,
        Self::Weather,
        Self::Exchange,
        Self::Ecl,
        Self::Traffic,
    ];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etth1 => "etth1",
            Self::Etth2 => "etth2",
            Self::Ettm1 => "ettm1",
            Self::Ettm2 => "ettm2",
            Self::Weather => "weather",
            Self::Exchange => "exchange",
            Self::Ecl => "ecl",
            Self::Traffic => "traffic",
        }
    }

    /// Rows as in the literature: none inserted, none dropped, and the split of the public loaders.
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
}
