//! The runs that the host keeps of a visitor: looked through, saved, deleted. Nobody reaches another
//! visitor's.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use spat_host::RunsFolder;
use spat_spec::RunSummary;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::site::Site;

/// Largest card, bytes: an experiment and a few figures.
const CARD: usize = 256 << 10;

/// Most of a file that is in memory for one who takes it, bytes.
const PIECE: usize = 256 << 10;

/// How long a card may take to arrive.
const BODY: Duration = Duration::from_secs(10);

/// Every run by its name, the newest first.
pub(crate) async fn cards(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    on_disk(&site, &headers, |runs| Ok(fresh(Json(runs.summaries())))).await
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
        let Some(file) = runs.file(&run, &name).map_err(words)? else {
            return Ok(StatusCode::NOT_FOUND.into_response());
        };
        let bytes = file.metadata().map_err(words)?.len();
        let headers = [
            (CONTENT_TYPE, "application/octet-stream".to_owned()),
            (CONTENT_DISPOSITION, "attachment".to_owned()),
            (CONTENT_LENGTH, bytes.to_string()),
        ];
        Ok(fresh((headers, in_pieces(file, bytes))))
    })
    .await
}

/// So many bytes of a file, read as they are taken: what many ask for at once is not in memory at once.
fn in_pieces(file: std::fs::File, bytes: u64) -> Body {
    let file = tokio::fs::File::from_std(file).take(bytes);
    Body::from_stream(stream::try_unfold(file, async |mut file| {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        std::io::Result::Ok((read > 0).then(|| (Bytes::from(piece), file)))
    }))
}

/// Writes or replaces a run's card.
pub(crate) async fn put_summary(
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
        Ok(Ok(body)) => serde_json::from_slice::<RunSummary>(&body),
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let card = match card {
        Ok(card) => card,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    on_disk(&site, &headers, move |runs| {
        runs.put_summary(&run, &card).map_err(words)?;
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
    let response = on_disk(&site, &headers, move |runs| {
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
    .await;
    if let Some(hall) = &site.hall {
        hall.made_room();
    }
    response
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
