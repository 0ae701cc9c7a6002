//! Loss by epoch, before and after the removal.

use spat_spec::{EpochResult, Report};

use super::{aside, finetuned, paragraph, section as wrap};
use crate::{
    chart::{Hue, LineChart, LineSeries, Rule, Stroke, figure, line_chart},
    number,
};

pub(super) fn section(report: &Report) -> String {
    let (dense, pruned) = (&report.dense.history, &report.pruned.history);
    if dense.is_empty() && pruned.is_empty() {
        return String::new();
    }
    // One scale for both, so that the charts are comparable.
    let losses = || {
        dense
            .iter()
            .chain(pruned)
            .flat_map(|epoch| [epoch.train_loss, epoch.val_mse])
    };
    let finite = || losses().filter(|loss| loss.is_finite());
    let range = finite().next().map(|_| {
        (
            finite().fold(f64::INFINITY, f64::min),
            finite().fold(f64::NEG_INFINITY, f64::max),
        )
    });

    let mut body = aside(
        "Mean squared error in scaled space. The model of the best validation epoch was kept.",
    );
    body += "<div class=\"pair\">";
    body += &chart_of("Dense model, training", dense, Hue::Blue, range);
    if !pruned.is_empty() {
        body += &chart_of("Pruned model, fine-tuning", pruned, Hue::Vermillion, range);
    }
    body += "</div>";
    if !finetuned(report) {
        body += &paragraph("The pruned model was not fine-tuned.");
    }
    wrap("training", "Training", &body)
}

fn chart_of(title: &str, history: &[EpochResult], hue: Hue, range: Option<(f64, f64)>) -> String {
    if history.is_empty() {
        return String::new();
    }
    let points = |of: fn(&EpochResult) -> f64| -> Vec<(f64, f64)> {
        history
            .iter()
            .map(|epoch| (epoch.epoch as f64, of(epoch)))
            .collect()
    };
    let best = history.iter().rev().find(|epoch| epoch.best);
    let seconds: f64 = history.iter().map(|epoch| epoch.seconds).sum();
    let chart = LineChart {
        title: title.to_owned(),
        description: format!(
            "Training and validation loss over {} epochs.",
            history.len()
        ),
        x_label: "epoch".to_owned(),
        y_label: title.to_owned(),
        series: vec![
            LineSeries::new("training", hue, points(|epoch| epoch.train_loss))
                .stroke(Stroke::Dashed),
            LineSeries::new("validation", hue, points(|epoch| epoch.val_mse)),
        ],
        rules: best
            .map(|epoch| Rule {
                x: epoch.epoch as f64,
                label: "best".to_owned(),
            })
            .into_iter()
            .collect(),
        y_range: range,
        width: 430.0,
        height: 250.0,
        ..LineChart::default()
    };
    let caption = format!(
        "{}, {} s of training steps",
        number::plural(history.len(), "epoch"),
        number::millis(seconds)
    );
    figure(&line_chart(&chart), &caption, &chart.table())
}
