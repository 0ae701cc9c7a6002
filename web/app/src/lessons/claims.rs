//! A card's claims, with the values of the run that is shown.

use leptos::prelude::*;

use super::claim::{Claim, Holds, Shown};
use crate::show::Listed as _;
use crate::state::Page;

/// The list of claims; nothing if the card has none.
#[component]
pub(super) fn Claims(claims: Vec<Claim>) -> impl IntoView {
    let page = Page::from_context();
    if claims.is_empty() {
        return ().into_any();
    }
    let results = Memo::new(move |_| {
        let (scores, maps, report) = (page.scores.get(), page.maps.get(), page.report.get());
        let shown = Shown {
            scores: &scores,
            maps: &maps,
            report: report.as_deref(),
        };
        claims
            .iter()
            .map(|claim| claim.check(shown))
            .collect::<Vec<_>>()
    });
    let items = move || {
        results
            .get()
            .into_iter()
            .map(|(holds, words)| {
                let (key, sign, verdict) = match holds {
                    Holds::Yes => ("yes", "✓", "as stated"),
                    Holds::No => ("no", "≠", "not as stated"),
                    Holds::Unknown => ("unknown", "…", "unknown: no finished run is shown"),
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
