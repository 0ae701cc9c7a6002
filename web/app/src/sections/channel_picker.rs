//! Selection of the channel that a chart shows.

use leptos::prelude::*;

use crate::show::Listed as _;
use crate::state::Page;

/// A list of the table's channels.
#[component]
pub(crate) fn ChannelPicker(
    /// The control's id and test id.
    id: &'static str,
) -> impl IntoView {
    let page = Page::from_context();
    let names = Signal::derive(move || {
        let table = page.table.get();
        table.map_or_else(Vec::new, |table| table.series.channels.clone())
    });
    view! { <ChannelOf id names chosen=page.channel /> }
}

/// A list of any channels.
#[component]
pub(crate) fn ChannelOf(
    /// The control's id and test id.
    id: &'static str,
    names: Signal<Vec<String>>,
    /// The index of the selected channel.
    chosen: RwSignal<usize>,
) -> impl IntoView {
    let options = move || {
        let names = names.get().into_iter().enumerate();
        names
            .map(|(number, name)| {
                let selected = move || chosen.get() == number;
                view! {
                    <option value=number.to_string() prop:selected=selected>
                        {name}
                    </option>
                }
            })
            .listed()
    };
    view! {
        <label class="field">
            "Channel shown"
            <select
                id=id
                data-testid=id
                on:change:target=move |event| {
                    chosen.set(event.target().value().parse().unwrap_or(0));
                }
            >
                {options}
            </select>
        </label>
    }
}
