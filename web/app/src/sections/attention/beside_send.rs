//! Comparison of entropy and scores: do modules with low scores have uniform attention?

use leptos::prelude::*;
use spat_report::{module_heading, module_name};
use spat_spec::ModuleId;

use super::choice::Choice;
use super::pointed_row::PointedRow;
use super::relation::{Pair, relation};
use crate::charts::figure_text;
use crate::show::Listed as _;
use crate::state::Page;

/// One module's figures.
#[derive(Debug, Clone, PartialEq)]
struct Figures {
    module: ModuleId,
    send: f64,
    spread: f64,
    /// `None` if the module's maps were too large to keep.
    entropy: Option<f64>,
    /// SEND as a share of the largest.
    share: f64,
}

/// The table and a sentence about it.
#[component]
pub(super) fn BesideSend(choice: Choice) -> impl IntoView {
    let page = Page::from_context();
    let all = Memo::new(move |_| figures(page));
    let sentence = move || {
        let pairs: Vec<Pair> = all.with(|all| all.iter().filter_map(pair).collect());
        relation(&pairs)
    };
    let rows = move || {
        all.get()
            .into_iter()
            .map(|row| view! { <Row choice row /> })
            .listed()
    };
    view! {
        <section class="beside-send" aria-labelledby="beside-send-title">
            <h3 id="beside-send-title">"Entropy and "{move || page.score_label()}</h3>
            <p data-testid="send-entropy-sentence">{sentence}</p>
            <div class="scroll">
                <table data-testid="send-entropy">
                    <thead>
                        <tr>
                            <th scope="col">"Module"</th>
                            <th scope="col">{move || page.score_label()}</th>
                            <th scope="col">"± spread over batches"</th>
                            <th scope="col">"Entropy (1 = uniform)"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// One module; a click on its name shows its maps.
#[component]
fn Row(choice: Choice, row: Figures) -> impl IntoView {
    let name = module_heading(&row.module);
    let entropy = row
        .entropy
        .map_or_else(|| "not kept".to_owned(), |e| format!("{e:.3}"));
    let module = StoredValue::new(row.module.clone());
    view! {
        <PointedRow module=row.module>
            <th scope="row">
                <button
                    type="button"
                    class="module-link"
                    aria-label=format!("Show the maps of {name}")
                    on:click=move |_| choice.choose_module(module.get_value())
                >
                    {name.clone()}
                </button>
            </th>
            <td>{figure_text(row.send)} {bar("bar send", row.share)}</td>
            <td>{figure_text(row.spread)}</td>
            <td>{entropy} {row.entropy.map(|entropy| bar("bar entropy", entropy))}</td>
        </PointedRow>
    }
}

/// A share as a bar next to its number.
fn bar(class: &'static str, share: f64) -> impl IntoView {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    view! {
        <svg class=class viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="whole" width="100" height="8"></rect>
            <rect class="share" width=format!("{:.1}", 100.0 * share) height="8"></rect>
        </svg>
    }
}

fn figures(page: Page) -> Vec<Figures> {
    let scores = page.scores.get();
    let largest = scores.iter().map(|score| score.value).fold(0.0, f64::max);
    let entropy = |module: &ModuleId| {
        page.maps.with(|maps| {
            let of_module = maps.iter().filter(|maps| maps.module.module() == *module);
            let entropies: Vec<f64> = of_module.map(|maps| maps.entropy).collect();
            let mean = entropies.iter().sum::<f64>() / entropies.len() as f64;
            Some(mean).filter(|entropy| entropy.is_finite())
        })
    };
    scores
        .into_iter()
        .map(|score| Figures {
            entropy: entropy(&score.module),
            send: score.value,
            spread: score.spread,
            share: if largest > 0.0 {
                score.value / largest
            } else {
                0.0
            },
            module: score.module,
        })
        .collect()
}

fn pair(row: &Figures) -> Option<Pair> {
    Some(Pair {
        name: module_name(&row.module),
        send: row.send,
        entropy: row.entropy?,
    })
}
