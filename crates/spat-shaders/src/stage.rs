//! The stages and their text.

/// One compute shader of `shaders/`, named by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Mean and spread of all sensitivities of a module.
    MeasureSpread,
    /// Standard deviations of softmax rows.
    DisperseRows,
    /// Running mean and spread over batches.
    AccumulateScores,
    /// Entropies of attention rows.
    MeasureEntropy,
    /// Means of maps over a batch.
    AverageMaps,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 5] = [
        Self::MeasureSpread,
        Self::DisperseRows,
        Self::AccumulateScores,
        Self::MeasureEntropy,
        Self::AverageMaps,
    ];

    /// The file's name, which is also that of the entry point.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeasureSpread => "measure_spread",
            Self::DisperseRows => "disperse_rows",
            Self::AccumulateScores => "accumulate_scores",
            Self::MeasureEntropy => "measure_entropy",
            Self::AverageMaps => "average_maps",
        }
    }

    /// The whole text: the stage and the shared pieces that it names in its head.
    pub fn source(self) -> &'static str {
        macro_rules! shader {
            ($($file:literal),+) => {
                concat!($(include_str!(concat!("../../../shaders/", $file, ".wgsl")), "\n"),+)
            };
        }
        match self {
            Self::MeasureSpread => shader!("task", "moments", "measure_spread"),
            Self::DisperseRows => {
                shader!("task", "moments", "exponentials", "sums", "disperse_rows")
            }
            Self::AccumulateScores => shader!("task", "sums", "accumulate_scores"),
            Self::MeasureEntropy => shader!("task", "sums", "measure_entropy"),
            Self::AverageMaps => shader!("task", "average_maps"),
        }
    }
}
