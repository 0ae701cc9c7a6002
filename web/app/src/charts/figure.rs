//! A chart with its caption, its data as a table, and buttons that save it.

use leptos::prelude::*;
use leptos::{ev, html};
use spat_spec::ModuleId;

use super::data_table::DataTable;
use super::pointed::{module_under, point_out};
use super::save::{SAVED, Save};
use super::size::width_of;
use super::visibility::redraw_while_visible;
use crate::state::Page;

/// A chart of `spat-report`, as wide as its container. It is redrawn when its signals change while it is
/// visible; a saved file is always drawn from the current signals.
#[component]
pub(crate) fn Figure(
    /// File name of downloads, without extension.
    name: &'static str,
    /// One sentence.
    #[prop(into)]
    caption: Signal<String>,
    /// Draws the chart at a width in pixels, as an SVG element.
    #[prop(into)]
    draw: Callback<(f64,), String>,
    /// An HTML table of the same numbers (`spat_report::Table::html`).
    #[prop(into)]
    table: Signal<String>,
    /// What a click on a module does.
    #[prop(optional, into)]
    pick: Option<Callback<(ModuleId,)>>,
    /// An overlay, given the chart's width; 0 before that is known.
    #[prop(optional, into)]
    over: Option<Callback<(Signal<f64>,), AnyView>>,
) -> impl IntoView {
    let page = Page::from_context();
    let place = NodeRef::<html::Div>::new();
    let width = width_of(place);
    let svg = redraw_while_visible(place, move || match width.get() {
        0.0 => String::new(),
        width => draw.run((width,)),
    });
    Effect::new(move |_| {
        svg.track();
        let module = page.pointed.get();
        // After the chart is in the document.
        request_animation_frame(move || {
            // The figure may have been removed by then.
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
