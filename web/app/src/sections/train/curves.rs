//! The loss, step by step, and the validation error, epoch by epoch.

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, Stroke, line_chart};
use spat_spec::Phase;

use crate::charts::Figure;
use crate::state::{Curve, Page};

/// Points of a line; more cannot be told apart.
const POINTS: usize = 400;

/// The drawing.
#[component]
pub(super) fn Curves() -> impl IntoView {
    let page = Page::here();
    let chart = Memo::new(move |_| {
        page.training.with(|training| {
            let lines = training
                .curves
                .iter()
                .flat_map(|(&phase, curve)| lines(phase, curve));
            LineChart {
                title: "Loss".to_owned(),
                description: "Training loss by step and validation error by epoch".to_owned(),
                x_label: "step of the phase".to_owned(),
                y_label: "mean squared error, scaled".to_owned(),
                series: lines.collect(),
                width: 560.0,
                height: 320.0,
                ..LineChart::default()
            }
        })
    });
    let empty = Memo::new(move |_| chart.with(|chart| chart.series.is_empty()));
    view! {
        <div class="reserve" data-testid="curves">
            <Show
                when=move || !empty.get()
                fallback=|| view! { <p class="placeholder">"Here the loss will fall while the model learns."</p> }
            >
                <Figure
                    name="loss"
                    caption="Training loss (solid) and validation error (dashed): the model of the best validation epoch is kept."
                    svg=Signal::derive(move || chart.with(line_chart))
                    table=Signal::derive(move || chart.with(|chart| chart.table().limit(200).html()))
                />
            </Show>
        </div>
    }
}

fn lines(phase: Phase, curve: &Curve) -> Vec<LineSeries> {
    let (name, hue) = match phase {
        Phase::Pretrain => ("dense", Hue::Blue),
        Phase::Finetune => ("pruned", Hue::Vermillion),
        Phase::DenseFinetuned => ("control", Hue::Grey),
        Phase::PrunedFromScratch => ("from scratch", Hue::Purple),
        Phase::Score | Phase::Evaluate => return Vec::new(),
    };
    let stride = curve.steps.len().div_ceil(POINTS).max(1);
    let steps: Vec<_> = curve.steps.iter().copied().step_by(stride).collect();
    let epochs: Vec<_> = curve
        .epochs
        .iter()
        .map(|epoch| ((epoch.epoch * curve.steps_per_epoch) as f64, epoch.val_mse))
        .collect();
    let training = LineSeries::new(name, hue, steps);
    let validation =
        LineSeries::new(format!("{name}, validation"), hue, epochs).stroke(Stroke::Dashed);
    [training, validation]
        .into_iter()
        .filter(|line| !line.points.is_empty())
        .collect()
}
