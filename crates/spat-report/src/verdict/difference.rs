//! Differences of two forecasts, as text.

use spat_series::{MetricSet, Metrics, Outcome, PairedDifference};
use spat_spec::{Comparison, DENSE, DENSE_FINETUNED, PRUNED, Report, percent_change};

use crate::{names, number};

/// The differences of `name` against `other`. Without those of the windows, as in reports of older versions, the
/// differences of the means, which have no intervals.
pub(super) fn comparison(report: &Report, name: &str, other: &str) -> Comparison {
    report.comparison(name, other).unwrap_or_else(|| {
        let percent = |of: fn(&Errors) -> f64| PairedDifference {
            percent: percent_change(of(&errors(report, other)), of(&errors(report, name))),
            interval: None,
        };
        Comparison {
            name: name.to_owned(),
            other: other.to_owned(),
            mse: percent(|errors| errors.mse),
            mae: percent(|errors| errors.mae),
            mase: None,
        }
    })
}

/// Mean test errors of a forecast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errors {
    pub(super) mse: f64,
    pub(super) mae: f64,
    pub(super) mase: Option<f64>,
}

impl Errors {
    fn new(metrics: &Metrics) -> Self {
        let set: &MetricSet = metrics.original.as_ref().unwrap_or(&metrics.scaled);
        Self {
            mse: metrics.scaled.mse,
            mae: metrics.scaled.mae,
            mase: set.mase,
        }
    }

    /// The error by the name of its metric, as in [`Comparison::metrics`].
    pub(super) fn of(&self, metric: &str) -> Option<f64> {
        match metric {
            "MSE" => Some(self.mse),
            "MAE" => Some(self.mae),
            _ => self.mase,
        }
    }
}

/// The mean test errors of a forecast by its name in comparisons; not a number if there is none.
pub(super) fn errors(report: &Report, name: &str) -> Errors {
    match name {
        DENSE => Errors::new(&report.dense.test.full),
        PRUNED => Errors::new(&report.pruned.test.full),
        _ => {
            if let Some(control) = report.controls.get(name) {
                return Errors {
                    mse: control.test.mse,
                    mae: control.test.mae,
                    mase: None,
                };
            }
            let unknown = Errors {
                mse: f64::NAN,
                mae: f64::NAN,
                mase: None,
            };
            report.baselines.get(name).map_or(unknown, Errors::new)
        }
    }
}

/// The name of the run's own forecast in comparisons: the pruned model, or the dense one if nothing was
/// removed.
pub(super) fn own(report: &Report) -> &'static str {
    match report.changed_model() {
        Some(_) => PRUNED,
        None => DENSE,
    }
}

/// A forecast by its name in comparisons, within a sentence.
pub(super) fn called(report: &Report, name: &str) -> String {
    match name {
        DENSE if report.changed_model().is_some() => "the dense model".to_owned(),
        DENSE => report.experiment.forecaster.name().to_owned(),
        PRUNED => "the pruned model".to_owned(),
        DENSE_FINETUNED => "the dense model, trained on for as long".to_owned(),
        _ => names::baseline(name),
    }
}

/// "MSE −3.1 % (−5.2 to −1.0 %)".
pub(super) fn figures(metric: &str, difference: &PairedDifference) -> String {
    let interval = difference.interval.map_or_else(String::new, |(low, high)| {
        // The unit once is enough.
        let low = number::percent(low);
        let low = low.trim_end_matches([' ', '%']);
        format!(" ({low} to {})", number::percent(high))
    });
    format!("{metric} {}{interval}", number::percent(difference.percent))
}

/// Whether the errors differ beyond the variation over the windows, by all metrics together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OverallOutcome {
    /// Some metrics are better, and none is worse.
    Better,
    /// No metric decides it.
    Close,
    /// Some metrics are better, others worse.
    Mixed,
    /// Some metrics are worse, and none is better.
    Worse,
    /// There are no intervals.
    Unknown,
}

impl OverallOutcome {
    pub(super) fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let outcomes: Vec<Outcome> = outcomes.into_iter().collect();
        let any = |wanted| outcomes.contains(&wanted);
        if any(Outcome::Unknown) || outcomes.is_empty() {
            return Self::Unknown;
        }
        match (any(Outcome::Better), any(Outcome::Worse)) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Better,
            (false, true) => Self::Worse,
            (false, false) => Self::Close,
        }
    }
}

/// Why there are no intervals.
pub(super) fn too_few_windows(report: &Report) -> String {
    if report.comparisons.is_empty() {
        return "This report is of a version that stored no errors of single windows, so there are no intervals."
            .to_owned();
    }
    format!(
        "{} with {} to forecast are too few to tell: they hold fewer than four that do not overlap.",
        number::plural(report.data.windows.test, "test window"),
        number::plural(report.experiment.forecaster.horizon(), "row"),
    )
}
