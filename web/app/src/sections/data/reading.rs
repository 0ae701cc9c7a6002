//! What a person can say about the file where the guess was wrong.

use leptos::prelude::*;
use spat_series::{Fill, Gaps, HeaderRow, SeriesOptions};
use spat_spec::DataConfig;

use crate::state::Page;

/// Overrides of the detection.
#[component]
pub(super) fn Reading() -> impl IntoView {
    let page = Page::here();
    let change = move |change: &dyn Fn(&mut DataConfig)| {
        if let Some(table) = page.table.get_untracked() {
            let mut data = table.data.clone();
            change(&mut data);
            page.reread_table(data);
        }
    };
    // A link can say both.
    let series = move |is: fn(&SeriesOptions) -> bool| {
        move || {
            page.table
                .with(|table| table.as_ref().is_some_and(|table| is(&table.data.series)))
        }
    };
    view! {
        <details class="more">
            <summary>"Was something guessed wrong?"</summary>
            <div class="row">
                <label class="field">
                    "Delimiter"
                    <select
                        data-testid="delimiter"
                        on:change:target=move |event| {
                            let delimiter = event.target().value().bytes().next();
                            change(&|data| data.read.delimiter = delimiter);
                        }
                    >
                        <option value="">"found out"</option>
                        <option value=",">"comma"</option>
                        <option value=";">"semicolon"</option>
                        <option value="\t">"tab"</option>
                        <option value="|">"bar"</option>
                    </select>
                </label>
                <label class="field">
                    "Decimal sign"
                    <select on:change:target=move |event| {
                        let comma = match event.target().value().as_str() {
                            "comma" => Some(true),
                            "point" => Some(false),
                            _ => None,
                        };
                        change(&|data| data.read.decimal_comma = comma);
                    }>
                        <option value="">"found out"</option>
                        <option value="point">"point"</option>
                        <option value="comma">"comma"</option>
                    </select>
                </label>
                <label class="field">
                    "First line"
                    <select on:change:target=move |event| {
                        let header = match event.target().value().as_str() {
                            "names" => HeaderRow::Present,
                            "values" => HeaderRow::Absent,
                            _ => HeaderRow::Auto,
                        };
                        change(&|data| data.read.header = header);
                    }>
                        <option value="">"found out"</option>
                        <option value="names">"names"</option>
                        <option value="values">"values"</option>
                    </select>
                </label>
                <label class="field">
                    "Missing values"
                    <select on:change:target=move |event| {
                        let fill = match event.target().value().as_str() {
                            "forward" => Fill::Forward,
                            "drop" => Fill::Drop,
                            _ => Fill::Linear,
                        };
                        change(&|data| data.series.fill = fill);
                    }>
                        <option value="">"straight line"</option>
                        <option value="forward" prop:selected=series(|series| series.fill == Fill::Forward)>"last value seen"</option>
                        <option value="drop" prop:selected=series(|series| series.fill == Fill::Drop)>"drop the row"</option>
                    </select>
                </label>
                <label class="field">
                    "Holes in the clock"
                    <select on:change:target=move |event| {
                        let keep = event.target().value() == "keep";
                        change(&|data| data.series.gaps = if keep { Gaps::Keep } else { Gaps::Insert });
                    }>
                        <option value="">"insert rows"</option>
                        <option value="keep" prop:selected=series(|series| series.gaps == Gaps::Keep)>"leave them"</option>
                    </select>
                </label>
            </div>
        </details>
    }
}
