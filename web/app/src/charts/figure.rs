//! A drawing with its caption, its data as a table, and itself as a file.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_report::standalone;

use crate::download;
use crate::state::Page;

/// A drawing of `spat-report`, drawn anew whenever its signals change.
#[component]
pub(crate) fn Figure(
    /// File name of downloads, without ending.
    name: &'static str,
    /// What it shows, one sentence.
    #[prop(into)]
    caption: Signal<String>,
    /// An SVG element as text.
    #[prop(into)]
    svg: Signal<String>,
    /// An HTML table of the same numbers (`spat_report::Table::html`).
    #[prop(into)]
    table: Signal<String>,
) -> impl IntoView {
    let page = Page::here();
    let refuse = move |_| page.say("the browser could not save the drawing");
    let save_svg = move |_| {
        let file = standalone(&svg.get_untracked());
        download::save(
            &format!("spat-{name}.svg"),
            "image/svg+xml",
            file.as_bytes(),
        )
        .unwrap_or_else(refuse);
    };
    let save_png = move |_| {
        let file = standalone(&svg.get_untracked());
        spawn_local(async move {
            download::save_png(format!("spat-{name}.png"), file)
                .await
                .unwrap_or_else(refuse);
        });
    };
    view! {
        <figure class="chart" data-name=name>
            <div class="drawing scroll" tabindex="0" role="group" aria-label=caption inner_html=svg></div>
            <figcaption>{caption}</figcaption>
            <div class="chart-foot">
                <details>
                    <summary>"Data as a table"</summary>
                    <div inner_html=table></div>
                </details>
                <button type="button" class="small" aria-label=format!("Save {name} as SVG") on:click=save_svg>
                    "SVG"
                </button>
                <button type="button" class="small" aria-label=format!("Save {name} as PNG") on:click=save_png>
                    "PNG"
                </button>
            </div>
        </figure>
    }
}
