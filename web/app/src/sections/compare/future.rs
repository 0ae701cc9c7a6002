//! What comes after the table's last row.

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, Rule, Stroke, line_chart};
use spat_spec::FutureForecast;

use crate::charts::Figure;
use crate::state::{LoadedTable, Page};

/// The drawing, or the button that asks for it.
#[component]
pub(super) fn Future() -> impl IntoView {
    let page = Page::here();
    let chart = Memo::new(move |_| {
        let future = page.future.get()?;
        let table = page.table.get()?;
        let channel = page.channel.get().min(table.series.channel_count() - 1);
        Some(drawing(&future, &table, channel))
    });
    view! {
        <h3>"What comes next"</h3>
        <div class="reserve" data-testid="future">
            <Show
                when=move || chart.with(Option::is_some)
                fallback=move || {
                    view! {
                        <button
                            type="button"
                            disabled=move || page.saved.with(Option::is_some)
                            on:click=move |_| page.forecast_future()
                        >
                            "Forecast the future"
                        </button>
                        <Show when=move || page.saved.with(Option::is_some)>
                            <p class="hint">"A saved example has no weights to forecast with: train it in step 3."</p>
                        </Show>
                    }
                }
            >
                <Figure
                    name="future"
                    caption="Both models after the last row of the table. The bands hold the truth in about 80 % and 95 % of cases, if the future is like the validation part (split conformal)."
                    draw=move |width: f64| {
                    chart.get().map(|chart| line_chart(&LineChart { width, ..chart })).unwrap_or_default()
                }
                    table=Signal::derive(move || {
                        chart.get().map(|chart| chart.table().limit(400).html()).unwrap_or_default()
                    })
                />
            </Show>
        </div>
    }
}

fn drawing(future: &FutureForecast, table: &LoadedTable, channel: usize) -> LineChart {
    let series = &table.series;
    let channels = series.channel_count();
    let pick = |values: &[f32]| -> Vec<f64> {
        values
            .iter()
            .skip(channel)
            .step_by(channels)
            .map(|&value| f64::from(value))
            .collect()
    };
    let places = |values: &[f64]| -> Vec<(f64, f64)> {
        values
            .iter()
            .enumerate()
            .map(|(step, &value)| (step as f64, value))
            .collect()
    };
    let pruned = pick(&future.pruned);
    let shown = (2 * pruned.len()).min(series.rows());
    let past = series
        .channel(channel)
        .skip(series.rows() - shown)
        .enumerate()
        .map(|(row, value)| (row as f64 - shown as f64, f64::from(value)))
        .collect();
    // The widest band first, so that the narrower one is drawn over it.
    let mut lines: Vec<LineSeries> = future
        .intervals
        .iter()
        .rev()
        .map(|(level, widths)| {
            let band = pick(widths)
                .iter()
                .zip(&pruned)
                .enumerate()
                .map(|(step, (width, value))| (step as f64, value - width, value + width))
                .collect();
            let mut line = LineSeries::new(
                format!("{:.0} %", level * 100.0),
                Hue::Vermillion,
                Vec::new(),
            );
            line.band = band;
            line
        })
        .collect();
    lines.extend([
        LineSeries::new("the table", Hue::Ink, past),
        LineSeries::new("dense", Hue::Blue, places(&pick(&future.dense))).stroke(Stroke::Dashed),
        LineSeries::new("pruned", Hue::Vermillion, places(&pruned)),
    ]);
    let name = series.channels[channel].clone();
    let start = future.stamps.first().cloned();
    let start = start.unwrap_or_else(|| format!("row {}", future.first_row));
    LineChart {
        title: format!("{name} from {start}"),
        description: format!("The last rows of {name} and what both models forecast after them"),
        x_label: "rows from the end of the table".to_owned(),
        y_label: name,
        series: lines,
        rules: vec![Rule {
            x: 0.0,
            label: "now".to_owned(),
        }],
        height: 320.0,
        ..LineChart::default()
    }
}
