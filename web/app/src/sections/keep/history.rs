//! The stored runs: open, rename, delete, compare.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_report::Table;

use crate::engine;
use crate::show::{Listed as _, Show};
use crate::state::{Page, RunSummary, Stage};

/// The list of runs, and a table that compares the selected ones.
#[component]
pub(super) fn History() -> impl IntoView {
    let page = Page::from_context();
    let ticked = RwSignal::new(Vec::<String>::new());
    // Rows are keyed by run; each reads the current summary.
    let runs = Memo::new(move |_| {
        page.summaries.with(|summaries| {
            summaries
                .iter()
                .map(|(run, _)| run.clone())
                .collect::<Vec<_>>()
        })
    });
    let comparison = move || {
        let ticked = ticked.get();
        page.summaries.with(|summaries| {
            let chosen: Vec<&RunSummary> = summaries
                .iter()
                .filter(|(run, _)| ticked.contains(run))
                .map(|(_, summary)| summary)
                .collect();
            (chosen.len() > 1).then(|| side_by_side(&chosen).html())
        })
    };
    let place = match engine::host() {
        Some(host) => format!("Runs on {host}"),
        None if engine::is_native() => "Runs on this computer".to_owned(),
        None => "Runs in this browser".to_owned(),
    };
    view! {
        <h3>{place}</h3>
        <Show when=engine::is_native>
            <RunsFolder />
        </Show>
        <Show
            when=move || page.summaries.with(|summaries| !summaries.is_empty())
            fallback=|| view! { <p class="hint">"None yet."</p> }
        >
            <ul class="runs" data-testid="runs">
                {move || runs.get().into_iter().map(|run| view! { <Run run ticked /> }).listed()}
            </ul>
            <div data-testid="runs-compared">
                {move || comparison().map(|table| view! { <div inner_html=table></div> })}
            </div>
        </Show>
    }
}

/// The desktop app's runs folder, which the command line can use too.
#[component]
fn RunsFolder() -> impl IntoView {
    let page = Page::from_context();
    let folder = RwSignal::new(String::new());
    Effect::new(move || {
        // The history is reloaded when the folder changes.
        page.summaries.track();
        spawn_local(async move {
            if let Ok(path) = engine::runs_folder().await {
                folder.set(path);
            }
        });
    });
    view! {
        <p class="row">
            <span class="hint">"Stored in " <code data-testid="runs-folder">{folder}</code></span>
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
fn Run(run: String, ticked: RwSignal<Vec<String>>) -> impl IntoView {
    let page = Page::from_context();
    let run = StoredValue::new(run);
    let is = move |other: &String| run.with_value(|run| run == other);
    let summary = move || {
        page.summaries.with(|summaries| {
            let found = summaries.iter().find(|(id, _)| is(id));
            found.map(|(_, summary)| summary.clone())
        })
    };
    let title = Memo::new(move |_| summary().map(|summary| summary.title));
    let sure = RwSignal::new(false);
    let is_open = move || page.run.with(|open| open.as_ref().is_some_and(is));
    let action = move || match summary()?.stage {
        Stage::Training | Stage::Pruning => Some("Continue"),
        Stage::Trained | Stage::Finished => Some("Open"),
    };
    let result = move || {
        let summary = summary()?;
        let (dense, pruned) = summary.mse?;
        let macs = summary.macs_percent?;
        Some(format!("MSE {dense:.4} → {pruned:.4}, MACs {macs:+.0} %"))
    };
    let result = move || result().unwrap_or_else(|| "not finished".to_owned());
    let when = untrack(summary).map(|summary| {
        let when = js_sys::Date::new(&summary.begun.into());
        String::from(when.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED))
    });
    let tick = move |on: bool| {
        ticked.update(|ticked| {
            ticked.retain(|ticked| !is(ticked));
            if on {
                ticked.push(run.get_value());
            }
        });
    };
    let open = move |_| {
        if let Some(summary) = untrack(summary) {
            page.reopen_run(run.get_value(), summary);
        }
    };
    let rename = move |title: String| {
        if let Some(mut summary) = untrack(summary) {
            summary.title = title;
            page.store_summary(run.get_value(), summary);
        }
    };
    let delete = move |_| {
        if sure.get_untracked() {
            page.delete_run(run.get_value());
        } else {
            sure.set(true);
        }
    };
    view! {
        <li class="run">
            <label class="choice">
                <input
                    type="checkbox"
                    prop:checked=move || ticked.with(|ticked| ticked.iter().any(is))
                    on:change:target=move |event| tick(event.target().checked())
                />
                <span class="visually-hidden">"Compare"</span>
            </label>
            <label class="run-name">
                <span class="visually-hidden">"Name of the run"</span>
                <input
                    type="text"
                    prop:value=move || title.get()
                    on:change:target=move |event| rename(event.target().value())
                />
            </label>
            <span class="hint">{when}</span>
            <span class="run-result">{result}</span>
            <button type="button" disabled=page.busy on:click=open>
                {action}
            </button>
            // A running job must be stopped first.
            <button
                type="button"
                disabled=move || page.busy.get() && is_open()
                on:click=delete
                on:blur=move |_| sure.set(false)
            >
                {move || if sure.get() { "Really delete?" } else { "Delete" }}
            </button>
        </li>
    }
}

fn side_by_side(summaries: &[&RunSummary]) -> Table {
    let heads =
        std::iter::once(String::new()).chain(summaries.iter().map(|summary| summary.title.clone()));
    let mut table = Table::new("Runs side by side", heads);
    let mut row = |name: &str, value: &dyn Fn(&RunSummary) -> String| {
        table.row(
            std::iter::once(name.to_owned()).chain(summaries.iter().map(|summary| value(summary))),
        );
    };
    row("table", &|summary| summary.table.clone());
    row("model", &|summary| {
        summary.experiment.forecaster.name().to_owned()
    });
    row("look-back → horizon", &|summary| {
        let forecaster = &summary.experiment.forecaster;
        format!("{} → {}", forecaster.lookback(), forecaster.horizon())
    });
    row("layers", &|summary| {
        summary.experiment.forecaster.modules().len().to_string()
    });
    row("ratio", &|summary| {
        summary.experiment.prune.ratio.to_string()
    });
    row("seed", &|summary| summary.experiment.seed.to_string());
    let mse = |of: fn((f64, f64)) -> f64| {
        move |summary: &RunSummary| {
            summary
                .mse
                .map_or_else(|| "–".to_owned(), |mse| format!("{:.4}", of(mse)))
        }
    };
    row("dense MSE, scaled", &mse(|(dense, _)| dense));
    row("pruned MSE, scaled", &mse(|(_, pruned)| pruned));
    row("change of MACs", &|summary| {
        summary
            .macs_percent
            .map_or_else(|| "–".to_owned(), |macs| format!("{macs:+.1} %"))
    });
    table
}
