//! Storage of runs in the browser's IndexedDB, for the app and its worker.
//!
//! A run is a summary (for the app's history) and named files (those of the command line's run folder).
//! A write is one transaction: afterwards there are the old bytes or the new ones.

use js_sys::Uint8Array;
use rexie::{KeyRange, ObjectStore, Rexie, Store, Transaction, TransactionMode};
use thiserror::Error;
use wasm_bindgen::{JsCast as _, JsValue};

const DATABASE: &str = "spat";
const FILES: &str = "files";
const SUMMARIES: &str = "cards";

/// The browser's storage for this page's address.
pub struct RunDatabase {
    database: Rexie,
}

/// The browser's storage failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the browser's storage failed: {0}")]
pub struct RunDatabaseError(String);

impl From<rexie::Error> for RunDatabaseError {
    fn from(error: rexie::Error) -> Self {
        Self(error.to_string())
    }
}

impl RunDatabase {
    /// Opens the storage, empty on the first visit.
    ///
    /// # Errors
    /// The browser has no IndexedDB (as in some private windows).
    pub async fn open() -> Result<Self, RunDatabaseError> {
        let database = Rexie::builder(DATABASE)
            .version(1)
            .add_object_store(ObjectStore::new(FILES))
            .add_object_store(ObjectStore::new(SUMMARIES))
            .build()
            .await?;
        Ok(Self { database })
    }

    /// Writes or replaces a file of a run.
    ///
    /// # Errors
    /// The storage is full, or gone.
    pub async fn write(&self, run: &str, name: &str, bytes: &[u8]) -> Result<(), RunDatabaseError> {
        let (transaction, files) = self.writing(FILES)?;
        files
            .put(&Uint8Array::from(bytes), Some(&file_key(run, name)))
            .await?;
        commit(transaction).await
    }

    /// Reads a file of a run; `None` if it does not exist.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn read(&self, run: &str, name: &str) -> Result<Option<Vec<u8>>, RunDatabaseError> {
        let files = self.reading(FILES)?;
        let value = files.get(file_key(run, name)).await?;
        Ok(value
            .and_then(|value| value.dyn_into::<Uint8Array>().ok())
            .map(|bytes| bytes.to_vec()))
    }

    /// Removes a file of a run, if it exists.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn remove(&self, run: &str, name: &str) -> Result<(), RunDatabaseError> {
        let (transaction, files) = self.writing(FILES)?;
        files.delete(file_key(run, name)).await?;
        commit(transaction).await
    }

    /// Names of a run's files.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn names(&self, run: &str) -> Result<Vec<String>, RunDatabaseError> {
        let keys = self
            .reading(FILES)?
            .get_all_keys(Some(keys_of(run)?), None)
            .await?;
        let start = file_key_text(run, "");
        Ok(keys
            .iter()
            .filter_map(|key| Some(key.as_string()?.strip_prefix(&start)?.to_owned()))
            .collect())
    }

    /// Writes or replaces a run's summary, as JSON.
    ///
    /// # Errors
    /// The storage is full, or gone.
    pub async fn put_summary(&self, run: &str, summary: &str) -> Result<(), RunDatabaseError> {
        let text = JsValue::from_str(summary);
        let (transaction, summaries) = self.writing(SUMMARIES)?;
        summaries.put(&text, Some(&JsValue::from_str(run))).await?;
        commit(transaction).await
    }

    /// Names and summaries of all runs, parsed by `read`. Summaries that it cannot parse, of other versions,
    /// are skipped.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn summaries<T>(
        &self,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<(String, T)>, RunDatabaseError> {
        let summaries = self.reading(SUMMARIES)?;
        let mut found = Vec::new();
        for key in summaries.get_all_keys(None, None).await? {
            let summary = summaries
                .get(key.clone())
                .await?
                .and_then(|summary| summary.as_string());
            let summary = summary.and_then(|text| read(text.as_bytes()));
            found.extend(key.as_string().zip(summary));
        }
        Ok(found)
    }

    /// Removes a run's summary and files.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn delete(&self, run: &str) -> Result<(), RunDatabaseError> {
        let (transaction, files) = self.writing(FILES)?;
        for key in files.get_all_keys(Some(keys_of(run)?), None).await? {
            files.delete(key).await?;
        }
        commit(transaction).await?;
        let (transaction, summaries) = self.writing(SUMMARIES)?;
        summaries.delete(JsValue::from_str(run)).await?;
        commit(transaction).await
    }

    fn reading(&self, store: &str) -> Result<Store, RunDatabaseError> {
        let transaction = self
            .database
            .transaction(&[store], TransactionMode::ReadOnly)?;
        Ok(transaction.store(store)?)
    }

    fn writing(&self, store: &str) -> Result<(Transaction, Store), RunDatabaseError> {
        let transaction = self
            .database
            .transaction(&[store], TransactionMode::ReadWrite)?;
        let store = transaction.store(store)?;
        Ok((transaction, store))
    }
}

async fn commit(transaction: Transaction) -> Result<(), RunDatabaseError> {
    let result = transaction.done().await?;
    if result.is_committed() {
        return Ok(());
    }
    Err(RunDatabaseError(
        "a write was rolled back; the storage may be full".to_owned(),
    ))
}

fn file_key(run: &str, name: &str) -> JsValue {
    JsValue::from_str(&file_key_text(run, name))
}

fn file_key_text(run: &str, name: &str) -> String {
    format!("{run}/{name}")
}

/// The range of keys that start with the run's name and a slash; `0` follows the slash in their order.
fn keys_of(run: &str) -> Result<KeyRange, RunDatabaseError> {
    let range = KeyRange::bound(
        &file_key(run, ""),
        &JsValue::from_str(&format!("{run}0")),
        Some(false),
        Some(true),
    );
    range.map_err(|error| RunDatabaseError(error.to_string()))
}
