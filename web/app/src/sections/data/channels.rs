//! Selection of the columns that are used.

use leptos::prelude::*;

use crate::show::Listed as _;
use crate::state::Page;

/// A checkbox per numeric column.
#[component]
pub(super) fn Channels() -> impl IntoView {
    let page = Page::from_context();
    let choose = move |names: Option<Vec<String>>| {
        if let Some(table) = page.table.get_untracked() {
            let mut data = table.data.clone();
            data.series.channels = names;
            page.reread_table(data);
        }
    };
    let toggle = move |name: String, used: bool| {
        let Some(table) = page.table.get_untracked() else {
            return;
        };
        // In the table's order, not in the order of clicks.
        let names: Vec<String> = table
            .parsed
            .channels
            .iter()
            .filter(|channel| {
                if **channel == name {
                    used
                } else {
                    table.series.channels.contains(channel)
                }
            })
            .cloned()
            .collect();
        choose(Some(names));
    };
    let boxes = move || {
        page.table.get().map(|table| {
            let last = table.series.channel_count() == 1;
            table
                .parsed
                .channels
                .iter()
                .map(|channel| {
                    let used = table.series.channels.contains(channel);
                    let name = channel.clone();
                    view! {
                        <label class="choice">
                            <input
                                type="checkbox"
                                data-testid=format!("channel-{channel}")
                                prop:checked=used
                                // A model forecasts at least one.
                                disabled=used && last
                                on:change:target=move |event| {
                                    toggle(name.clone(), event.target().checked());
                                }
                            />
                            {channel.clone()}
                        </label>
                    }
                })
                .listed()
        })
    };
    view! {
        <details class="more">
            <summary>
                {move || {
                    page.table
                        .with(|table| {
                            table
                                .as_ref()
                                .map(|table| {
                                    format!(
                                        "Channels: {} of {} are used",
                                        table.series.channel_count(),
                                        table.parsed.channels.len(),
                                    )
                                })
                        })
                }}
            </summary>
            <fieldset data-testid="channels">
                <legend class="visually-hidden">"Channels that are used"</legend>
                <div class="choices">{boxes}</div>
                <button type="button" on:click=move |_| choose(None)>
                    "Use all"
                </button>
            </fieldset>
        </details>
    }
}
