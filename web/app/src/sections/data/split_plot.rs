//! One channel over time, with the borders between training, validation and test.

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, PlotArea, Rule, line_chart};

use super::borders::Borders;
use super::shares::Shares;
use super::time_ticks::time_ticks;
use crate::charts::Figure;
use crate::sections::ChannelPicker;
use crate::state::{LoadedTable, Page};

/// Largest number of points of the line; more are not distinguishable.
const MAX_POINTS: usize = 600;

/// The plot, its borders, and the shares.
#[component]
pub(super) fn SplitPlot() -> impl IntoView {
    let page = Page::from_context();
    let shares = RwSignal::new(Shares::DEFAULT);
    Effect::new(move |_| {
        page.table.with(|table| {
            if let Some(table) = table {
                shares.set(Shares::of(table));
            }
        });
    });
    let settle = move |()| {
        let (chosen, table) = (shares.get_untracked(), page.table.get_untracked());
        if table.is_some_and(|table| Shares::of(&table) != chosen) {
            page.split_table(chosen.rule());
        }
    };
    let lines = Memo::new(move |_| {
        let channel = page.channel.get();
        page.table
            .with(|table| table.as_ref().map(|table| lines(table, channel)))
            .unwrap_or_default()
    });
    let chart = move |width: f64| {
        let rows = page
            .table
            .with(|table| table.as_ref().map_or(0, |table| table.series.rows()));
        LineChart {
            rules: rules(shares.get(), rows),
            width,
            ..lines.get()
        }
    };
    let over = move |width: Signal<f64>| {
        let area = Memo::new(move |_| match width.get() {
            0.0 => PlotArea::default(),
            width => LineChart {
                width,
                ..lines.get()
            }
            .plot_area(),
        });
        view! { <Borders area shares settle=Callback::new(settle) /> }.into_any()
    };
    let part = move |name: &'static str, of: fn(Shares) -> u32| {
        view! {
            <li class=format!("share {name}")>
                {name} " " <strong>{move || format!("{} %", of(shares.get()))}</strong>
            </li>
        }
    };
    view! {
        <div class="split-head">
            <ChannelPicker id="data-channel" />
            <ul class="shares" data-testid="shares" aria-label="Parts of the table">
                {part("training", |shares| shares.train)}
                {part("validation", |shares| shares.val)}
                {part("test", Shares::test)}
            </ul>
        </div>
        <Figure
            name="series"
            caption="The model is trained on the first part, selected on the second and evaluated on the third. Drag the borders to move them."
            draw=move |width: f64| line_chart(&chart(width))
            table=Signal::derive(move || lines.with(|chart| chart.table().limit(200).html()))
            over
        />
    }
}

/// The chart without its borders.
fn lines(table: &LoadedTable, channel: usize) -> LineChart {
    let series = &table.series;
    let channel = channel.min(series.channel_count() - 1);
    let name = series.channels[channel].clone();
    let stride = series.rows().div_ceil(MAX_POINTS).max(1);
    let points = series
        .channel(channel)
        .enumerate()
        .step_by(stride)
        .map(|(row, value)| (row as f64, f64::from(value) + series.offset(channel)))
        .collect();
    let x_words = time_ticks(&series.index);
    LineChart {
        title: format!("{name} over time"),
        description: format!(
            "{name} in {} rows, with the borders of the parts",
            series.rows()
        ),
        x_label: if x_words.is_empty() { "row" } else { "" }.to_owned(),
        y_label: name.clone(),
        series: vec![LineSeries::new(name, Hue::Ink, points)],
        x_words,
        height: 260.0,
        ..LineChart::default()
    }
}

fn rules(shares: Shares, rows: usize) -> Vec<Rule> {
    let rule = |percent: u32, label: &str| Rule {
        x: rows.saturating_sub(1) as f64 * f64::from(percent) / 100.0,
        label: label.to_owned(),
    };
    vec![
        rule(shares.train, "validation"),
        rule(shares.train + shares.val, "test"),
    ]
}
