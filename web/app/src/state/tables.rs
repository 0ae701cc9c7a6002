//! Changes of the table: loading, other reading options, another split.

use std::sync::Arc;

use leptos::prelude::*;
use spat_series::SplitRule;
use spat_spec::DataConfig;

use super::table::TableError;
use super::{LoadedTable, Page, RefusedTable, Training, link};

/// Largest table in bytes. Reading it takes seconds; more would block the app for long.
pub(crate) const MAX_TABLE_BYTES: usize = 256 << 20;

impl Page {
    /// Loads a new table, and adapts window lengths that do not fit it.
    pub(crate) fn load_new_table(self, name: String, bytes: Vec<u8>) {
        self.next_generation();
        let bytes: Arc<[u8]> = bytes.into();
        // The link's reading options may not fit another table.
        let linked = self.linked.get_untracked().is_some_and(|data| {
            self.load_table(name.clone(), bytes.clone(), data)
                && untrack(|| self.setup_error()).is_none()
        });
        if linked {
            self.linked.set(None);
        } else if self.load_table(name, bytes, DataConfig::default())
            && let Some(table) = self.table.get_untracked()
            && !link::is_locked("preset")
        {
            self.setup.update(|setup| setup.fit_to(&table.series));
        }
    }

    /// Loads a table and clears the results of the last one; stored runs stay. `false` after an error,
    /// which is shown.
    pub(super) fn load_table(self, name: String, bytes: Arc<[u8]>, data: DataConfig) -> bool {
        if bytes.len() > MAX_TABLE_BYTES {
            self.table_problem.set(Some(format!(
                "`{name}` has {} MB; the limit is {} MB: cut it, or use the command line program",
                bytes.len() >> 20,
                MAX_TABLE_BYTES >> 20
            )));
            return false;
        }
        let read = LoadedTable::read(name.clone(), bytes.clone(), data.clone());
        self.show_table(read, RefusedTable { name, bytes, data })
    }

    /// Shows a table, or the error and the options that were tried.
    fn show_table(self, read: Result<LoadedTable, TableError>, tried: RefusedTable) -> bool {
        if self.must_stop_first() {
            return false;
        }
        match read {
            Ok(table) => {
                self.table_problem.set(None);
                self.refused.set(None);
                self.channel.set(table.series.channel_count() - 1);
                self.table.set(Some(Arc::new(table)));
                self.clear_results();
                self.forecast_with_model();
                true
            }
            Err(error) => {
                self.table_problem.set(Some(error.to_string()));
                self.refused.set(Some(Arc::new(tried)));
                false
            }
        }
    }

    /// Whether a job is running, which is reported: its table cannot be changed.
    pub(super) fn must_stop_first(self) -> bool {
        let busy = self.busy.get_untracked();
        if busy {
            self.notify("Stop the training in step 3 first; then the table can be changed.");
        }
        busy
    }

    /// Reads the file that could not be used, or else the table, with other options.
    pub(crate) fn reread_table(self, data: DataConfig) {
        if let Some(refused) = self.refused.get_untracked() {
            self.load_table(refused.name.clone(), refused.bytes.clone(), data);
        } else if let Some(table) = self.table.get_untracked() {
            let (name, bytes) = (table.name.clone(), table.bytes.clone());
            let read = table.again(data.clone());
            self.show_table(read, RefusedTable { name, bytes, data });
        }
    }

    /// Changes the split.
    pub(crate) fn split_table(self, split: SplitRule) {
        if let Some(table) = self.table.get_untracked()
            && !self.must_stop_first()
        {
            self.table.set(Some(Arc::new(table.split_by(split))));
            self.clear_results();
        }
    }

    /// Clears everything that belongs to a run.
    pub(super) fn clear_results(self) {
        self.training.set(Training::default());
        self.scores.set(Vec::new());
        self.maps.set(Arc::default());
        self.trained.set(None);
        self.report.set(None);
        self.sample.set(None);
        self.future.set(None);
        self.run.set(None);
        self.saved.set(None);
        self.messages.set(Vec::new());
    }

    /// Starts a request for a table or a run and cancels earlier ones. Returns the new [`Page::generation`].
    pub(crate) fn next_generation(self) -> usize {
        self.loading.set(false);
        self.generation.update(|generation| *generation += 1);
        self.generation.get_untracked()
    }
}
