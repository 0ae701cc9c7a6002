//! Errors by step of the horizon, and by channel.

use spat_series::{ChannelMetrics, MetricSet, Metrics, StepMetrics};
use spat_spec::{Report, percent_change};

use super::{MOST_CHANNELS, aside, best_baseline, channel_name, chosen_channels, section as wrap};
use crate::{
    chart::{Hue, LineChart, LineSeries, Stroke, figure, line_chart},
    names, number,
    table::Table,
};

pub(super) fn section(report: &Report) -> String {
    let steps = by_step(report);
    let channels = by_channel(report);
    wrap("errors", "Errors by step and channel", &(steps + &channels))
}

fn by_step(report: &Report) -> String {
    let points = |metrics: &Metrics| -> Vec<(f64, f64)> {
        metrics
            .per_step
            .iter()
            .map(|step: &StepMetrics| (step.step as f64, step.scaled.mse))
            .collect()
    };
    let mut series = Vec::new();
    if let Some((name, metrics)) = best_baseline(report) {
        series.push(
            LineSeries::new(names::baseline(name), Hue::Grey, points(metrics))
                .stroke(Stroke::Dotted),
        );
    }
    series.push(
        LineSeries::new(
            names::dense(report),
            Hue::Blue,
            points(&report.dense.test.full),
        )
        .stroke(Stroke::Dashed),
    );
    if let Some(pruned) = report.changed_model() {
        series.push(LineSeries::new(
            "pruned",
            Hue::Vermillion,
            points(&pruned.test.full),
        ));
    }
    series.retain(|s| !s.points.is_empty());
    if series.is_empty() {
        return String::new();
    }
    let chart = LineChart {
        title: "Test error by step of the horizon".to_owned(),
        description: "Mean squared error in scaled space for each forecast row, over all test windows and channels."
            .to_owned(),
        x_label: "step".to_owned(),
        y_label: "MSE, scaled".to_owned(),
        series,
        ..LineChart::default()
    };
    figure(
        &line_chart(&chart),
        "With the best of the baselines",
        &chart.table(),
    )
}

fn by_channel(report: &Report) -> String {
    let dense = &report.dense.test.full.per_channel;
    let Some(pruned) = report.changed_model() else {
        return by_channel_of_one(report, dense);
    };
    let pruned = &pruned.test.full.per_channel;
    let pairs: Vec<(usize, &ChannelMetrics, &ChannelMetrics)> =
        chosen_channels(report, MOST_CHANNELS)
            .into_iter()
            .filter_map(|channel| Some((channel, dense.get(channel)?, pruned.get(channel)?)))
            .collect();
    if pairs.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "Test errors by channel",
        [
            "Channel",
            "MSE dense",
            "MSE pruned",
            "MSE change",
            "MAE dense",
            "MAE pruned",
            "MAE dense",
            "MAE pruned",
            "RMSE dense",
            "RMSE pruned",
        ],
    )
    .groups(&[("", 1), ("Scaled", 5), ("Original units", 4)]);
    for (channel, dense, pruned) in &pairs {
        table.row([
            channel_name(report, *channel),
            number::error(dense.scaled.mse),
            number::error(pruned.scaled.mse),
            number::percent(percent_change(dense.scaled.mse, pruned.scaled.mse)),
            number::error(dense.scaled.mae),
            number::error(pruned.scaled.mae),
            original(|set| set.mae, dense),
            original(|set| set.mae, pruned),
            original(|set| set.rmse, dense),
            original(|set| set.rmse, pruned),
        ]);
    }
    let hidden = report.data.channels.saturating_sub(pairs.len());
    table.left_out(hidden);
    let which = if hidden > 0 {
        aside(&format!(
            "The {} channels whose scaled MSE changed most, either way.",
            pairs.len()
        ))
    } else {
        String::new()
    };
    which + &table.html()
}

/// The same of the one model of a run in which nothing was removed.
fn by_channel_of_one(report: &Report, errors: &[ChannelMetrics]) -> String {
    if errors.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "Test errors by channel",
        ["Channel", "MSE", "MAE", "MAE", "RMSE"],
    )
    .groups(&[("", 1), ("Scaled", 2), ("Original units", 2)]);
    for (channel, metrics) in errors.iter().enumerate() {
        table.row([
            channel_name(report, channel),
            number::error(metrics.scaled.mse),
            number::error(metrics.scaled.mae),
            original(|set| set.mae, metrics),
            original(|set| set.rmse, metrics),
        ]);
    }
    table.limit(MOST_CHANNELS).html()
}

/// A metric in original units.
fn original(of: fn(&MetricSet) -> f64, metrics: &ChannelMetrics) -> String {
    metrics
        .original
        .as_ref()
        .map_or_else(|| number::NONE.to_owned(), |set| number::value(of(set)))
}
