//! Charts as files: one by one with buttons, and all of them for the archive.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_report::standalone;

use crate::download;
use crate::state::Page;

/// Width of a saved chart in pixels.
pub(super) const SAVED: f64 = 912.0;

/// A name and a function that returns the SVG, empty while there is nothing to draw.
type Drawing = (&'static str, Callback<(), String>);

/// Every chart in the document.
#[derive(Clone, Copy)]
pub(crate) struct Drawings(StoredValue<Vec<Drawing>>);

impl Drawings {
    /// Provides an empty list as context.
    pub(crate) fn provide() {
        provide_context(Self(StoredValue::new(Vec::new())));
    }

    /// The list in the context.
    pub(crate) fn from_context() -> Self {
        expect_context()
    }

    /// Lists a chart until the calling component is cleaned up.
    fn list(self, drawing: Drawing) {
        self.0.update_value(|all| all.push(drawing));
        on_cleanup(move || {
            // When the app is torn down, the list may be disposed first.
            self.0
                .try_update_value(|all| all.retain(|(name, _)| *name != drawing.0));
        });
    }

    /// Each chart as a file name and an SVG.
    pub(crate) fn files(self) -> Vec<(String, Vec<u8>)> {
        let drawn = |(name, draw): Drawing| {
            let svg = untrack(|| draw.run(()));
            let file = || {
                (
                    format!("drawings/spat-{name}.svg"),
                    standalone(&svg).into_bytes(),
                )
            };
            (!svg.is_empty()).then(file)
        };
        self.0.get_value().into_iter().filter_map(drawn).collect()
    }
}

/// Buttons that save a chart.
#[component]
pub(super) fn Save(
    /// File name, without extension.
    name: &'static str,
    draw: Callback<(), String>,
) -> impl IntoView {
    let page = Page::from_context();
    Drawings::from_context().list((name, draw));
    let button = move |ending: &'static str| {
        let save = move |_| {
            let svg = standalone(&untrack(|| draw.run(())));
            let name = format!("spat-{name}.{}", ending.to_ascii_lowercase());
            spawn_local(async move {
                let saved = if ending == "PNG" {
                    download::save_png(&name, &svg).await
                } else {
                    download::save(&name, "image/svg+xml", svg.as_bytes())
                };
                if saved.is_err() {
                    page.notify(format!(
                        "the browser could not save `{name}`; try the other format"
                    ));
                }
            });
        };
        view! {
            <button type="button" class="small" aria-label=format!("Save {name} as {ending}") on:click=save>
                {ending}
            </button>
        }
    };
    view! {
        {button("SVG")}
        {button("PNG")}
    }
}
