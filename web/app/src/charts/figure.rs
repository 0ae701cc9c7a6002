//! A drawing with its caption, its data as a table, and itself as a file.

use leptos::prelude::*;
use leptos::{ev, html};
use spat_spec::ModuleId;

use super::data_table::DataTable;
use super::pointed::{module_under, point_out};
use super::save::{SAVED, Save};
use super::seen::while_seen;
use super::size::width_of;
use crate::state::Page;

/// A drawing of `spat-report`, as wide as its place and drawn anew whenever its signals change and
/// somebody sees it. Saved, it is as new as its signals.
#[component]
pub(crate) fn Figure(
    /// File name of downloads, without ending.
    name: &'static str,
    /// What it shows, one sentence.
    #[prop(into)]
    caption: Signal<String>,
    /// The drawing in a width in pixels, as an SVG element.
    #[prop(into)]
    draw: Callback<(f64,), String>,
    /// An HTML table of the same numbers (`spat_report::Table::html`).
    #[prop(into)]
    table: Signal<String>,
    /// What a click on a module does.
    #[prop(optional, into)]
    pick: Option<Callback<(ModuleId,)>>,
    /// What lies over the drawing, for its width; 0 before that is known.
    #[prop(optional, into)]
    over: Option<Callback<(Signal<f64>,), AnyView>>,
) -> impl IntoView {
    let page = Page::here();
    let place = NodeRef::<html::Div>::new();
    let width = width_of(place);
    let svg = while_seen(place, move || match width.get() {
        0.0 => String::new(),
        width => draw.run((width,)),
    });
    Effect::new(move |_| {
        svg.track();
        let module = page.pointed.get();
        // After the drawing is in its place.
        request_animation_frame(move || {
            // By then the figure may be gone.
            if let Some(place) = place.try_get_untracked().flatten() {
                point_out(&place, module.as_ref());
            }
        });
    });
    let point = move |module: Option<ModuleId>| {
        if page.pointed.get_untracked() != module {
            page.pointed.set(module);
        }
    };
    let click = move |event: ev::MouseEvent| {
        if let (Some(pick), Some(module)) = (pick, module_under(&event)) {
            pick.run((module,));
        }
    };
    let saved = Callback::new(move |()| draw.run((SAVED,)));
    view! {
        <figure class="chart" data-name=name>
            <div class="drawing">
                <div
                    node_ref=place
                    class:picks=pick.is_some()
                    on:pointerover=move |event| point(module_under(&event))
                    on:pointerleave=move |_| point(None)
                    on:click=click
                    inner_html=svg
                ></div>
                {over.map(|over| over.run((width.into(),)))}
            </div>
            <figcaption>{caption}</figcaption>
            <div class="chart-foot">
                <DataTable table />
                <Save name draw=saved />
            </div>
        </figure>
    }
}
