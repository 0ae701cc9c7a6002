//! Routes for a visitor's stored runs. No visitor reaches another one's.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use spat_host::RunsFolder;
use spat_spec::RunSummary;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::state::AppState;

/// Largest summary of a run, in bytes.
const MAX_SUMMARY: usize = 256 << 10;

/// Chunk size of a file's body, in bytes.
const CHUNK: usize = 256 << 10;

/// How long a summary may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Attempts to delete a run that the engine may still have open, and the pause between them.
const DELETE_ATTEMPTS: usize = 10;
const DELETE_PAUSE: Duration = Duration::from_millis(200);

/// Names and summaries of all runs, newest first.
pub(crate) async fn list(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    on_disk(&state, &headers, |runs| {
        Ok(uncached(Json(runs.summaries())))
    })
    .await
}

/// Names of a run's files.
pub(crate) async fn file_names(
    State(state): State<Arc<AppState>>,
    Path(run): Path<String>,
    headers: HeaderMap,
) -> Response {
    on_disk(&state, &headers, move |runs| {
        let names = runs.names(&run).map_err(to_message)?;
        Ok(uncached(Json(names)))
    })
    .await
}

/// A file of a run, as a download that browsers do not run or display.
pub(crate) async fn read_file(
    State(state): State<Arc<AppState>>,
    Path((run, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    on_disk(&state, &headers, move |runs| {
        let Some(file) = runs.file(&run, &name).map_err(to_message)? else {
            return Ok(StatusCode::NOT_FOUND.into_response());
        };
        let bytes = file.metadata().map_err(to_message)?.len();
        let headers = [
            (CONTENT_TYPE, "application/octet-stream".to_owned()),
            (CONTENT_DISPOSITION, "attachment".to_owned()),
            (CONTENT_LENGTH, bytes.to_string()),
        ];
        Ok(uncached((headers, stream_file(file, bytes))))
    })
    .await
}

/// The first `bytes` bytes of a file, read chunk by chunk while they are sent.
fn stream_file(file: std::fs::File, bytes: u64) -> Body {
    let file = tokio::fs::File::from_std(file).take(bytes);
    Body::from_stream(stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        std::io::Result::Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    }))
}

/// Creates or replaces a run's summary.
pub(crate) async fn put_summary(
    State(state): State<Arc<AppState>>,
    Path(run): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // Before the body is read.
    if let Err(rejection) = state.visit(&headers) {
        return rejection;
    }
    let summary = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_SUMMARY)).await {
        Ok(Ok(body)) => serde_json::from_slice::<RunSummary>(&body),
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    on_disk(&state, &headers, move |runs| {
        runs.put_summary(&run, &summary).map_err(to_message)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

/// Deletes a run with its files.
pub(crate) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(run): Path<String>,
    headers: HeaderMap,
) -> Response {
    let response = on_disk(&state, &headers, move |runs| {
        let mut attempts = DELETE_ATTEMPTS;
        while let Err(error) = runs.delete(&run) {
            attempts -= 1;
            if attempts == 0 {
                return Err(to_message(error));
            }
            std::thread::sleep(DELETE_PAUSE);
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await;
    if let Some(engine) = &state.engine {
        engine.run_deleted();
    }
    response
}

/// Runs `work` on the visitor's runs, on a thread for blocking operations. The client gets the message
/// of an error.
async fn on_disk(
    state: &AppState,
    headers: &HeaderMap,
    work: impl FnOnce(&RunsFolder) -> Result<Response, String> + Send + 'static,
) -> Response {
    let runs = match state.visit(headers) {
        Ok((engine, visitor)) => engine.runs_of(visitor),
        Err(rejection) => return rejection,
    };
    match tokio::task::spawn_blocking(move || work(&runs)).await {
        Ok(Ok(response)) => response,
        Ok(Err(message)) => (StatusCode::BAD_REQUEST, message).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn uncached(response: impl IntoResponse) -> Response {
    ([(CACHE_CONTROL, "no-store")], response).into_response()
}

#[allow(clippy::needless_pass_by_value)] // `map_err` passes errors by value.
fn to_message(error: impl ToString) -> String {
    error.to_string()
}
