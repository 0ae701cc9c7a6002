//! The tables of an executor, prepared for the windows of each forecaster when they are first needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use spat_engine::{Device, TrialRunner};
use spat_series::Series;
use spat_spec::{DataConfig, ForecasterConfig, InputSpec, Window};

use crate::error::StudyError;

/// Number of prepared tables that are kept for the next tasks. Consecutive tasks mostly have the same one; a
/// study of many tables would otherwise keep all of them in memory.
const MOST_KEPT: usize = 16;

/// Provides the tables of tasks.
pub trait TableSource: Sync {
    /// The table with this SHA-256, read and repaired as `data` describes.
    ///
    /// # Errors
    /// There is no such table, or it cannot be read.
    fn series(&self, sha256: &str, data: &DataConfig) -> Result<Series, StudyError>;
}

/// Tables in memory, by their SHA-256, all read in one way.
impl TableSource for BTreeMap<String, Series> {
    fn series(&self, sha256: &str, _data: &DataConfig) -> Result<Series, StudyError> {
        self.get(sha256)
            .cloned()
            .ok_or_else(|| StudyError::Mismatch(format!("the study has no table {sha256}")))
    }
}

/// Everything that determines scaled rows and windows.
#[derive(Debug, PartialEq)]
struct Reading {
    table: String,
    data: DataConfig,
    window: Window,
    inputs: InputSpec,
}

/// Prepared tables on one device.
pub(crate) struct Datasets<'a> {
    source: &'a dyn TableSource,
    device: Device,
    /// The most recently used ones, the last one last.
    kept: Mutex<Vec<(Reading, Arc<TrialRunner>)>>,
}

impl<'a> Datasets<'a> {
    pub(crate) fn new(source: &'a dyn TableSource, device: Device) -> Self {
        Self {
            source,
            device,
            kept: Mutex::default(),
        }
    }

    /// A table, split and scaled for a forecaster's windows.
    pub(crate) fn trial_runner(
        &self,
        table: &str,
        data: &DataConfig,
        forecaster: &ForecasterConfig,
    ) -> Result<Arc<TrialRunner>, StudyError> {
        let reading = Reading {
            table: table.to_owned(),
            data: data.clone(),
            window: forecaster.window(),
            inputs: forecaster.inputs(),
        };
        // Held while a table is prepared, so that it is prepared once.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|(known, _)| *known == reading) {
            let entry = kept.remove(place);
            let runner = entry.1.clone();
            kept.push(entry);
            return Ok(runner);
        }
        let series = self.source.series(table, data)?;
        let runner = TrialRunner::new(series, data.split, forecaster, &self.device);
        let runner = runner.map_err(|error| StudyError::Table {
            table: table.to_owned(),
            error: Box::new(error),
        })?;
        let runner = Arc::new(runner);
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push((reading, runner.clone()));
        Ok(runner)
    }
}
