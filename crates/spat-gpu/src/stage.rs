//! The stages and their WGSL source.

/// One compute shader of `shaders/`, named by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Source that every device rejects.
    #[cfg(test)]
    Refused,
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
    /// `x W + b`.
    MultiplyRows(Loads),
    /// `dy Wᵀ`.
    MultiplyTransposed(Loads),
    /// `xᵀ dy`, and the sum of the rows of dy.
    CorrelateRows(Loads),
    /// Total of those sums, if they were computed in parts.
    SumParts,
    /// The exact GELU, then dropout.
    ActivateValues,
    /// Its gradient.
    ActivateBackward,
    /// Dropout alone.
    DropValues,
    /// Layer norm of a sum.
    AddNormRows,
    /// Its gradient.
    AddNormBackward,
    /// Gradients of its γ and β.
    SumNormColumns,
    /// Attention of every query.
    AttendRows(Loads),
    /// Gradients of queries, scores and connection mask.
    AttendBackwardRows(Loads),
    /// Gradients of keys and values.
    AttendBackwardColumns(Loads),
    /// Selective scan over tokens.
    ScanTokens,
    /// Its gradient.
    ScanTokensBackward,
    /// One step of Adam.
    StepAdam,
    /// Windows to normalised rows.
    NormaliseWindows,
    /// Rows to forecasts.
    RestoreWindows,
    /// The gradient of the rows.
    RestoreBackward,
    /// Sums of squared errors.
    SquareErrors,
    /// Their mean.
    AverageErrors,
    /// The gradient of the mean squared error.
    ErrorsBackward,
}

/// How a stage loads matrix values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loads {
    /// Four values at once: row widths are multiples of four.
    Quads,
    /// One value at a time.
    Singles,
}

impl Loads {
    /// The widest loads that these row widths allow.
    pub(crate) fn of(widths: &[u32]) -> Self {
        if widths.iter().all(|width| width.is_multiple_of(4)) {
            Self::Quads
        } else {
            Self::Singles
        }
    }
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 33] = [
        Self::MeasureSpread,
        Self::DisperseRows,
        Self::AccumulateScores,
        Self::MeasureEntropy,
        Self::AverageMaps,
        Self::MultiplyRows(Loads::Quads),
        Self::MultiplyRows(Loads::Singles),
        Self::MultiplyTransposed(Loads::Quads),
        Self::MultiplyTransposed(Loads::Singles),
        Self::CorrelateRows(Loads::Quads),
        Self::CorrelateRows(Loads::Singles),
        Self::SumParts,
        Self::ActivateValues,
        Self::ActivateBackward,
        Self::DropValues,
        Self::AddNormRows,
        Self::AddNormBackward,
        Self::SumNormColumns,
        Self::AttendRows(Loads::Quads),
        Self::AttendRows(Loads::Singles),
        Self::AttendBackwardRows(Loads::Quads),
        Self::AttendBackwardRows(Loads::Singles),
        Self::AttendBackwardColumns(Loads::Quads),
        Self::AttendBackwardColumns(Loads::Singles),
        Self::ScanTokens,
        Self::ScanTokensBackward,
        Self::StepAdam,
        Self::NormaliseWindows,
        Self::RestoreWindows,
        Self::RestoreBackward,
        Self::SquareErrors,
        Self::AverageErrors,
        Self::ErrorsBackward,
    ];

    /// Name of the file and of the entry point.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(test)]
            Self::Refused => "refused",
            Self::MeasureSpread => "measure_spread",
            Self::DisperseRows => "disperse_rows",
            Self::AccumulateScores => "accumulate_scores",
            Self::MeasureEntropy => "measure_entropy",
            Self::AverageMaps => "average_maps",
            Self::MultiplyRows(_) => "multiply_rows",
            Self::MultiplyTransposed(_) => "multiply_transposed",
            Self::CorrelateRows(_) => "correlate_rows",
            Self::SumParts => "sum_parts",
            Self::ActivateValues => "activate_values",
            Self::ActivateBackward => "activate_backward",
            Self::DropValues => "drop_values",
            Self::AddNormRows => "add_norm_rows",
            Self::AddNormBackward => "add_norm_backward",
            Self::SumNormColumns => "sum_norm_columns",
            Self::AttendRows(_) => "attend_rows",
            Self::AttendBackwardRows(_) => "attend_backward_rows",
            Self::AttendBackwardColumns(_) => "attend_backward_columns",
            Self::ScanTokens => "scan_tokens",
            Self::ScanTokensBackward => "scan_tokens_backward",
            Self::StepAdam => "step_adam",
            Self::NormaliseWindows => "normalise_windows",
            Self::RestoreWindows => "restore_windows",
            Self::RestoreBackward => "restore_backward",
            Self::SquareErrors => "square_errors",
            Self::AverageErrors => "average_errors",
            Self::ErrorsBackward => "errors_backward",
        }
    }

    /// The complete source: the workgroup size, the shared files listed in the stage's header comment, and
    /// the stage itself.
    pub fn source(self) -> &'static str {
        macro_rules! shader {
            ($($file:literal),+) => {
                concat!(
                    include_str!("../../../shaders/workgroup.wgsl"),
                    "\n",
                    $(include_str!(concat!("../../../shaders/", $file, ".wgsl")), "\n"),+
                )
            };
        }
        macro_rules! product {
            ($loads:expr, $file:literal) => {
                match $loads {
                    Loads::Quads => shader!("product", "tile", "quads", $file),
                    Loads::Singles => shader!("product", "tile", "singles", $file),
                }
            };
        }
        macro_rules! attention {
            ($loads:expr, $file:literal) => {
                match $loads {
                    Loads::Quads => shader!("dropout", "attention", "head_quads", $file),
                    Loads::Singles => shader!("dropout", "attention", "head_singles", $file),
                }
            };
        }
        match self {
            #[cfg(test)]
            Self::Refused => "This is not a shader.",
            Self::MeasureSpread => shader!("task", "moments", "measure_spread"),
            Self::DisperseRows => {
                shader!("task", "moments", "exponentials", "sums", "disperse_rows")
            }
            Self::AccumulateScores => shader!("task", "sums", "accumulate_scores"),
            Self::MeasureEntropy => shader!("task", "sums", "measure_entropy"),
            Self::AverageMaps => shader!("task", "average_maps"),
            Self::MultiplyRows(loads) => product!(loads, "multiply_rows"),
            Self::MultiplyTransposed(loads) => product!(loads, "multiply_transposed"),
            Self::CorrelateRows(loads) => product!(loads, "correlate_rows"),
            Self::SumParts => shader!("product", "sum_parts"),
            Self::ActivateValues => shader!("dropout", "values", "normal_law", "activate_values"),
            Self::ActivateBackward => {
                shader!("dropout", "values", "normal_law", "activate_backward")
            }
            Self::DropValues => shader!("dropout", "values", "drop_values"),
            Self::AddNormRows => shader!("dropout", "norm", "add_norm_rows"),
            Self::AddNormBackward => shader!("dropout", "norm", "add_norm_backward"),
            Self::SumNormColumns => shader!("dropout", "norm", "sum_norm_columns"),
            Self::AttendRows(loads) => attention!(loads, "attend_rows"),
            Self::AttendBackwardRows(loads) => attention!(loads, "attend_backward_rows"),
            Self::AttendBackwardColumns(loads) => attention!(loads, "attend_backward_columns"),
            Self::ScanTokens => shader!("scan", "scan_tokens"),
            Self::ScanTokensBackward => shader!("scan", "scan_tokens_backward"),
            Self::StepAdam => shader!("step_adam"),
            Self::NormaliseWindows => shader!("windows", "normalise_windows"),
            Self::RestoreWindows => shader!("windows", "restore_windows"),
            Self::RestoreBackward => shader!("windows", "restore_backward"),
            Self::SquareErrors => shader!("errors", "square_errors"),
            Self::AverageErrors => shader!("errors", "average_errors"),
            Self::ErrorsBackward => shader!("errors", "errors_backward"),
        }
    }
}
