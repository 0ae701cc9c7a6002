//! Downloads of a run's files.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_report::csv_field;
use spat_series::format_with_offset;

use crate::charts::Drawings;
use crate::download;
use crate::engine::{self, Runs};
use crate::state::{EngineState, Page};

/// Stored files of a finished run: name and label.
const STORED_FILES: [(&str, &str); 5] = [
    ("report.html", "Report"),
    ("report.json", "Report as JSON"),
    ("forecasts.csv", "Forecasts as CSV"),
    ("pruned.safetensors", "Pruned model"),
    ("dense.safetensors", "Dense model"),
];

/// The file with the forecasts after the table.
const FUTURE: &str = "spat-future.csv";

/// A button per file, and one for all.
#[component]
pub(super) fn Files() -> impl IntoView {
    let page = Page::from_context();
    // Examples have no stored files.
    let drawings = Drawings::from_context();
    let nothing = move || page.report.with(Option::is_none) || page.saved.with(Option::is_some);
    view! {
        <div class="row" data-testid="files">
            {STORED_FILES
                .map(|(name, words)| {
                    view! {
                        <button
                            type="button"
                            data-testid=format!("save-{name}")
                            disabled=nothing
                            on:click=move |_| save_stored(page, name)
                        >
                            {words}
                        </button>
                    }
                })}
            <button
                type="button"
                data-testid="save-future"
                disabled=move || page.future.with(Option::is_none)
                on:click=move |_| save_future(page)
            >
                "Future as CSV"
            </button>
            <button type="button" class="primary" data-testid="save-zip" disabled=nothing on:click=move |_| save_all(page, drawings)>
                "Everything as one zip"
            </button>
        </div>
    }
}

/// The content of a file of the open run.
async fn read_file(page: Page, name: &str) -> Result<Vec<u8>, String> {
    let run = page.run.get_untracked().ok_or("no run is open")?;
    // The stored file may be older.
    let mut file = None;
    if page.not_stored.with_untracked(Option::is_some)
        && page.worker.get_untracked() == EngineState::Ready
    {
        file = engine::unsaved_file(name).await;
    }
    if file.is_none()
        && let Ok(runs) = Runs::open().await
    {
        file = runs.read(&run, name).await?;
    }
    file.ok_or_else(|| {
        format!("`{name}` is not stored, and the engine that had it has stopped; train again")
    })
}

fn save_stored(page: Page, name: &'static str) {
    spawn_local(async move {
        let kind = match name.rsplit('.').next() {
            Some("html") => "text/html",
            Some("json") => "application/json",
            Some("csv") => "text/csv",
            _ => "application/octet-stream",
        };
        match read_file(page, name).await {
            Ok(bytes) => offer(page, &format!("spat-{name}"), kind, &bytes),
            Err(reason) => page.notify(reason),
        }
    });
}

fn save_future(page: Page) {
    if let Some(text) = future_csv(page) {
        offer(page, FUTURE, "text/csv", text.as_bytes());
    }
}

/// The forecasts after the table, as CSV.
fn future_csv(page: Page) -> Option<String> {
    let (future, table) = (page.future.get_untracked()?, page.table.get_untracked()?);
    let channels = &table.series.channels;
    let mut text = String::from("row,stamp,channel,dense,pruned");
    for (level, _) in &future.intervals {
        let percent = (level * 100.0).round();
        text += &format!(",pruned_lower_{percent},pruned_upper_{percent}");
    }
    text.push('\n');
    for (place, pruned) in future.pruned.iter().enumerate() {
        let step = place / channels.len();
        let timestamp = future.timestamps.get(step).cloned().unwrap_or_default();
        let channel = place % channels.len();
        let offset = future.offsets.get(channel).copied().unwrap_or(0.0);
        let number = |value: f32| format_with_offset(value, offset);
        text += &format!(
            "{},{timestamp},{},{},{}",
            future.first_row + step,
            csv_field(&channels[channel]),
            number(future.dense[place]),
            number(*pruned)
        );
        for (_, widths) in &future.intervals {
            let (lower, upper) = (pruned - widths[place], pruned + widths[place]);
            text += &format!(",{},{}", number(lower), number(upper));
        }
        text.push('\n');
    }
    Some(text)
}

fn save_all(page: Page, drawings: Drawings) {
    spawn_local(async move {
        match zipped(page, drawings).await {
            Ok(bytes) => {
                let run = page.run.get_untracked().unwrap_or_default();
                offer(page, &format!("spat-{run}.zip"), "application/zip", &bytes);
            }
            Err(reason) => page.notify(format!("the zip archive could not be created: {reason}")),
        }
    });
}

/// An archive of the run's files without checkpoints, the forecasts after the table, and all charts.
async fn zipped(page: Page, drawings: Drawings) -> Result<Vec<u8>, String> {
    let run = page.run.get_untracked().ok_or("no run is open")?;
    let mut names = match Runs::open().await {
        Ok(runs) => runs.names(&run).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    names.retain(|name| !name.starts_with("checkpoint/"));
    if page.not_stored.with_untracked(Option::is_some) {
        // The storage does not have all files.
        names = STORED_FILES.map(|(name, _)| name.to_owned()).into();
    }
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        let bytes = read_file(page, &name).await?;
        files.push((name, bytes));
    }
    files.extend(future_csv(page).map(|text| (FUTURE.to_owned(), text.into_bytes())));
    files.extend(drawings.files());
    download::archive(&files).ok_or_else(|| "it would be too large".to_owned())
}

fn offer(page: Page, name: &str, kind: &str, bytes: &[u8]) {
    if download::save(name, kind, bytes).is_err() {
        page.notify(format!("the browser could not save `{name}`"));
    }
}
