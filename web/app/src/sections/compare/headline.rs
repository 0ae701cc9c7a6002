//! The main changes: error, size and time.

use leptos::prelude::*;
use spat_spec::{Report, percent_change};

use super::percent::percent;
use crate::sections::grouped;
use crate::show::Listed as _;
use crate::state::Page;

/// Smaller changes, in percent, count as none: another seed would change as much.
const NOISE: f64 = 1.0;

/// One figure.
#[derive(Debug, Clone, PartialEq)]
struct Figure {
    name: &'static str,
    /// Change in percent; less is better.
    change: f64,
    /// The values before and after.
    detail: String,
}

/// The figures as tiles.
#[component]
pub(super) fn Headline() -> impl IntoView {
    let page = Page::from_context();
    let figures = move || {
        let figures = page.report.with(|report| report.as_deref().map(figures));
        let tile = |figure: Figure| {
            let (class, word) = judged(figure.change);
            view! {
                <div class=format!("tile {class}")>
                    <dt>{figure.name}</dt>
                    <dd>
                        {percent(figure.change)} <span class="visually-hidden">{word}</span>
                        <small>{figure.detail}</small>
                    </dd>
                </div>
            }
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
    let (dense, pruned, change) = (&report.dense, &report.pruned, &report.change);
    let from_to = |from: f64, to: f64| format!("{from:.4} → {to:.4}");
    let mut figures = vec![Figure {
        name: "Test error (MSE)",
        change: change.mse_percent,
        detail: from_to(dense.test.mse, pruned.test.mse),
    }];
    if let Some(control) = report.controls.get("dense_finetuned") {
        figures.push(Figure {
            name: "Test error against the dense model, trained as long",
            change: percent_change(control.test.mse, pruned.test.mse),
            detail: from_to(control.test.mse, pruned.test.mse),
        });
    }
    figures.extend([
        Figure {
            name: "Parameters",
            change: change.params_percent,
            detail: format!("{} → {}", grouped(dense.params), grouped(pruned.params)),
        },
        Figure {
            name: "Time of a training step",
            change: change.step_time_percent,
            detail: format!(
                "{:.1} → {:.1} ms",
                dense.step_ms_median, pruned.step_ms_median
            ),
        },
        Figure {
            name: "Time of a forecast",
            change: change.infer_time_percent,
            detail: format!(
                "{:.1} → {:.1} ms",
                dense.infer_ms_median, pruned.infer_ms_median
            ),
        },
    ]);
    figures
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
