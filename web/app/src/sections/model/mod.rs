//! 2 · The model: a preset size, window lengths, and further settings.

mod cost;
mod engine_choice;
mod fields;

use leptos::prelude::*;

use super::{Help, Part};
use crate::class::Lockable;
use crate::state::{Page, Preset};

use cost::{Cost, seconds_of};
use engine_choice::EngineChoice;
pub(crate) use engine_choice::waiting_for_place;
use fields::{MoreFields, WindowFields};

/// The section.
#[component]
pub(crate) fn ModelPart() -> impl IntoView {
    let page = Page::from_context();
    let setup_error = Memo::new(move |_| page.setup_error());
    view! {
        <Part
            number=2
            id="model"
            title="Model"
            lead="A small Transformer that forecasts all channels at once, and how long it is trained."
        >
            <Lockable name="preset">
            <div class="row" role="group" aria-label="Size">
                {Preset::ALL.map(|preset| {
                    let pressed = move || page.setup.with(|setup| preset.is_size_of(setup));
                    view! {
                        <button
                            type="button"
                            data-testid=format!("preset-{}", preset.name().to_ascii_lowercase())
                            aria-pressed=move || pressed().to_string()
                            on:click=move |_| page.setup.update(|setup| *setup = preset.apply(setup))
                        >
                            {preset.name()} " "
                            <small>
                                {move || seconds_of(page, preset).map(spat_spec::rough_duration)}
                            </small>
                        </button>
                    }
                })}
                <Help
                    about="sizes"
                    text="Quick is for a first impression; Standard has enough attention modules for a meaningful ranking; Thorough has the size that the literature uses on small data sets. All three keep your window lengths. At Quick, models with costly steps have fewer tokens, layers or heads than others. The times are for a training on a CPU, with your table."
                />
            </div>
            <WindowFields />
            <MoreFields />
            </Lockable>
            <div class="objection" aria-live="polite">
                {move || {
                    setup_error.get().map(|why| view! { <p class="error" data-testid="objection">{why}</p> })
                }}
            </div>
            <Cost />
            <Lockable name="engine">
                <EngineChoice />
            </Lockable>
        </Part>
    }
}
