//! The dense network as a diagram; a click on a module shows its maps.

use leptos::prelude::*;
use spat_report::{network_drawing_within, network_table};
use spat_spec::{ModuleId, Structure};

use super::choice::Choice;
use crate::charts::Figure;
use crate::state::Page;

/// The diagram.
#[component]
pub(super) fn Network(choice: Choice) -> impl IntoView {
    let page = Page::from_context();
    let dense = Memo::new(move |_| {
        page.trained.with(|trained| {
            let forecaster = &trained.as_ref()?.forecaster;
            Some(Structure::dense(forecaster.clone()))
        })
    });
    let drawn = move |draw: &dyn Fn(&Structure) -> String| {
        dense.with(|dense| dense.as_ref().map(draw).unwrap_or_default())
    };
    view! {
        <div data-testid="network-dense">
            <Figure
                name="network-dense"
                caption="The dense network. Point at a module to highlight it in every chart; click it to see its maps."
                draw=move |width: f64| drawn(&|dense: &Structure| network_drawing_within(dense, width))
                table=Signal::derive(move || drawn(&|dense: &Structure| network_table(dense).html()))
                pick=move |module: ModuleId| choice.choose_module(module)
            />
        </div>
    }
}
