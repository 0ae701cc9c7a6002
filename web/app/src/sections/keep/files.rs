//! What a run leaves, as files.

use std::io::{Cursor, Write as _};

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_web_store::Shelf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::download;
use crate::state::Page;

/// Files of a finished run in the browser's storage: name, what it is.
const KEPT: [(&str, &str); 5] = [
    ("report.html", "Report"),
    ("report.json", "Report as JSON"),
    ("forecasts.csv", "Forecasts as CSV"),
    ("pruned.safetensors", "Pruned model"),
    ("dense.safetensors", "Dense model"),
];

/// A button per file, and one for all.
#[component]
pub(super) fn Files() -> impl IntoView {
    let page = Page::here();
    // Of a saved example there is nothing in this browser.
    let nothing = move || page.report.with(Option::is_none) || page.saved.with(Option::is_some);
    view! {
        <div class="row" data-testid="files">
            {KEPT
                .map(|(name, words)| {
                    view! {
                        <button
                            type="button"
                            data-testid=format!("save-{name}")
                            disabled=nothing
                            on:click=move |_| save_kept(page, name)
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
            <button type="button" class="primary" data-testid="save-zip" disabled=nothing on:click=move |_| save_all(page)>
                "Everything as one zip"
            </button>
        </div>
    }
}

/// The file as the run left it; the report itself is in the page too.
async fn kept(page: Page, name: &str) -> Result<Vec<u8>, String> {
    let run = page.run.get_untracked().ok_or("no run is open")?;
    let read = match Shelf::open().await {
        Ok(shelf) => shelf.read(&run, name).await,
        Err(error) => Err(error),
    };
    if let Ok(Some(bytes)) = read {
        return Ok(bytes);
    }
    let report = page
        .report
        .get_untracked()
        .ok_or("the run is not finished")?;
    match name {
        "report.html" => Ok(spat_report::html(&report).into_bytes()),
        "report.json" => serde_json::to_vec_pretty(&*report).map_err(|error| error.to_string()),
        _ => Err(format!(
            "`{name}` is not kept in this browser; a private window keeps no files"
        )),
    }
}

fn save_kept(page: Page, name: &'static str) {
    spawn_local(async move {
        let kind = match name.rsplit('.').next() {
            Some("html") => "text/html",
            Some("json") => "application/json",
            Some("csv") => "text/csv",
            _ => "application/octet-stream",
        };
        match kept(page, name).await {
            Ok(bytes) => offer(page, &format!("spat-{name}"), kind, &bytes),
            Err(reason) => page.say(reason),
        }
    });
}

fn save_future(page: Page) {
    let (Some(future), Some(table)) = (page.future.get_untracked(), page.table.get_untracked())
    else {
        return;
    };
    let channels = &table.series.channels;
    let mut text = String::from("row,stamp,channel,dense,pruned");
    for (level, _) in &future.intervals {
        let percent = (level * 100.0).round();
        text += &format!(",pruned_lower_{percent},pruned_upper_{percent}");
    }
    text.push('\n');
    for (place, pruned) in future.pruned.iter().enumerate() {
        let step = place / channels.len();
        let stamp = future.stamps.get(step).cloned().unwrap_or_default();
        let channel = quoted(&channels[place % channels.len()]);
        let dense = future.dense[place];
        text += &format!(
            "{},{stamp},{channel},{dense},{pruned}",
            future.first_row + step
        );
        for (_, widths) in &future.intervals {
            text += &format!(",{},{}", pruned - widths[place], pruned + widths[place]);
        }
        text.push('\n');
    }
    offer(page, "spat-future.csv", "text/csv", text.as_bytes());
}

/// A CSV field, quoted where it must be (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

fn save_all(page: Page) {
    spawn_local(async move {
        match zipped(page).await {
            Ok(bytes) => {
                let run = page.run.get_untracked().unwrap_or_default();
                offer(page, &format!("spat-{run}.zip"), "application/zip", &bytes);
            }
            Err(reason) => page.say(format!("the zip could not be made: {reason}")),
        }
    });
}

/// Every file of the run but what only resuming needs.
async fn zipped(page: Page) -> Result<Vec<u8>, String> {
    let run = page.run.get_untracked().ok_or("no run is open")?;
    let shelf = Shelf::open().await.map_err(|error| error.to_string())?;
    let mut names = shelf.names(&run).await.map_err(|error| error.to_string())?;
    names.retain(|name| !name.starts_with("checkpoint/"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Weights do not get smaller.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for name in names {
        let bytes = kept(page, &name).await?;
        zip.start_file(&name, options)
            .map_err(|error| error.to_string())?;
        zip.write_all(&bytes).map_err(|error| error.to_string())?;
    }
    let file = zip.finish().map_err(|error| error.to_string())?;
    Ok(file.into_inner())
}

fn offer(page: Page, name: &str, kind: &str, bytes: &[u8]) {
    if download::save(name, kind, bytes).is_err() {
        page.say(format!("the browser would not save `{name}`"));
    }
}
