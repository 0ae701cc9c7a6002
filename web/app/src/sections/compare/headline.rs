//! The main changes: error, size and time.

use leptos::prelude::*;
use spat_report::number;
use spat_series::Outcome;
use spat_spec::{DENSE, DENSE_FINETUNED, ModelResult, PRUNED, Report, percent_change};

use crate::show::Listed as _;
use crate::state::Page;

/// Smaller changes of sizes and times, in percent, count as none.
const SMALL: f64 = 1.0;

/// One figure.
#[derive(Debug, Clone, PartialEq)]
struct Figure {
    name: &'static str,
    /// The value, or those before and after the removal.
    value: String,
    /// Change in percent; less is better. `None` if nothing was removed.
    change: Option<f64>,
    /// What the change shows.
    outcome: Outcome,
}

/// The figures as tiles.
#[component]
pub(super) fn Headline() -> impl IntoView {
    let page = Page::from_context();
    let figures = move || {
        let figures = page.report.with(|report| report.as_deref().map(figures));
        let tile = |figure: Figure| {
            let Some(change) = figure.change else {
                return view! {
                    <div class="tile same">
                        <dt>{figure.name}</dt>
                        <dd>{figure.value}</dd>
                    </div>
                }
                .into_any();
            };
            let (class, word) = words(figure.outcome);
            view! {
                <div class=format!("tile {class}")>
                    <dt>{figure.name}</dt>
                    <dd>
                        {number::percent(change)} <span class="visually-hidden">{word}</span>
                        <small>{figure.value}</small>
                    </dd>
                </div>
            }
            .into_any()
        };
        figures.unwrap_or_default().into_iter().map(tile).listed()
    };
    view! {
        <dl class="tiles headline" data-testid="headline">
            {figures}
        </dl>
    }
}

/// The CSS class, and the text for screen readers.
fn words(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Better => ("better", ", less"),
        Outcome::Worse => ("worse", ", more"),
        Outcome::Same => ("same", ", about the same"),
        Outcome::Unknown => ("same", ", too few windows to tell"),
    }
}

/// What a change of a size or a time shows.
fn judged(change: f64) -> Outcome {
    if change <= -SMALL {
        Outcome::Better
    } else if change >= SMALL {
        Outcome::Worse
    } else {
        Outcome::Same
    }
}

fn figures(report: &Report) -> Vec<Figure> {
    let (dense, pruned) = (&report.dense, report.changed_model());
    let figure = |name, of: fn(&ModelResult) -> f64, text: fn(f64) -> String| match pruned {
        Some(pruned) => changed(name, of(dense), of(pruned), text),
        None => Figure {
            name,
            value: text(of(dense)),
            change: None,
            outcome: Outcome::Same,
        },
    };
    let error = |error: f64| format!("{error:.4}");
    let time = |ms: f64| format!("{ms:.1} ms");
    // An error is judged by its interval over the test windows.
    let outcome = |other: &str| {
        report
            .comparison(PRUNED, other)
            .map_or(Outcome::Unknown, |comparison| comparison.mse.outcome())
    };
    let mut figures = vec![Figure {
        outcome: outcome(DENSE),
        ..figure("Test error (MSE)", |model| model.test.mse, error)
    }];
    if let Some((pruned, control)) = pruned.zip(report.controls.get(DENSE_FINETUNED)) {
        figures.push(Figure {
            outcome: outcome(DENSE_FINETUNED),
            ..changed(
                "Test error against the dense model, trained as long",
                control.test.mse,
                pruned.test.mse,
                error,
            )
        });
    }
    figures.extend([
        figure(
            "Parameters",
            |model| model.params as f64,
            |count| number::count(count as u64),
        ),
        figure(
            "Time of a training step",
            |model| model.step_ms_median,
            time,
        ),
        figure("Time of a forecast", |model| model.infer_ms_median, time),
    ]);
    figures
}

fn changed(name: &'static str, from: f64, to: f64, text: fn(f64) -> String) -> Figure {
    let change = percent_change(from, to);
    Figure {
        name,
        value: format!("{} → {}", text(from), text(to)),
        change: Some(change),
        outcome: judged(change),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_changes_count_as_none() {
        assert_eq!(judged(-0.4), Outcome::Same);
        assert_eq!(judged(-18.1), Outcome::Better);
        assert_eq!(judged(4.6), Outcome::Worse);
        assert_eq!(judged(f64::NAN), Outcome::Same);
    }
}
