//! Runs kept in the browser's IndexedDB, by both the page and its worker.
//!
//! A run is a card (what the page's history shows) and named files (what the run folder of the
//! command line holds). A write is one transaction: the old bytes or the new ones are there.

use js_sys::Uint8Array;
use rexie::{KeyRange, ObjectStore, Rexie, Store, Transaction, TransactionMode};
use thiserror::Error;
use wasm_bindgen::{JsCast as _, JsValue};

const DATABASE: &str = "spat";
const FILES: &str = "files";
const CARDS: &str = "cards";

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
    /// The browser offers none (some do so in private windows).
    pub async fn open() -> Result<Self, RunDatabaseError> {
        let database = Rexie::builder(DATABASE)
            .version(1)
            .add_object_store(ObjectStore::new(FILES))
            .add_object_store(ObjectStore::new(CARDS))
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
        ended(transaction).await
    }

    /// Reads a file of a run; `None` if it is not there.
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

    /// Removes a file of a run, if it is there.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn remove(&self, run: &str, name: &str) -> Result<(), RunDatabaseError> {
        let (transaction, files) = self.writing(FILES)?;
        files.delete(file_key(run, name)).await?;
        ended(transaction).await
    }

    /// Names of a run's files.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn names(&self, run: &str) -> Result<Vec<String>, RunDatabaseError> {
        let keys = self
            .reading(FILES)?
            .get_all_keys(Some(all_of(run)?), None)
            .await?;
        let start = file_key_text(run, "");
        Ok(keys
            .iter()
            .filter_map(|key| Some(key.as_string()?.strip_prefix(&start)?.to_owned()))
            .collect())
    }

    /// Writes or replaces a run's card, in JSON.
    ///
    /// # Errors
    /// The storage is full, or gone.
    pub async fn put_summary(&self, run: &str, summary: &str) -> Result<(), RunDatabaseError> {
        let text = JsValue::from_str(summary);
        let (transaction, summaries) = self.writing(CARDS)?;
        summaries.put(&text, Some(&JsValue::from_str(run))).await?;
        ended(transaction).await
    }

    /// The cards of all runs by their runs, as `read` reads their JSON. Cards that it cannot read, of
    /// another version, are left out.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn summaries<T>(
        &self,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<(String, T)>, RunDatabaseError> {
        let summaries = self.reading(CARDS)?;
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

    /// Removes a run's card and files.
    ///
    /// # Errors
    /// The storage is gone.
    pub async fn delete(&self, run: &str) -> Result<(), RunDatabaseError> {
        let (transaction, files) = self.writing(FILES)?;
        for key in files.get_all_keys(Some(all_of(run)?), None).await? {
            files.delete(key).await?;
        }
        ended(transaction).await?;
        let (transaction, summaries) = self.writing(CARDS)?;
        summaries.delete(JsValue::from_str(run)).await?;
        ended(transaction).await
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

async fn ended(transaction: Transaction) -> Result<(), RunDatabaseError> {
    let result = transaction.done().await?;
    if result.is_committed() {
        return Ok(());
    }
    Err(RunDatabaseError(
        "a write was taken back; the storage may be full".to_owned(),
    ))
}

fn file_key(run: &str, name: &str) -> JsValue {
    JsValue::from_str(&file_key_text(run, name))
}

fn file_key_text(run: &str, name: &str) -> String {
    format!("{run}/{name}")
}

/// Every key that starts with the run's name and a slash; `0` follows the slash in the order of keys.
fn all_of(run: &str) -> Result<KeyRange, RunDatabaseError> {
    let range = KeyRange::bound(
        &file_key(run, ""),
        &JsValue::from_str(&format!("{run}0")),
        Some(false),
        Some(true),
    );
    range.map_err(|error| RunDatabaseError(error.to_string()))
}
