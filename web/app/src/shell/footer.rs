//! The footer: what the method is and is not, licence, source, version.

use leptos::prelude::*;

use crate::engine;
use crate::show::Show;

/// Address of the public source code, set when the app is built. Without it the footer has no link.
const REPOSITORY_URL: Option<&str> = option_env!("SPAT_REPOSITORY_URL");

/// The footer.
#[component]
pub(crate) fn Footer() -> impl IntoView {
    let requests = engine::host().map_or_else(
        || {
            "After the first visit the page works without a network. Its only requests are for its \
             own files, and for a table's address if you give one."
                .to_owned()
        },
        |host| {
            format!(
                "{host} computes and keeps what is trained here; whoever has {host} can see it. The \
                 page's only other requests are for its own files, and for a table's address if you \
                 give one."
            )
        },
    );
    view! {
        <footer class="colophon">
            <p>
                "SEND here is a reconstruction from the abstract and public digests of "
                <a href="https://arxiv.org/abs/2505.08768" rel="noopener external">
                    "arXiv 2505.08768"
                </a> ". Its authors had no part in this page."
            </p>
            <p>{requests}</p>
            // The window has no engine of the browser's.
            <Show when=|| !engine::is_native()>
                <p>
                    <a href="./study/index.html" data-testid="study-link">"Studies"</a>
                    " ask with many trainings whether the method is right: open a study.json, or do a small one here."
                </p>
            </Show>
            <p data-testid="version">
                "SPAT " {env!("CARGO_PKG_VERSION")} " · " {env!("CARGO_PKG_LICENSE")}
                {REPOSITORY_URL
                    .filter(|url| !url.is_empty())
                    .map(|url| {
                        view! {
                            " · "
                            <a href=url rel="noopener external">
                                "Source"
                            </a>
                        }
                    })}
            </p>
        </footer>
    }
}
