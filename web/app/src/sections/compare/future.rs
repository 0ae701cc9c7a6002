//! Forecasts after the table's last row.

use leptos::prelude::*;
use spat_report::{LineChart, line_chart};
use spat_spec::FutureForecast;

use super::model_names;
use crate::charts::Figure;
use crate::sections::ForecastChart;
use crate::show::Show;
use crate::state::{LoadedTable, Page};

/// The chart, or the button that requests it.
#[component]
pub(super) fn Future() -> impl IntoView {
    let page = Page::from_context();
    let chart = Memo::new(move |_| {
        let future = page.future.get()?;
        let table = page.table.get()?;
        let channel = page.channel.get().min(table.series.channel_count() - 1);
        let (dense, pruned) = model_names(page);
        Some(drawing(&future, &table, channel, &dense, pruned))
    });
    view! {
        <h3>"Future"</h3>
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
                            <p class="hint">"A saved example has no weights. Train it in step 3 to forecast."</p>
                        </Show>
                    }
                }
            >
                <Figure
                    name="future"
                    caption="The models' forecasts after the last row of the table. The bands contain the actual values in about 80 % and 95 % of cases if the future is like the validation part (split conformal)."
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

fn drawing(
    future: &FutureForecast,
    table: &LoadedTable,
    channel: usize,
    dense: &str,
    pruned: Option<&str>,
) -> LineChart {
    let channels = &table.series.channels;
    let name = &channels[channel];
    let mut forecasts = vec![(dense, future.dense.as_slice())];
    forecasts.extend(pruned.map(|name| (name, future.pruned.as_slice())));
    let chart = ForecastChart {
        series: &table.series,
        name,
        channel,
        channels: channels.len(),
        first_row: future.first_row,
        timestamps: &future.timestamps,
        forecasts: &forecasts,
        intervals: &future.intervals,
        offsets: &future.offsets,
    };
    chart.line_chart(format!(
        "The last rows of {name} and the forecasts after them"
    ))
}
