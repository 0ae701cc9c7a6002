//! A card's claims beside the figures of the run that is shown.

use leptos::prelude::*;

use super::claim::{Claim, Holds, Shown};
use crate::show::Listed as _;
use crate::state::Page;

/// The list; empty where the card claims nothing that can be looked up.
#[component]
pub(super) fn Claims(claims: Vec<Claim>) -> impl IntoView {
    let page = Page::here();
    if claims.is_empty() {
        return ().into_any();
    }
    let weighed = Memo::new(move |_| {
        let (scores, maps, report) = (page.scores.get(), page.maps.get(), page.report.get());
        let shown = Shown {
            scores: &scores,
            maps: &maps,
            report: report.as_deref(),
        };
        claims
            .iter()
            .map(|claim| claim.weigh(shown))
            .collect::<Vec<_>>()
    });
    let items = move || {
        weighed
            .get()
            .into_iter()
            .map(|(holds, words)| {
                let (key, sign, verdict) = match holds {
                    Holds::Yes => ("yes", "✓", "as the card says"),
                    Holds::No => ("no", "≠", "not as the card says"),
                    Holds::Unknown => ("unknown", "…", "not known yet: no finished run is shown"),
                };
                let figures = if words.is_empty() {
                    verdict.to_owned()
                } else {
                    format!("{words}: {verdict}")
                };
                view! {
                    <li data-testid="claim" data-holds=key>
                        <span class="claim-sign" aria-hidden="true">{sign}</span>
                        {figures}
                    </li>
                }
            })
            .listed()
    };
    view! {
        <div class="claims">
            <p class="claims-title">"In the run that is shown"</p>
            <ul>{items}</ul>
        </div>
    }
    .into_any()
}
