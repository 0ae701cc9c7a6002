//! The footer: source of the method, licence, source code, version.

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
            "After the first visit the app works offline. Its only requests are for its \
             own files, and for a table's address if you give one."
                .to_owned()
        },
        |host| {
            format!(
                "{host} computes and stores what is trained here, and its operator can see it. The \
                 app's only other requests are for its own files, and for a table's address if you \
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
                </a> ". Its authors are not involved in this project."
            </p>
            <p>{requests}</p>
            // The desktop app has no worker for studies.
            <Show when=|| !engine::is_native()>
                <p>
                    <a href="./study/index.html" data-testid="study-link">"Studies"</a>
                    " test the method with many trainings: open a study.json, or run a small study here."
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
