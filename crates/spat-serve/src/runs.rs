//! Routes for a visitor's stored runs. No visitor reaches another one's.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use spat_host::RunsFolder;
use spat_spec::RunSummary;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::state::Visit;

/// Largest summary of a run, in bytes.
pub(crate) const MAX_SUMMARY: usize = 256 << 10;

/// Chunk size of a file's body, in bytes.
const CHUNK: usize = 256 << 10;

/// Attempts to delete a run that the engine may still have open, and the pause between them.
const DELETE_ATTEMPTS: usize = 10;
const DELETE_PAUSE: Duration = Duration::from_millis(200);

/// Names and summaries of all runs, newest first.
pub(crate) async fn list(visit: Visit) -> Response {
    on_disk(&visit, |runs| Ok(uncached(Json(runs.summaries())))).await
}

/// Names of a run's files.
pub(crate) async fn file_names(visit: Visit, Path(run): Path<String>) -> Response {
    on_disk(&visit, move |runs| {
        let names = runs.names(&run).map_err(to_message)?;
        Ok(uncached(Json(names)))
    })
    .await
}

/// A file of a run, as a download that browsers do not run or display.
pub(crate) async fn read_file(visit: Visit, Path((run, name)): Path<(String, String)>) -> Response {
    on_disk(&visit, move |runs| {
        let Some(file) = runs.file(&run, &name).map_err(to_message)? else {
            return Ok(StatusCode::NOT_FOUND.into_response());
        };
        let bytes = file.metadata().map_err(to_message)?.len();
        let headers = [
            (CONTENT_TYPE, "application/octet-stream".to_owned()),
            (CONTENT_DISPOSITION, "attachment".to_owned()),
            (CONTENT_LENGTH, bytes.to_string()),
        ];
        // The length stays as announced if the file grows meanwhile.
        let chunks = ReaderStream::with_capacity(File::from_std(file).take(bytes), CHUNK);
        Ok(uncached((headers, Body::from_stream(chunks))))
    })
    .await
}

/// Creates or replaces a run's summary.
pub(crate) async fn put_summary(visit: Visit, Path(run): Path<String>, body: Bytes) -> Response {
    let summary: RunSummary = match serde_json::from_slice(&body) {
        Ok(summary) => summary,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    on_disk(&visit, move |runs| {
        runs.put_summary(&run, &summary).map_err(to_message)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

/// Deletes a run with its files.
pub(crate) async fn delete(visit: Visit, Path(run): Path<String>) -> Response {
    let response = on_disk(&visit, move |runs| {
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
    visit.engine.run_deleted();
    response
}

/// Runs `work` on the visitor's runs, on a thread for blocking operations. The client gets the message
/// of an error.
async fn on_disk(
    visit: &Visit,
    work: impl FnOnce(&RunsFolder) -> Result<Response, String> + Send + 'static,
) -> Response {
    let runs = visit.engine.runs_of(visit.visitor);
    let hide = |message: &str| visit.engine.hide_paths(visit.visitor, message);
    match tokio::task::spawn_blocking(move || work(&runs)).await {
        Ok(Ok(response)) => response,
        Ok(Err(message)) => (StatusCode::BAD_REQUEST, hide(&message)).into_response(),
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
