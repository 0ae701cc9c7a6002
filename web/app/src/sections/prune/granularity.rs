//! What is removed, whole modules or single heads, and who chooses how many.

use leptos::prelude::*;
use spat_spec::Granularity;

use crate::show::Listed as _;
use crate::state::Page;

/// Two radio buttons and a checkbox.
#[component]
pub(super) fn GranularityChoice() -> impl IntoView {
    let page = Page::from_context();
    let choices = [
        (Granularity::Modules, "modules", "Whole modules"),
        (Granularity::Heads, "heads", "Single heads"),
    ];
    // Disabled while a job runs, which has its own granularity.
    let radio = move |(granularity, name, words): (Granularity, &'static str, &'static str)| {
        let chosen = move || page.setup.with(|setup| setup.granularity == granularity);
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="granularity"
                    data-testid=format!("granularity-{name}")
                    prop:checked=chosen
                    on:change=move |_| page.setup.update(|setup| setup.granularity = granularity)
                />
                {words}
            </label>
        }
    };
    view! {
        <fieldset class="granularity" disabled=page.busy>
            <legend>"What is removed"</legend>
            <div class="row">{choices.map(radio).listed()}</div>
            <label class="choice">
                <input
                    type="checkbox"
                    data-testid="prune-automatic"
                    prop:checked=move || page.setup.with(|setup| setup.automatic)
                    disabled=move || page.setup.with(|setup| !setup.granularity.is_modules())
                    on:change:target=move |event| {
                        let on = event.target().checked();
                        page.setup.update(|setup| setup.automatic = on);
                    }
                />
                "Choose the modules by the validation error: candidates are fine-tuned and compared"
            </label>
        </fieldset>
    }
}
