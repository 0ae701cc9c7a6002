//! The app's frame: header, steps, the seven sections, footer, notices.

mod footer;
mod header;
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
use crate::route::Route;
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
use header::Header;
use notices::Notices;
use steps::Steps;

/// The whole app.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let page = Page::new();
    provide_context(page);
    Drawings::provide();
    let route = Route::new(page);
    provide_context(route);
    let rules = Rules::in_address();
    rules.apply(page);
    provide_context(rules);
    engine::start(page);
    engine::hold_open_run(page);
    page.load_summaries();
    example::show_on_first_visit(page);
    page.choose_engine(page.engine.get_untracked());
    offline::register_service_worker();
    // Effects run after the app is mounted, so the first paint is replaced without a gap.
    Effect::new(|| {
        if let Some(first) = document().get_element_by_id("first-paint") {
            first.remove();
        }
    });
    Effect::new(move |_| {
        let class = route.class.get();
        if let Some(root) = document().document_element() {
            root.toggle_attribute_with_force("data-class", class).ok();
        }
    });
    view! {
        <a class="skip" href="#data" on:click=move |event| go_to(&event, "data")>
            "Skip to the first step"
        </a>
        <Header />
        <Steps />
        <main id="parts">
            <Show when=move || route.class.get()>
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
