//! Finished example runs that come with the app.
//!
//! `cargo xtask examples` makes them; each is the `report.json` of a run of the program `spat`.

mod note;

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_spec::Report;

use crate::engine::Runs;
use crate::sections::data::fetched;
use crate::state::{Page, field_in_address, link_in_address, link_is_damaged};

pub(crate) use note::SavedNote;

/// The example on the first visit.
const FIRST_EXAMPLE: &str = "weather";

/// Shows an example on the first visit: if no run is stored and the address requests nothing else.
pub(crate) fn show_on_first_visit(page: Page) {
    let asks = ["new", "lesson", "class", "table"]
        .iter()
        .any(|name| field_in_address(name).is_some());
    if asks || link_in_address().is_some() || link_is_damaged() {
        return;
    }
    spawn_local(async move {
        let runs = match Runs::open().await {
            Ok(runs) => runs.summaries().await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        if runs.is_empty() {
            open(page, FIRST_EXAMPLE.to_owned());
        }
    });
}

/// Shows an example, unless the user has started something else while it was loading.
pub(crate) fn open(page: Page, name: String) {
    let generation = page.generation.get_untracked();
    let was_saved = page.saved.get_untracked();
    spawn_local(async move {
        let read = read(&name).await;
        if page.busy.get_untracked()
            || page.generation.get_untracked() != generation
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

/// The table and the report of an example.
async fn read(name: &str) -> Result<(Vec<u8>, Report), String> {
    let bytes = fetched(&format!("./examples/{name}.json")).await?;
    let report: Report = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let table = fetched(&format!("./demo/{}", report.data.name)).await?;
    Ok((table, report))
}
