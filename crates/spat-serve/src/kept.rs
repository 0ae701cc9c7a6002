//! The runs that the host keeps of a visitor: looked through, saved, deleted. Nobody reaches another
//! visitor's.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use spat_host::RunsFolder;
use spat_spec::Card;
use tokio::time::timeout;

use crate::site::Site;

/// Largest card, bytes: an experiment and a few figures.
const CARD: usize = 256 << 10;

/// How long a card may take to arrive.
const BODY: Duration = Duration::from_secs(10);

/// Every run by its name, the newest first.
pub(crate) async fn cards(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    on_disk(&site, &headers, |runs| Ok(fresh(Json(runs.cards())))).await
}

/// Names of a run's files.
pub(crate) async fn names(
    State(site): State<Arc<Site>>,
    Path(run): Path<String>,
    headers: HeaderMap,
) -> Response {
    on_disk(&site, &headers, move |runs| {
        let names = runs.names(&run).map_err(words)?;
        Ok(fresh(Json(names)))
    })
    .await
}

/// A file of a run, as bytes to be saved: nothing of it runs here.
pub(crate) async fn read(
    State(site): State<Arc<Site>>,
    Path((run, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    on_disk(&site, &headers, move |runs| {
        let Some(bytes) = runs.read(&run, &name).map_err(words)? else {
            return Ok(StatusCode::NOT_FOUND.into_response());
        };
        let headers = [
            (CONTENT_TYPE, "application/octet-stream"),
            (CONTENT_DISPOSITION, "attachment"),
        ];
        Ok(fresh((headers, bytes)))
    })
    .await
}

/// Writes or replaces a run's card.
pub(crate) async fn put_card(
    State(site): State<Arc<Site>>,
    Path(run): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // Before its body is read.
    if let Err(refusal) = site.visit(&headers) {
        return refusal;
    }
    let card = match timeout(BODY, to_bytes(body, CARD)).await {
        Ok(Ok(body)) => serde_json::from_slice::<Card>(&body),
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let card = match card {
        Ok(card) => card,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    on_disk(&site, &headers, move |runs| {
        runs.put_card(&run, &card).map_err(words)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

/// Removes a run with its files.
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    Path(run): Path<String>,
    headers: HeaderMap,
) -> Response {
    on_disk(&site, &headers, move |runs| {
        // The engine keeps the last visitor's run at hand for a moment.
        let mut tries = 10;
        while let Err(error) = runs.delete(&run) {
            tries -= 1;
            if tries == 0 {
                return Err(words(error));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

/// Does something with the visitor's runs, away from the threads that serve. What fails is told in
/// words.
async fn on_disk(
    site: &Site,
    headers: &HeaderMap,
    work: impl FnOnce(&RunsFolder) -> Result<Response, String> + Send + 'static,
) -> Response {
    let runs = match site.visit(headers) {
        Ok((hall, visitor)) => hall.runs_of(visitor),
        Err(refusal) => return refusal,
    };
    match tokio::task::spawn_blocking(move || work(&runs)).await {
        Ok(Ok(response)) => response,
        Ok(Err(words)) => (StatusCode::BAD_REQUEST, words).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn fresh(response: impl axum::response::IntoResponse) -> Response {
    ([(CACHE_CONTROL, "no-store")], response).into_response()
}

#[allow(clippy::needless_pass_by_value)] // As `map_err` hands it over.
fn words(error: impl ToString) -> String {
    error.to_string()
}
