//! Stored runs: in this browser, on disk by the desktop app's process, or on the host.

use spat_spec::RunSummary;
use spat_web_store::RunDatabase;

use gloo_net::http::Method;

use super::native::{call_framed, is_native, value};
use super::socket::{self, ask, host, run_path};

/// A storage of runs; each is a summary and files.
pub(crate) enum Runs {
    /// In the browser's storage.
    Browser(RunDatabase),
    /// In the desktop app's runs folder, shared with the command line.
    Folder,
    /// On the host whose engine computes.
    Host,
}

/// The answer of `read_run_file` for a missing file; otherwise one byte precedes the content.
const ABSENT: &[u8] = &[];

impl Runs {
    /// Opens the storage.
    ///
    /// # Errors
    /// The browser has no storage.
    pub(crate) async fn open() -> Result<Self, String> {
        if is_native() {
            return Ok(Self::Folder);
        }
        if host().is_some() {
            return Ok(Self::Host);
        }
        RunDatabase::open().await.map(Self::Browser).map_err(words)
    }

    /// A file of a run; `None` if it does not exist.
    pub(crate) async fn read(&self, run: &str, name: &str) -> Result<Option<Vec<u8>>, String> {
        match self {
            Self::Browser(database) => database.read(run, name).await.map_err(words),
            Self::Folder => {
                let answer = call_framed("read_run_file", &(run, name), &[]).await?;
                Ok((answer != ABSENT).then(|| answer[1..].to_vec()))
            }
            Self::Host => {
                ask(
                    Method::GET,
                    &format!("{}/files/{name}", run_path(run)),
                    None,
                )
                .await
            }
        }
    }

    /// Names of a run's files.
    pub(crate) async fn names(&self, run: &str) -> Result<Vec<String>, String> {
        match self {
            Self::Browser(database) => database.names(run).await.map_err(words),
            Self::Folder => value(&call_framed("run_names", &run, &[]).await?),
            Self::Host => socket::value(&run_path(run)).await,
        }
    }

    /// The name and summary of every run.
    pub(crate) async fn summaries(&self) -> Result<Vec<(String, RunSummary)>, String> {
        match self {
            Self::Browser(database) => {
                let read = |json: &[u8]| serde_json::from_slice(json).ok();
                database.summaries(read).await.map_err(words)
            }
            Self::Folder => value(&call_framed("run_summaries", &(), &[]).await?),
            Self::Host => socket::value("runs").await,
        }
    }

    /// Writes or replaces a run's summary.
    pub(crate) async fn put_summary(&self, run: &str, summary: &RunSummary) -> Result<(), String> {
        match self {
            Self::Browser(database) => {
                let summary = serde_json::to_string(summary).map_err(words)?;
                database.put_summary(run, &summary).await.map_err(words)
            }
            Self::Folder => call_framed("put_run_summary", &(run, summary), &[])
                .await
                .map(drop),
            Self::Host => {
                let summary = serde_json::to_string(summary).map_err(words)?;
                let path = format!("{}/card", run_path(run));
                ask(Method::PUT, &path, Some(summary)).await.map(drop)
            }
        }
    }

    /// Removes a run's summary and files.
    pub(crate) async fn delete(&self, run: &str) -> Result<(), String> {
        match self {
            Self::Browser(database) => database.delete(run).await.map_err(words),
            Self::Folder => call_framed("delete_run", &run, &[]).await.map(drop),
            Self::Host => ask(Method::DELETE, &run_path(run), None).await.map(drop),
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // The signature that `map_err` needs.
fn words(error: impl ToString) -> String {
    error.to_string()
}
