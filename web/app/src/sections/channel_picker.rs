//! The channel that plots show.

use leptos::prelude::*;

use crate::state::Page;

/// A list of the table's channels.
#[component]
pub(crate) fn ChannelPicker(
    /// The control's own name in the page.
    id: &'static str,
) -> impl IntoView {
    let page = Page::here();
    let options = move || {
        page.table.get().map(|table| {
            let names = table.series.channels.iter().enumerate();
            names
                .map(|(number, name)| {
                    let selected = move || page.channel.get() == number;
                    view! {
                        <option value=number.to_string() prop:selected=selected>
                            {name.clone()}
                        </option>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <label class="field">
            "Channel shown"
            <select
                id=id
                data-testid=id
                on:change:target=move |event| {
                    page.channel.set(event.target().value().parse().unwrap_or(0));
                }
            >
                {options}
            </select>
        </label>
    }
}
