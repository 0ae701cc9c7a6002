//! The files of the open run: in the browser's storage, or in memory once that rejects writes (a private
//! window, a full disk).

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use spat_engine::session::{NewRun, RunStorage, RunStorageError, StoredRun, TABLE};
use spat_engine::{RunStore, StoreError};
use spat_spec::{DeviceFacts, EngineMessage, Experiment};
use spat_web_store::RunDatabase as Storage;

use crate::messages;

/// Files of the open run that the storage rejected. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Memory(Rc<RefCell<InMemory>>);

#[derive(Default)]
struct InMemory {
    run: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// A file by its name.
    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.borrow().files.get(name).cloned()
    }

    fn borrow(&self) -> Ref<'_, InMemory> {
        self.0.borrow()
    }

    /// Clears the files of other runs.
    fn keep_only(&self, run: &str) {
        let mut memory = self.0.borrow_mut();
        if memory.run != run {
            *memory = InMemory {
                run: run.to_owned(),
                files: BTreeMap::new(),
            };
        }
    }
}

/// Runs in the browser's storage.
pub(crate) struct BrowserRunStorage {
    pub(crate) memory: Memory,
}

/// Files of one run.
pub(crate) struct RunFiles {
    run: String,
    storage: Option<Storage>,
    /// Whether the storage has rejected a write. Nothing more is written to it, so the state that it has can
    /// still be resumed.
    full: bool,
    memory: Memory,
}

impl BrowserRunStorage {
    async fn open(&self, run: &str) -> RunFiles {
        self.memory.keep_only(run);
        let storage = Storage::open().await;
        let refused = storage.as_ref().err().map(ToString::to_string);
        let full = refused.is_some() || !self.memory.borrow().files.is_empty();
        if let Some(reason) = refused {
            messages::post(&EngineMessage::NotStored { reason });
        }
        RunFiles {
            run: run.to_owned(),
            storage: storage.ok(),
            full,
            memory: self.memory.clone(),
        }
    }
}

/// Without a reason in `not_stored`: the files post a message when a write is rejected.
fn stored(files: RunFiles) -> StoredRun<RunFiles> {
    StoredRun {
        files,
        not_stored: None,
    }
}

impl RunStorage for BrowserRunStorage {
    type Files = RunFiles;

    async fn begin(&mut self, run: NewRun<'_>) -> Result<StoredRun<RunFiles>, RunStorageError> {
        let mut files = self.open(run.name).await;
        files.write(TABLE, run.table).await?;
        Ok(stored(files))
    }

    async fn resume(
        &mut self,
        run: &str,
    ) -> Result<(StoredRun<RunFiles>, Vec<u8>), RunStorageError> {
        let files = self.open(run).await;
        let table = files.read(TABLE).await?.ok_or_else(|| {
            RunStorageError(
                "the run's table is no longer stored in this browser; load it again".to_owned(),
            )
        })?;
        Ok((stored(files), table))
    }

    async fn command(
        &self,
        _run: &str,
        experiment: &Experiment,
        _device: &DeviceFacts,
    ) -> Result<String, RunStorageError> {
        Ok(format!("the web app, with seed {}", experiment.seed))
    }
}

impl RunStore for RunFiles {
    async fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        if let Some(storage) = &self.storage
            && !self.full
        {
            match storage.write(&self.run, name, bytes).await {
                Ok(()) => return Ok(()),
                Err(error) => messages::post(&EngineMessage::NotStored {
                    reason: error.to_string(),
                }),
            }
            self.full = true;
        }
        let mut memory = self.memory.0.borrow_mut();
        memory.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match (self.memory.file(name), &self.storage) {
            (None, Some(storage)) => storage
                .read(&self.run, name)
                .await
                .map_err(|error| failed("read", name, &error)),
            (file, _) => Ok(file),
        }
    }

    async fn remove(&mut self, name: &str) -> Result<(), StoreError> {
        self.memory.0.borrow_mut().files.remove(name);
        match &self.storage {
            Some(storage) => storage
                .remove(&self.run, name)
                .await
                .map_err(|error| failed("remove", name, &error)),
            None => Ok(()),
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
