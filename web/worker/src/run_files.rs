//! The files of the open run: in the browser's storage, or in memory from the moment on when that
//! takes nothing (a private window, a full disk).

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use spat_engine::session::{NewRun, RunStorage, RunStorageError, StoredRun, TABLE};
use spat_engine::{RunStore, StoreError};
use spat_spec::{DeviceFacts, EngineMessage, Experiment};
use spat_web_store::RunDatabase as Storage;

use crate::messages;

/// Files that the storage did not take, of the run that was open last. Clones hold the same.
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
        self.now().files.get(name).cloned()
    }

    fn now(&self) -> Ref<'_, InMemory> {
        self.0.borrow()
    }

    /// Holds nothing but what it has of this run.
    fn turn_to(&self, run: &str) {
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
    /// The storage takes nothing any more. What it has stays a state that can be gone on with.
    full: bool,
    memory: Memory,
}

impl BrowserRunStorage {
    async fn open(&self, run: &str) -> RunFiles {
        self.memory.turn_to(run);
        let storage = Storage::open().await;
        let refused = storage.as_ref().err().map(ToString::to_string);
        let full = refused.is_some() || !self.memory.now().files.is_empty();
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

/// The files say themselves when they are not kept.
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
                "the run's table is not in this browser any more; load it again".to_owned(),
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
        Ok(format!("the page, with seed {}", experiment.seed))
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
