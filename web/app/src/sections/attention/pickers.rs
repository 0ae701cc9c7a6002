//! Selection of the module and the head.

use leptos::prelude::*;
use spat_report::module_heading;
use spat_spec::ModuleId;

use super::choice::Choice;
use super::map::head_name;
use crate::show::Listed as _;
use crate::state::Page;

/// The value of the option for the mean of heads.
const MEAN: &str = "mean";

/// A radio button per module and a list of heads.
#[component]
pub(super) fn Pickers(choice: Choice) -> impl IntoView {
    let page = Page::from_context();
    let modules = Memo::new(move |_| {
        page.maps.with(|maps| {
            maps.iter()
                .map(|map| map.module.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <div class="row attention-pickers">
            <fieldset class="module-picker" data-testid="attention-modules">
                <legend>"Module"</legend>
                {move || {
                    let modules = modules.get().into_iter();
                    modules.map(|module| view! { <ModuleRadio choice module /> }).listed()
                }}
            </fieldset>
            <HeadPicker choice />
        </div>
    }
}

/// One module: a radio button styled as a button.
#[component]
fn ModuleRadio(choice: Choice, module: ModuleId) -> impl IntoView {
    let page = Page::from_context();
    let name = module_heading(&module);
    let testid = format!("attention-module-{module}");
    let module = StoredValue::new(module);
    let shown = Memo::new(move |_| module.with_value(|module| choice.shows(module)));
    let pointed = move || module.with_value(|module| page.is_pointed(&module.module()));
    view! {
        <label
            class="module-choice"
            class:chosen=move || shown.get()
            class:pointed=pointed
            on:pointerenter=move |_| page.pointed.set(Some(module.with_value(ModuleId::module)))
            on:pointerleave=move |_| page.pointed.set(None)
        >
            <input
                type="radio"
                name="attention-module"
                data-testid=testid
                prop:checked=move || shown.get()
                on:change=move |_| choice.choose_module(module.get_value())
                on:focus=move |_| page.pointed.set(Some(module.with_value(ModuleId::module)))
                on:blur=move |_| page.pointed.set(None)
            />
            {name}
        </label>
    }
}

/// Mean of heads, or one of them.
#[component]
fn HeadPicker(choice: Choice) -> impl IntoView {
    let heads = Memo::new(move |_| choice.with(|maps| maps.heads).unwrap_or(0));
    let options = move || {
        (0..heads.get())
            .map(|head| view! { <option value=head.to_string()>{head_name(Some(head))}</option> })
            .listed()
    };
    // Tracks the options too: after they change, the value must be set again.
    let value = move || {
        heads.track();
        choice
            .head()
            .map_or_else(|| MEAN.to_owned(), |head| head.to_string())
    };
    view! {
        <div class="field">
            <label for="attention-head">"Head"</label>
            <select
                id="attention-head"
                data-testid="attention-head"
                prop:value=value
                on:change:target=move |event| choice.choose_head(event.target().value().parse().ok())
            >
                <option value=MEAN>{head_name(None)}</option>
                {options}
            </select>
        </div>
    }
}
