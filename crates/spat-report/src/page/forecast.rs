//! Forecasts of one test window by both models.

use spat_spec::Report;

use super::{aside, channel, channel_name, chosen_channels, section as wrap};
use crate::{
    chart::{Hue, LineChart, LineSeries, Rule, Stroke, figure, line_chart},
    escape::escape,
    names, number,
};

/// Number of small charts of other channels.
const MOST_SMALL: usize = 9;

/// Number of rows in the table below a chart.
const MOST_ROWS: usize = 240;

pub(super) fn section(report: &Report) -> String {
    let sample = &report.sample;
    if report.data.channels == 0 || sample.truth.is_empty() {
        return String::new();
    }
    let when = sample
        .first_timestamp
        .as_ref()
        .map_or_else(String::new, |timestamp| format!(", {timestamp}"));
    let mut body = aside(&format!(
        "Window {} of the test range, in original units. The forecast starts at row {}{when}. One window shows what a \
         forecast looks like, not how good the models are.",
        number::count(sample.window as u64),
        number::count(sample.first_row as u64),
    ));
    body += &chart_of(
        report,
        sample.channel.min(report.data.channels - 1),
        912.0,
        340.0,
    );

    let others: Vec<usize> = chosen_channels(report, MOST_SMALL + 1)
        .into_iter()
        .filter(|&other| other != sample.channel)
        .take(MOST_SMALL)
        .collect();
    if !others.is_empty() {
        let small: String = others
            .iter()
            .map(|&other| chart_of(report, other, 420.0, 220.0))
            .collect();
        let hidden = report.data.channels - 1 - others.len();
        let which = if hidden > 0 {
            format!(
                "{} other channels, those whose test error changed most, and {} more in forecasts.csv",
                others.len(),
                number::count(hidden as u64)
            )
        } else {
            number::plural(others.len(), "other channel")
        };
        body += &format!(
            "<details class=\"more-charts\"><summary>{}</summary><div class=\"small\">{small}</div></details>",
            escape(&which)
        );
    }
    wrap("forecast", "Forecast before and after", &body)
}

fn chart_of(report: &Report, number_of: usize, width: f64, height: f64) -> String {
    let sample = &report.sample;
    let channels = report.data.channels;
    let name = channel_name(report, number_of);
    let lookback = sample.input.len() / channels;
    let offset = sample.offsets.get(number_of).copied().unwrap_or(0.0);
    let places = |values, first: i64| -> Vec<(f64, f64)> {
        channel(values, channels, number_of)
            .zip(first..)
            .map(|(value, row)| (row as f64, value + offset))
            .collect()
    };
    let mut seen = places(&sample.input, -(lookback as i64));
    seen.extend(places(&sample.truth, 0));
    let mut series = vec![
        LineSeries::new("seasonal naive", Hue::Grey, places(&sample.naive, 0))
            .stroke(Stroke::Dotted),
        LineSeries::new("truth", Hue::Ink, seen),
        LineSeries::new(names::dense(report), Hue::Blue, places(&sample.dense, 0))
            .stroke(Stroke::Dashed),
    ];
    if report.changed_model().is_some() {
        let pruned = places(&sample.pruned, 0);
        series.push(LineSeries::new("pruned", Hue::Vermillion, pruned));
    }
    let clock = if report.data.frequency == "row number" {
        "rows from the start of the forecast".to_owned()
    } else {
        format!(
            "rows of {} from the start of the forecast",
            report.data.frequency
        )
    };
    let chart = LineChart {
        title: format!("Forecast of {name}"),
        description: format!(
            "{lookback} rows of look-back, then the truth, the forecasts of the model before and after pruning, \
             and the seasonal naive one."
        ),
        x_label: clock,
        y_label: name,
        series: series
            .into_iter()
            .filter(|s| !s.points.is_empty())
            .collect(),
        rules: vec![Rule {
            x: 0.0,
            label: "forecast".to_owned(),
        }],
        width,
        height,
        ..LineChart::default()
    };
    let mut forecast_only = chart.clone();
    for series in &mut forecast_only.series {
        series.points.retain(|point| point.0 >= 0.0);
    }
    figure(
        &line_chart(&chart),
        "",
        &forecast_only.table().limit(MOST_ROWS),
    )
}
