//! The main changes: error, size and time.

use leptos::prelude::*;
use spat_report::number;
use spat_spec::{ModelResult, Report, percent_change};

use crate::show::Listed as _;
use crate::state::Page;

/// Smaller changes, in percent, count as none: another seed would change as much.
const NOISE: f64 = 1.0;

/// One figure.
#[derive(Debug, Clone, PartialEq)]
struct Figure {
    name: &'static str,
    /// The value, or those before and after the removal.
    value: String,
    /// Change in percent; less is better. `None` if nothing was removed.
    change: Option<f64>,
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
            let (class, word) = judged(change);
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
fn judged(change: f64) -> (&'static str, &'static str) {
    if change <= -NOISE {
        ("better", ", less")
    } else if change >= NOISE {
        ("worse", ", more")
    } else {
        ("same", ", about the same")
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
        },
    };
    let error = |error: f64| format!("{error:.4}");
    let time = |ms: f64| format!("{ms:.1} ms");
    let mut figures = vec![figure("Test error (MSE)", |model| model.test.mse, error)];
    if let Some((pruned, control)) = pruned.zip(report.controls.get("dense_finetuned")) {
        figures.push(changed(
            "Test error against the dense model, trained as long",
            control.test.mse,
            pruned.test.mse,
            error,
        ));
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
    Figure {
        name,
        value: format!("{} → {}", text(from), text(to)),
        change: Some(percent_change(from, to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_changes_count_as_none() {
        assert_eq!(judged(-0.4).0, "same");
        assert_eq!(judged(-18.1).0, "better");
        assert_eq!(judged(4.6).0, "worse");
        assert_eq!(judged(f64::NAN).0, "same");
    }
}
