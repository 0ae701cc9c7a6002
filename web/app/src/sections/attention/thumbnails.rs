//! Small maps of all modules and heads.

use std::sync::Arc;

use leptos::prelude::*;
use spat_report::{HeatMap, module_heading};
use spat_spec::{ModuleId, ModuleMaps};

use super::choice::Choice;
use super::map::Kind;
use super::pointed_row::PointedRow;
use crate::charts::HeatPixels;
use crate::show::Listed as _;
use crate::state::Page;

/// Longest edge of a small map in cells, about its size in pixels.
const MAX_EDGE: usize = 48;

/// A row per module, a column per head; a click shows the map in full size.
#[component]
pub(super) fn Thumbnails(choice: Choice) -> impl IntoView {
    let page = Page::from_context();
    let kind = RwSignal::new(Kind::Attention);
    let most_heads = move || {
        page.maps
            .with(|maps| maps.iter().map(|map| map.heads).max().unwrap_or(0))
    };
    let heads = move || {
        (0..most_heads())
            .map(|head| view! { <th scope="col">{head}</th> })
            .listed()
    };
    let rows = move || {
        let kind = kind.get();
        page.maps.with(|maps| {
            maps.iter()
                .map(|maps| view! { <ModuleRow choice kind maps=maps.clone() /> })
                .listed()
        })
    };
    let radio = move |this: Kind| {
        view! {
            <label>
                <input
                    type="radio"
                    name="thumbnail-kind"
                    data-testid=format!("thumbnails-{}", this.name().to_ascii_lowercase())
                    prop:checked=move || kind.get() == this
                    on:change=move |_| kind.set(this)
                />
                {this.name()}
            </label>
        }
    };
    view! {
        <section class="thumbnails" aria-labelledby="thumbnails-title">
            <h3 id="thumbnails-title">"All modules and heads"</h3>
            <fieldset class="row thumbnail-kinds">
                <legend class="visually-hidden">"What the small maps show"</legend>
                {radio(Kind::Attention)}
                {radio(Kind::Sensitivity)}
            </fieldset>
            <div class="scroll">
                <table data-testid="thumbnails">
                    <caption class="hint">
                        "Each row has one colour scale. Choose a map to see it in full size."
                    </caption>
                    <thead>
                        <tr>
                            <th scope="col">"Head"</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// The heads of one module.
#[component]
fn ModuleRow(choice: Choice, kind: Kind, maps: ModuleMaps) -> impl IntoView {
    let name = module_heading(&maps.module);
    let reach = kind.reach(&maps);
    let cells = (0..maps.heads)
        .map(|head| {
            let map = HeatMap {
                reach: Some(reach),
                ..kind.map(&maps, Some(head)).downsampled(MAX_EDGE).0
            };
            view! {
                <td>
                    <Thumbnail choice module=maps.module.clone() head map=Arc::new(map) />
                </td>
            }
        })
        .listed();
    view! {
        <PointedRow module=maps.module.module()>
            <th scope="row">{name}</th>
            {cells}
        </PointedRow>
    }
}

/// One small map.
#[component]
fn Thumbnail(choice: Choice, module: ModuleId, head: usize, map: Arc<HeatMap>) -> impl IntoView {
    let testid = format!("thumbnail-{module}-{head}");
    let label = format!("{}, head {head}", module_heading(&module));
    let module = StoredValue::new(module);
    let shown = Memo::new(move |_| {
        choice.head() == Some(head) && module.with_value(|module| choice.shows(module))
    });
    let choose = move |_| {
        choice.choose_module(module.get_value());
        choice.choose_head(Some(head));
    };
    view! {
        <button
            type="button"
            class="thumbnail"
            data-testid=testid
            aria-label=label
            aria-pressed=move || shown.get().to_string()
            on:click=choose
        >
            <HeatPixels map=Signal::stored(map) />
        </button>
    }
}
