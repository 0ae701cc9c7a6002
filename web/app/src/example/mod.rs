//! Finished runs that come with the page, to be looked at before anything is trained.
//!
//! `cargo xtask examples` makes them; each is the `report.json` of a run of the program `spat`.

mod note;

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_spec::Report;

use crate::engine::Runs;
use crate::sections::data::fetched;
use crate::state::{Page, field_in_address, link_in_address};

pub(crate) use note::SavedNote;

/// What a first visitor sees.
const FIRST: &str = "weather";

/// A first visitor sees a finished run at once. Whoever has runs of their own, or comes by a link
/// that asks for something else, does not.
pub(crate) fn welcome(page: Page) {
    let asks = ["new", "lesson", "class", "table"]
        .iter()
        .any(|name| field_in_address(name).is_some());
    if asks || link_in_address().is_some() {
        return;
    }
    spawn_local(async move {
        let runs = match Runs::open().await {
            Ok(runs) => runs.summaries().await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        if runs.is_empty() {
            open(page, FIRST.to_owned());
        }
    });
}

/// Shows a saved run, unless the person has begun something of their own in the meantime.
pub(crate) fn open(page: Page, name: String) {
    let begun = page.begun.get_untracked();
    let was_saved = page.saved.get_untracked();
    spawn_local(async move {
        let read = read(&name).await;
        if page.busy.get_untracked()
            || page.begun.get_untracked() != begun
            || page.saved.get_untracked() != was_saved
        {
            return;
        }
        match read {
            Ok((table, report)) => page.show_saved(name, table, report),
            Err(reason) => page.notify(format!("the saved example could not be shown: {reason}")),
        }
    });
}

/// The table and the report of a saved run.
async fn read(name: &str) -> Result<(Vec<u8>, Report), String> {
    let bytes = fetched(&format!("./examples/{name}.json")).await?;
    let report: Report = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let table = fetched(&format!("./demo/{}", report.data.name)).await?;
    Ok((table, report))
}
