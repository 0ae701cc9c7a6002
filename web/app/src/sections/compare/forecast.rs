//! One window of the test range.

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, Rule, Stroke, line_chart};
use spat_spec::ForecastSample;

use crate::charts::Figure;
use crate::state::Page;

/// The drawing, and the error of each forecast in it.
#[component]
pub(super) fn Forecast() -> impl IntoView {
    let page = Page::here();
    let whole = RwSignal::new(false);
    let chart = Memo::new(move |_| {
        let sample = page.sample.get()?;
        let table = page.table.get()?;
        let channels = table.series.channel_count();
        let channel = page.channel.get().min(channels - 1);
        let name = table.series.channels[channel].clone();
        Some(drawing(&sample, channels, channel, name, whole.get()))
    });
    let errors = Memo::new(move |_| {
        let sample = page.sample.get()?;
        let channels = page.table.get()?.series.channel_count();
        Some(window_errors(
            &sample,
            channels,
            page.channel.get().min(channels - 1),
        ))
    });
    view! {
        <div data-testid="forecast">
            <Figure
                name="forecast"
                caption="What came (ink), what the dense and the pruned model said, and the seasonal naive forecast that both have to beat."
                draw=move |width: f64| {
                    chart.get().map(|chart| line_chart(&LineChart { width, ..chart })).unwrap_or_default()
                }
                table=Signal::derive(move || {
                    chart.get().map(|chart| chart.table().limit(400).html()).unwrap_or_default()
                })
            />
        </div>
        <div class="row">
            <label class="choice">
                <input
                    type="checkbox"
                    prop:checked=move || whole.get()
                    on:change:target=move |event| whole.set(event.target().checked())
                />
                "Show the whole look-back"
            </label>
            <p class="hint" data-testid="window-errors">
                {move || errors.get()}
            </p>
        </div>
    }
}

fn column(values: &[f32], channels: usize, channel: usize) -> impl Iterator<Item = f64> + '_ {
    values
        .iter()
        .skip(channel)
        .step_by(channels)
        .map(|&value| f64::from(value))
}

fn drawing(
    sample: &ForecastSample,
    channels: usize,
    channel: usize,
    name: String,
    whole: bool,
) -> LineChart {
    let horizon = sample.truth.len() / channels;
    let ahead = |values: &[f32]| -> Vec<(f64, f64)> {
        column(values, channels, channel)
            .enumerate()
            .map(|(step, value)| (step as f64, value))
            .collect()
    };
    let lookback = sample.input.len() / channels;
    let shown = if whole {
        lookback
    } else {
        lookback.min(2 * horizon)
    };
    let past = column(&sample.input, channels, channel)
        .enumerate()
        .skip(lookback - shown);
    let mut truth: Vec<(f64, f64)> = past
        .map(|(row, value)| (row as f64 - lookback as f64, value))
        .collect();
    truth.extend(ahead(&sample.truth));
    let mut series = vec![
        LineSeries::new("seasonal naive", Hue::Grey, ahead(&sample.naive)).stroke(Stroke::Dotted),
        LineSeries::new("what came", Hue::Ink, truth),
        LineSeries::new("dense", Hue::Blue, ahead(&sample.dense)).stroke(Stroke::Dashed),
    ];
    if !sample.pruned.is_empty() {
        series.push(LineSeries::new(
            "pruned",
            Hue::Vermillion,
            ahead(&sample.pruned),
        ));
    }
    let start = sample
        .first_stamp
        .clone()
        .unwrap_or_else(|| format!("row {}", sample.first_row));
    LineChart {
        title: format!("{name}, forecast from {start}"),
        description: format!(
            "Look-back, truth and forecasts of {name} in test window {}",
            sample.window
        ),
        x_label: "rows from the forecast's start".to_owned(),
        y_label: name,
        series,
        rules: vec![Rule {
            x: 0.0,
            label: "forecast".to_owned(),
        }],
        height: 340.0,
        ..LineChart::default()
    }
}

/// Mean absolute errors of the channel in this window, original units.
fn window_errors(sample: &ForecastSample, channels: usize, channel: usize) -> String {
    let error = |forecast: &[f32]| {
        let pairs =
            column(forecast, channels, channel).zip(column(&sample.truth, channels, channel));
        let count = (sample.truth.len() / channels).max(1) as f64;
        pairs.map(|(said, came)| (said - came).abs()).sum::<f64>() / count
    };
    let mut words = format!(
        "Mean absolute error in this window: dense {:.3}",
        error(&sample.dense)
    );
    if !sample.pruned.is_empty() {
        words += &format!(", pruned {:.3}", error(&sample.pruned));
    }
    words
        + &format!(
            ", seasonal naive {:.3}. One window proves nothing.",
            error(&sample.naive)
        )
}
