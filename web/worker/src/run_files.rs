//! The files of the open run: in the browser's storage, or in memory where there is none.

use spat_engine::desk::{Kept, NewRun, Shelf, ShelfError, TABLE};
use spat_engine::{MemoryStore, RunStore, StoreError};
use spat_spec::{DeviceFacts, Experiment};
use spat_web_store::Shelf as Storage;

/// Runs in the browser's storage.
pub(crate) struct BrowserShelf;

pub(crate) enum RunFiles {
    Kept { shelf: Storage, run: String },
    InMemory(MemoryStore),
}

impl BrowserShelf {
    async fn open(run: &str) -> Kept<RunFiles> {
        match Storage::open().await {
            Ok(shelf) => Kept {
                files: RunFiles::Kept {
                    shelf,
                    run: run.to_owned(),
                },
                not_kept: None,
            },
            Err(error) => Kept {
                files: RunFiles::InMemory(MemoryStore::default()),
                not_kept: Some(error.to_string()),
            },
        }
    }
}

impl Shelf for BrowserShelf {
    type Files = RunFiles;

    async fn begin(&mut self, run: NewRun<'_>) -> Result<Kept<RunFiles>, ShelfError> {
        let mut kept = Self::open(run.name).await;
        kept.files.write(TABLE, run.table).await?;
        Ok(kept)
    }

    async fn resume(&mut self, run: &str) -> Result<(Kept<RunFiles>, Vec<u8>), ShelfError> {
        let kept = Self::open(run).await;
        let table = kept.files.read(TABLE).await?.ok_or_else(|| {
            ShelfError("the run's table is not in this browser any more; load it again".to_owned())
        })?;
        Ok((kept, table))
    }

    async fn command(
        &self,
        _run: &str,
        experiment: &Experiment,
        _device: &DeviceFacts,
    ) -> Result<String, ShelfError> {
        Ok(format!("the page, with seed {}", experiment.seed))
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
