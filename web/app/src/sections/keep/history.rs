//! The runs that this browser keeps: open, rename, delete, compare.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_report::Table;

use crate::engine;
use crate::show::{Listed as _, Show};
use crate::state::{Card, Page, Stage};

/// The list, and a table of those that are ticked.
#[component]
pub(super) fn History() -> impl IntoView {
    let page = Page::here();
    let ticked = RwSignal::new(Vec::<String>::new());
    let comparison = move || {
        let ticked = ticked.get();
        page.cards.with(|cards| {
            let chosen: Vec<&Card> = cards
                .iter()
                .filter(|(run, _)| ticked.contains(run))
                .map(|(_, card)| card)
                .collect();
            (chosen.len() > 1).then(|| side_by_side(&chosen).html())
        })
    };
    let place = match engine::host() {
        Some(host) => format!("Runs that {host} keeps"),
        None if engine::is_native() => "Runs on this computer".to_owned(),
        None => "Runs in this browser".to_owned(),
    };
    view! {
        <h3>{place}</h3>
        <Show when=engine::is_native>
            <RunsFolder />
        </Show>
        <Show
            when=move || page.cards.with(|cards| !cards.is_empty())
            fallback=|| view! { <p class="hint">"None yet."</p> }
        >
            <ul class="runs" data-testid="runs">
                {move || {
                    let runs = page.cards.get().into_iter();
                    runs.map(|(run, card)| view! { <Run run card ticked /> }).listed()
                }}
            </ul>
            <div data-testid="runs-compared">
                {move || comparison().map(|table| view! { <div inner_html=table></div> })}
            </div>
        </Show>
    }
}

/// Where a window's runs lie, which the command line goes on with too.
#[component]
fn RunsFolder() -> impl IntoView {
    let page = Page::here();
    let folder = RwSignal::new(String::new());
    Effect::new(move || {
        // The history is read anew when the folder was changed.
        page.cards.track();
        spawn_local(async move {
            if let Ok(path) = engine::runs_folder().await {
                folder.set(path);
            }
        });
    });
    view! {
        <p class="row">
            <span class="hint">"Kept in " <code data-testid="runs-folder">{folder}</code></span>
            <button type="button" on:click=move |_| engine::show_runs(page)>
                "Show"
            </button>
            <button type="button" on:click=move |_| engine::change_runs_folder(page)>
                "Change…"
            </button>
        </p>
    }
}

/// One run.
#[component]
fn Run(run: String, card: Card, ticked: RwSignal<Vec<String>>) -> impl IntoView {
    let page = Page::here();
    let name = RwSignal::new(card.title.clone());
    let sure = RwSignal::new(false);
    let action = match card.stage {
        Stage::Training | Stage::Pruning => "Go on",
        Stage::Trained | Stage::Finished => "Open",
    };
    let busy = move || page.training.with(|training| training.activity.is_busy());
    let result = match (card.mse, card.macs_percent) {
        (Some((dense, pruned)), Some(macs)) => {
            format!("MSE {dense:.4} → {pruned:.4}, MACs {macs:+.0} %")
        }
        _ => "not finished".to_owned(),
    };
    let when = js_sys::Date::new(&card.begun.into());
    let when = String::from(when.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED));
    let tick = {
        let run = run.clone();
        move |on: bool| {
            ticked.update(|ticked| {
                ticked.retain(|ticked| *ticked != run);
                if on {
                    ticked.push(run.clone());
                }
            });
        }
    };
    let open = {
        let (run, card) = (run.clone(), card.clone());
        move |_| page.take_up(run.clone(), card.clone())
    };
    let rename = {
        let run = run.clone();
        move || {
            let mut card = card.clone();
            card.title = name.get_untracked();
            page.keep(run.clone(), card);
        }
    };
    let delete = move |_| {
        if sure.get_untracked() {
            page.delete_run(run.clone());
        } else {
            sure.set(true);
        }
    };
    view! {
        <li class="run">
            <label class="choice">
                <input type="checkbox" on:change:target=move |event| tick(event.target().checked()) />
                <span class="visually-hidden">"Compare"</span>
            </label>
            <label class="run-name">
                <span class="visually-hidden">"Name of the run"</span>
                <input
                    type="text"
                    prop:value=name
                    on:change:target=move |event| {
                        name.set(event.target().value());
                        rename();
                    }
                />
            </label>
            <span class="hint">{when}</span>
            <span class="run-result">{result}</span>
            <button type="button" disabled=busy on:click=open>
                {action}
            </button>
            <button type="button" on:click=delete on:blur=move |_| sure.set(false)>
                {move || if sure.get() { "Really delete?" } else { "Delete" }}
            </button>
        </li>
    }
}

fn side_by_side(cards: &[&Card]) -> Table {
    let heads = std::iter::once(String::new()).chain(cards.iter().map(|card| card.title.clone()));
    let mut table = Table::new("Runs side by side", heads);
    let mut row = |name: &str, value: &dyn Fn(&Card) -> String| {
        table.row(std::iter::once(name.to_owned()).chain(cards.iter().map(|card| value(card))));
    };
    row("table", &|card| card.table.clone());
    row("model", &|card| {
        card.experiment.forecaster.name().to_owned()
    });
    row("look-back → horizon", &|card| {
        let forecaster = &card.experiment.forecaster;
        format!("{} → {}", forecaster.lookback(), forecaster.horizon())
    });
    row("layers", &|card| {
        card.experiment.forecaster.layers().to_string()
    });
    row("ratio", &|card| card.experiment.prune.ratio.to_string());
    row("seed", &|card| card.experiment.seed.to_string());
    let mse = |of: fn((f64, f64)) -> f64| {
        move |card: &Card| {
            card.mse
                .map_or_else(|| "–".to_owned(), |mse| format!("{:.4}", of(mse)))
        }
    };
    row("dense MSE, scaled", &mse(|(dense, _)| dense));
    row("pruned MSE, scaled", &mse(|(_, pruned)| pruned));
    row("change of MACs", &|card| {
        card.macs_percent
            .map_or_else(|| "–".to_owned(), |macs| format!("{macs:+.1} %"))
    });
    table
}
