//! A chart of the loss per step and the validation error per epoch.

use std::collections::BTreeMap;

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, Rule, Stroke, line_chart};
use spat_spec::Phase;

use crate::charts::Figure;
use crate::show::Show;
use crate::state::{Curve, Page};

/// Largest number of points of a line; more are not distinguishable.
const MAX_POINTS: usize = 400;

/// The chart.
#[component]
pub(super) fn Curves() -> impl IntoView {
    let page = Page::from_context();
    let chart = Memo::new(move |_| page.training.with(|training| drawing(&training.curves)));
    // Reads the curves, since the chart is not computed while it is not visible.
    let empty = Memo::new(move |_| {
        page.training
            .with(|training| training.curves.values().all(Curve::is_empty))
    });
    view! {
        <div class="reserve" data-testid="curves">
            <Show
                when=move || !empty.get()
                fallback=|| view! { <p class="placeholder">"The loss appears here during training."</p> }
            >
                <Figure
                    name="loss"
                    caption="Training loss (solid) and validation error (dashed). The model of the epoch with the lowest validation error is kept."
                    draw=move |width: f64| line_chart(&LineChart { width, ..chart.get() })
                    table=Signal::derive(move || chart.with(|chart| chart.table().limit(200).html()))
                />
            </Show>
        </div>
    }
}

/// Fine-tuning phases start at the end of the dense model's training.
fn drawing(curves: &BTreeMap<Phase, Curve>) -> LineChart {
    let dense = curves.get(&Phase::Pretrain).map_or(0.0, Curve::end);
    let series: Vec<LineSeries> = curves
        .iter()
        .flat_map(|(&phase, curve)| match phase {
            Phase::Pretrain => lines("dense", Hue::Blue, curve, 0.0),
            Phase::Finetune => lines("pruned", Hue::Vermillion, curve, dense),
            Phase::DenseFinetuned => lines("control", Hue::Grey, curve, dense),
            Phase::PrunedFromScratch => lines("from scratch", Hue::Purple, curve, 0.0),
            Phase::Score | Phase::Evaluate | Phase::LinearBaseline | Phase::Fold => Vec::new(),
        })
        .collect();
    let tuned = curves.contains_key(&Phase::Finetune) && dense > 0.0;
    LineChart {
        title: "Loss".to_owned(),
        description: "Training loss by step and validation error by epoch".to_owned(),
        x_label: "training step".to_owned(),
        y_label: "mean squared error, scaled".to_owned(),
        series,
        rules: tuned
            .then(|| Rule {
                x: dense,
                label: "fine-tuning".to_owned(),
            })
            .into_iter()
            .collect(),
        height: 320.0,
        ..LineChart::default()
    }
}

fn lines(name: &str, hue: Hue, curve: &Curve, start: f64) -> Vec<LineSeries> {
    let stride = curve.steps.len().div_ceil(MAX_POINTS).max(1);
    let steps = curve.steps.iter().step_by(stride);
    let steps: Vec<_> = steps.map(|&(step, loss)| (start + step, loss)).collect();
    let place = |epoch: usize| start + (epoch * curve.steps_per_epoch) as f64;
    let epochs = curve.epochs.iter();
    let errors = epochs
        .map(|epoch| (place(epoch.epoch), epoch.val_mse))
        .collect();
    let validation = LineSeries::new(format!("{name}, validation"), hue, errors);
    [
        LineSeries::new(name, hue, steps),
        validation.stroke(Stroke::Dashed).unnamed(),
    ]
    .into_iter()
    .filter(|line| !line.points.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use spat_spec::EpochResult;

    #[test]
    fn fine_tuning_starts_at_the_end_of_the_dense_training() {
        let epoch = EpochResult {
            epoch: 2,
            train_loss: 0.5,
            val_mse: 0.4,
            learning_rate: 1e-3,
            seconds: 1.0,
            best: true,
            kept: None,
        };
        let dense = Curve {
            steps: vec![(10.0, 0.9), (40.0, 0.5)],
            epochs: vec![epoch],
            steps_per_epoch: 20,
        };
        let tuned = Curve {
            steps: vec![(5.0, 0.4)],
            ..Curve::default()
        };
        let curves = [(Phase::Pretrain, dense), (Phase::Finetune, tuned)].into();
        let chart = drawing(&curves);
        assert_eq!(chart.rules[0].x, 40.0);
        let last = chart.series.last().unwrap();
        assert_eq!(
            (last.label.as_str(), last.points[0]),
            ("pruned", (45.0, 0.4))
        );
    }
}
