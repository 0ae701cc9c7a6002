//! 2 · The model: a size with a name, two window lengths, and everything else for those who want it.

mod cost;
mod engine_choice;
mod fields;

use leptos::prelude::*;

use super::{Help, Part};
use crate::class::Lockable;
use crate::state::{Page, Preset};

use cost::{Cost, seconds_of};
use engine_choice::EngineChoice;
use fields::{MoreFields, WindowFields};

/// The part.
#[component]
pub(crate) fn ModelPart() -> impl IntoView {
    let page = Page::here();
    let objection = Memo::new(move |_| page.objection());
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
                    text="Quick is a first look; Standard has enough attention modules for a ranking that means something; Thorough has the size that the literature uses on small data sets. All three keep your window lengths. The times are for a training on a CPU, with your table."
                />
            </div>
            <WindowFields />
            <MoreFields />
            </Lockable>
            <div class="objection" aria-live="polite">
                {move || {
                    objection.get().map(|why| view! { <p class="error" data-testid="objection">{why}</p> })
                }}
            </div>
            <Cost />
            <Lockable name="engine">
                <EngineChoice />
            </Lockable>
        </Part>
    }
}
