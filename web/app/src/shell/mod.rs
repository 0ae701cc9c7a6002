//! The page's frame: header, steps, notices, the seven parts in order, footer.

mod footer;
mod masthead;
mod next;
mod notices;
mod offline;
mod scheme;
mod steps;

use leptos::prelude::*;

use crate::charts::Drawings;
use crate::class::{Comparison, Rules};
use crate::engine;
use crate::example::{self, SavedNote};
use crate::lessons::Lessons;
use crate::place::Place;
use crate::sections::attention::AttentionPart;
use crate::sections::compare::ComparePart;
use crate::sections::data::DataPart;
use crate::sections::go_to;
use crate::sections::keep::{KeepPart, ResumeOffer};
use crate::sections::model::ModelPart;
use crate::sections::prune::PrunePart;
use crate::sections::train::TrainPart;
use crate::show::Show;
use crate::state::Page;

use footer::Footer;
use masthead::Masthead;
use notices::Notices;
use steps::Steps;

/// The whole page.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let page = Page::new();
    provide_context(page);
    Drawings::provide();
    let place = Place::new(page);
    provide_context(place);
    let rules = Rules::in_address();
    rules.apply(page);
    provide_context(rules);
    engine::start(page);
    engine::hold_open_run(page);
    page.load_summaries();
    example::welcome(page);
    page.choose_engine(page.engine.get_untracked());
    offline::keep_for_offline();
    // An effect runs once the page stands, so there is no moment without a page.
    Effect::new(|| {
        if let Some(first) = document().get_element_by_id("first-paint") {
            first.remove();
        }
    });
    Effect::new(move |_| {
        let class = place.class.get();
        if let Some(root) = document().document_element() {
            root.toggle_attribute_with_force("data-class", class).ok();
        }
    });
    view! {
        <a class="skip" href="#data" on:click=move |event| go_to(&event, "data")>
            "Skip to the first step"
        </a>
        <Masthead />
        <Steps />
        <main id="parts">
            <Show when=move || place.class.get()>
                <Comparison />
            </Show>
            <ResumeOffer />
            <SavedNote />
            <DataPart />
            <ModelPart />
            <TrainPart />
            <AttentionPart />
            <PrunePart />
            <ComparePart />
            <KeepPart />
        </main>
        <Footer />
        <Notices />
        <Lessons />
    }
}
