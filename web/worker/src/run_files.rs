//! The files of the open run: in the browser's storage, or in memory where there is none.

use spat_engine::{MemoryStore, RunStore, StoreError};
use spat_web_store::Shelf;

pub(crate) enum RunFiles {
    Kept { shelf: Shelf, run: String },
    InMemory(MemoryStore),
}

impl RunFiles {
    /// The files of `run`, and why they are not kept, if they are not.
    pub(crate) async fn open(run: &str) -> (Self, Option<String>) {
        match Shelf::open().await {
            Ok(shelf) => {
                let run = run.to_owned();
                (Self::Kept { shelf, run }, None)
            }
            Err(error) => (
                Self::InMemory(MemoryStore::default()),
                Some(error.to_string()),
            ),
        }
    }
}

impl RunStore for RunFiles {
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Kept { shelf, run } => shelf
                .write(run, name, bytes)
                .await
                .map_err(|error| failed("write", name, &error)),
            Self::InMemory(store) => store.write(name, bytes).await,
        }
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Kept { shelf, run } => shelf
                .read(run, name)
                .await
                .map_err(|error| failed("read", name, &error)),
            Self::InMemory(store) => store.read(name).await,
        }
    }

    async fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        match self {
            Self::Kept { shelf, run } => shelf
                .remove(run, name)
                .await
                .map_err(|error| failed("remove", name, &error)),
            Self::InMemory(store) => store.remove(name).await,
        }
    }
}

fn failed(what: &str, name: &str, reason: &impl std::fmt::Display) -> StoreError {
    StoreError::Failed {
        what: what.to_owned(),
        path: name.to_owned(),
        reason: reason.to_string(),
    }
}
