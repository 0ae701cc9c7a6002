//! One channel over time, with the borders between training, validation and test.

use leptos::prelude::*;
use spat_report::{Hue, LineChart, LineSeries, Rule, line_chart};
use spat_series::SplitRule;

use crate::charts::Figure;
use crate::sections::ChannelPicker;
use crate::state::{LoadedTable, Page};

/// Points of the line; more cannot be told apart.
const POINTS: usize = 600;

/// The plot with its two sliders.
#[component]
pub(super) fn SplitPlot() -> impl IntoView {
    let page = Page::here();
    let chart = Memo::new(move |_| {
        let channel = page.channel.get();
        page.table
            .with(|table| table.as_ref().map(|table| drawing(table, channel)))
            .unwrap_or_default()
    });
    let shares = Memo::new(move |_| {
        page.table
            .with(|table| table.as_ref().map_or((70, 10), |table| shares(table)))
    });
    let set = move |train: u32, val: u32| {
        // Every part keeps something.
        let train = train.clamp(10, 85);
        let val = val.clamp(5, 95 - train);
        if let Some(table) = page.table.get_untracked() {
            let mut data = table.data.clone();
            data.split = SplitRule::Fractions {
                train: f64::from(train) / 100.0,
                val: f64::from(val) / 100.0,
                test: f64::from(100 - train - val) / 100.0,
            };
            page.reread_table(data);
        }
    };
    view! {
        <ChannelPicker id="data-channel" />
        <Figure
            name="series"
            caption="The model learns from the first part, is chosen on the second and judged on the third, which it never sees before."
            svg=Signal::derive(move || chart.with(line_chart))
            table=Signal::derive(move || chart.with(|chart| chart.table().limit(200).html()))
        />
        <div class="row sliders">
            <label class="field wide">
                {move || format!("Training: the first {} %", shares.get().0)}
                <input
                    type="range"
                    min="10"
                    max="85"
                    step="1"
                    data-testid="split-train"
                    prop:value=move || shares.get().0.to_string()
                    on:change:target=move |event| {
                        let train = event.target().value().parse().unwrap_or(70);
                        set(train, shares.get_untracked().1);
                    }
                />
            </label>
            <label class="field wide">
                {move || {
                    let (train, val) = shares.get();
                    format!("Validation: the next {val} %, and {} % for the test", 100 - train - val)
                }}
                <input
                    type="range"
                    min="5"
                    max="40"
                    step="1"
                    data-testid="split-val"
                    prop:value=move || shares.get().1.to_string()
                    on:change:target=move |event| {
                        let val = event.target().value().parse().unwrap_or(10);
                        set(shares.get_untracked().0, val);
                    }
                />
            </label>
        </div>
    }
}

fn drawing(table: &LoadedTable, channel: usize) -> LineChart {
    let series = &table.series;
    let channel = channel.min(series.channel_count() - 1);
    let name = series.channels[channel].clone();
    let stride = series.rows().div_ceil(POINTS).max(1);
    let points = series
        .channel(channel)
        .enumerate()
        .step_by(stride)
        .map(|(row, value)| (row as f64, f64::from(value)))
        .collect();
    let borders = table.data.split.apply(series.rows(), 1, 1).ok();
    let rules = borders.map_or_else(Vec::new, |split| {
        vec![
            Rule {
                x: split.val.start as f64,
                label: "validation".to_owned(),
            },
            Rule {
                x: split.test.start as f64,
                label: "test".to_owned(),
            },
        ]
    });
    LineChart {
        title: format!("{name} over time"),
        description: format!(
            "{name} in {} rows, with the borders of the parts",
            series.rows()
        ),
        x_label: "row".to_owned(),
        y_label: name.clone(),
        series: vec![LineSeries::new(name, Hue::Ink, points)],
        rules,
        height: 260.0,
        ..LineChart::default()
    }
}

/// Training and validation in percent.
fn shares(table: &LoadedTable) -> (u32, u32) {
    let rows = table.series.rows().max(1) as f64;
    let split = table.data.split.apply(table.series.rows(), 1, 1);
    split.map_or((70, 10), |split| {
        let percent = |rows_of: usize| (rows_of as f64 / rows * 100.0).round() as u32;
        (percent(split.train.len()), percent(split.val.len()))
    })
}
