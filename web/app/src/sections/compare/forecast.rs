//! The forecasts of one test window.

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, Rule, Stroke, line_chart};
use spat_spec::ForecastSample;

use super::model_names;
use crate::charts::Figure;
use crate::state::Page;

/// The chart, and the error of each forecast.
#[component]
pub(super) fn Forecast() -> impl IntoView {
    let page = Page::from_context();
    // First and last row shown, from the forecast's start; by default `Reach::first`.
    let chosen = RwSignal::new(None::<(i32, i32)>);
    let reach = Memo::new(move |_| {
        let channels = page.table.get()?.series.channel_count();
        page.sample
            .with(|sample| Some(Reach::of(sample.as_ref()?, channels)))
    });
    let shown = Memo::new(move |_| {
        let reach = reach.get().unwrap_or_default();
        chosen
            .get()
            .map_or(reach.first(), |rows| reach.within(rows))
    });
    let chart = Memo::new(move |_| {
        let sample = page.sample.get()?;
        let table = page.table.get()?;
        let channels = table.series.channel_count();
        let channel = page.channel.get().min(channels - 1);
        let name = table.series.channels[channel].clone();
        Some(drawing(
            &sample,
            channels,
            channel,
            name,
            shown.get(),
            model_names(page),
        ))
    });
    let errors = Memo::new(move |_| {
        let sample = page.sample.get()?;
        let channels = page.table.get()?.series.channel_count();
        Some(window_errors(
            &sample,
            channels,
            page.channel.get().min(channels - 1),
            model_names(page),
        ))
    });
    let edge = move |name: &'static str, words: &'static str| {
        let is_last = name == "zoom-last";
        let value = move || {
            let (first, last) = shown.get();
            if is_last { last } else { first }
        };
        let end = move |is_last: bool| {
            let (first, last) = reach.get().unwrap_or_default().all();
            (if is_last { last } else { first }).to_string()
        };
        let choose = move |text: String| {
            let (first, last) = shown.get_untracked();
            let row = text.parse().unwrap_or(0);
            let rows = if is_last {
                (first.min(row - 1), row)
            } else {
                (row, last.max(row + 1))
            };
            chosen.set(Some(rows));
        };
        view! {
            <label class="field">
                {move || format!("{words} {}", value())}
                <input
                    type="range"
                    data-testid=name
                    prop:min=move || end(false)
                    prop:max=move || end(true)
                    prop:value=move || value().to_string()
                    on:input:target=move |event| choose(event.target().value())
                />
            </label>
        }
    };
    view! {
        <div data-testid="forecast">
            <Figure
                name="forecast"
                caption="Actual values (black), the models' forecasts, and the seasonal naive forecast as a baseline."
                draw=move |width: f64| {
                    chart.get().map(|chart| line_chart(&LineChart { width, ..chart })).unwrap_or_default()
                }
                table=Signal::derive(move || {
                    chart.get().map(|chart| chart.table().limit(400).html()).unwrap_or_default()
                })
            />
        </div>
        <div class="row">
            {edge("zoom-first", "From row")}
            {edge("zoom-last", "to row")}
            <button
                type="button"
                data-testid="zoom-whole"
                on:click=move |_| chosen.set(reach.get_untracked().map(Reach::all))
            >
                "Whole look-back"
            </button>
            <button
                type="button"
                data-testid="zoom-reset"
                disabled=move || chosen.with(Option::is_none)
                on:click=move |_| chosen.set(None)
            >
                "Reset"
            </button>
            <p class="hint" data-testid="window-errors">
                {move || errors.get()}
            </p>
        </div>
    }
}

/// Rows of a window before and after the forecast's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Reach {
    lookback: i32,
    horizon: i32,
}

impl Reach {
    fn of(sample: &ForecastSample, channels: usize) -> Self {
        let rows = |values: &[f32]| i32::try_from(values.len() / channels).unwrap_or(i32::MAX);
        Self {
            lookback: rows(&sample.input),
            horizon: rows(&sample.truth),
        }
    }

    /// First and last row of the window.
    fn all(self) -> (i32, i32) {
        (-self.lookback, self.horizon - 1)
    }

    /// The rows shown by default: the end of the look-back, and the forecast.
    fn first(self) -> (i32, i32) {
        let (first, last) = self.all();
        (first.max(-2 * self.horizon), last)
    }

    /// Limits a range to the window, with at least two rows.
    fn within(self, (first, last): (i32, i32)) -> (i32, i32) {
        let (least, most) = self.all();
        let first = first.min(most - 1).max(least);
        (first, last.min(most).max(first + 1))
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
    (first, last): (i32, i32),
    (dense, pruned): (String, Option<&str>),
) -> LineChart {
    let is_shown = |point: &(f64, f64)| (f64::from(first)..=f64::from(last)).contains(&point.0);
    let offset = sample.offsets.get(channel).copied().unwrap_or(0.0);
    let ahead = |values: &[f32]| -> Vec<(f64, f64)> {
        column(values, channels, channel)
            .enumerate()
            .map(|(step, value)| (step as f64, value + offset))
            .filter(is_shown)
            .collect()
    };
    let lookback = (sample.input.len() / channels) as f64;
    let past = column(&sample.input, channels, channel).enumerate();
    let mut truth: Vec<(f64, f64)> = past
        .map(|(row, value)| (row as f64 - lookback, value + offset))
        .filter(is_shown)
        .collect();
    truth.extend(ahead(&sample.truth));
    let mut series = vec![
        LineSeries::new("seasonal naive", Hue::Grey, ahead(&sample.naive)).stroke(Stroke::Dotted),
        LineSeries::new("actual", Hue::Ink, truth),
        LineSeries::new(dense, Hue::Blue, ahead(&sample.dense)).stroke(Stroke::Dashed),
    ];
    if let Some(pruned) = pruned.filter(|_| !sample.pruned.is_empty()) {
        series.push(LineSeries::new(
            pruned,
            Hue::Vermillion,
            ahead(&sample.pruned),
        ));
    }
    let start = sample
        .first_timestamp
        .clone()
        .unwrap_or_else(|| format!("row {}", sample.first_row));
    LineChart {
        title: format!("{name}, forecast from {start}"),
        description: format!(
            "Look-back, actual values and forecasts of {name} in test window {}",
            sample.window
        ),
        x_label: "rows from the forecast's start".to_owned(),
        y_label: name,
        series,
        rules: (first <= 0 && last >= 0)
            .then(|| Rule {
                x: 0.0,
                label: "forecast".to_owned(),
            })
            .into_iter()
            .collect(),
        height: 340.0,
        ..LineChart::default()
    }
}

/// Mean absolute errors of the channel in this window, in original units.
fn window_errors(
    sample: &ForecastSample,
    channels: usize,
    channel: usize,
    (dense, pruned): (String, Option<&str>),
) -> String {
    let error = |forecast: &[f32]| {
        let pairs =
            column(forecast, channels, channel).zip(column(&sample.truth, channels, channel));
        let count = (sample.truth.len() / channels).max(1) as f64;
        pairs
            .map(|(forecast, actual)| (forecast - actual).abs())
            .sum::<f64>()
            / count
    };
    let mut words = format!(
        "Mean absolute error in this window: {dense} {:.3}",
        error(&sample.dense)
    );
    if let Some(pruned) = pruned.filter(|_| !sample.pruned.is_empty()) {
        words += &format!(", {pruned} {:.3}", error(&sample.pruned));
    }
    words
        + &format!(
            ", seasonal naive {:.3}. A single window is not representative.",
            error(&sample.naive)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_range_is_inside_the_window_with_two_rows() {
        let reach = Reach {
            lookback: 96,
            horizon: 24,
        };
        assert_eq!(reach.first(), (-48, 23));
        assert_eq!(reach.within((-200, 200)), (-96, 23));
        assert_eq!(reach.within((30, 31)), (22, 23));
        assert_eq!(reach.within((5, 4)), (5, 6));
    }
}
