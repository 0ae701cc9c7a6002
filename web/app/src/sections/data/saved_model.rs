//! The forecast of a saved model for the table, without training.

use leptos::prelude::*;
use spat_report::{LineChart, line_chart};
use spat_spec::ModelForecast;

use crate::charts::Figure;
use crate::download;
use crate::sections::{ChannelOf, ForecastChart};
use crate::show::Listed as _;
use crate::state::{LoadedTable, Page};

/// Facts about the model, and its forecast.
#[component]
pub(super) fn SavedModel() -> impl IntoView {
    let page = Page::from_context();
    let is_table = Memo::new(move |_| page.table.with(Option::is_some));
    move || {
        page.model.get().map(|model| {
            let facts = model.facts.iter().cloned();
            let facts = facts.map(|fact| view! { <li>{fact}</li> }).listed();
            view! {
                <section class="saved-model" aria-labelledby="saved-model-title" data-testid="saved-model">
                    <h3 id="saved-model-title">{format!("Forecast by {}", model.name)}</h3>
                    <ul class="hint" data-testid="model-facts">
                        {facts}
                    </ul>
                    <div aria-live="polite" data-testid="model-answer">
                        {move || match page.forecast.get() {
                            Some(Ok(_)) => view! { <Answer /> }.into_any(),
                            Some(Err(reason)) => view! { <p class="error">{reason}</p> }.into_any(),
                            None => {
                                let words = if is_table.get() {
                                    "Waiting for the engine …"
                                } else {
                                    "Now load a table with these channels, of any length."
                                };
                                view! { <p class="hint">{words}</p> }.into_any()
                            }
                        }}
                    </div>
                    <button type="button" data-testid="model-away" on:click=move |_| page.remove_model()>
                        "Remove the model"
                    </button>
                </section>
            }
        })
    }
}

/// A chart of one channel's forecast.
#[component]
fn Answer() -> impl IntoView {
    let page = Page::from_context();
    let channel = RwSignal::new(0);
    let forecast = move || page.forecast.get().and_then(Result::ok);
    let names = Signal::derive(move || {
        forecast().map_or_else(Vec::new, |forecast| forecast.channels.clone())
    });
    let doubts = move || {
        let doubts = forecast().map(|forecast| forecast.doubts.clone());
        let doubts = doubts.unwrap_or_default().into_iter();
        doubts
            .map(|doubt| view! { <p class="banner">{doubt}</p> })
            .listed()
    };
    let chart =
        Memo::new(move |_| Some(drawing(&*forecast()?, &*page.table.get()?, channel.get())));
    let save = move |_| {
        let Some(forecast) = forecast() else { return };
        let text = forecast.csv.as_bytes();
        if download::save("spat-forecast.csv", "text/csv", text).is_err() {
            page.notify("the browser could not save `spat-forecast.csv`");
        }
    };
    view! {
        {doubts}
        <div class="row">
            <ChannelOf id="model-channel" names chosen=channel />
            <button type="button" data-testid="save-forecast" on:click=save>
                "Forecast as CSV"
            </button>
        </div>
        <Figure
            name="model-forecast"
            caption="The saved model's forecast after the last row of the table. Bands, if the model has them, contain the actual values in about 80 % and 95 % of cases if the future is like the part that it was validated on."
            draw=move |width: f64| {
                chart.get().map(|chart| line_chart(&LineChart { width, ..chart })).unwrap_or_default()
            }
            table=Signal::derive(move || {
                chart.get().map(|chart| chart.table().limit(400).html()).unwrap_or_default()
            })
        />
    }
}

fn drawing(forecast: &ModelForecast, table: &LoadedTable, channel: usize) -> LineChart {
    let name = forecast.channels.get(channel).map_or("", String::as_str);
    let chart = ForecastChart {
        series: &table.series,
        name,
        channel,
        channels: forecast.channels.len().max(1),
        first_row: forecast.first_row,
        timestamps: &forecast.timestamps,
        forecasts: &[("the model", &forecast.values)],
        intervals: &forecast.intervals,
        offsets: &forecast.offsets,
    };
    chart.line_chart(format!(
        "The last rows of {name} and what the saved model forecasts after them"
    ))
}
