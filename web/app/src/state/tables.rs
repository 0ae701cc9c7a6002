//! The table that is looked at: taken, read in another way, divided in another way.

use std::sync::Arc;

use leptos::prelude::*;
use spat_series::SplitRule;
use spat_spec::DataConfig;

use super::table::TableError;
use super::{LoadedTable, Page, RefusedTable, Training, link};

/// A file of this many bytes takes seconds to read; more would freeze the page.
pub(crate) const LARGEST_TABLE: usize = 256 << 20;

impl Page {
    /// Takes a table that is new to the page, with window lengths that suit it where those that are
    /// set do not.
    pub(crate) fn take_new_table(self, name: String, bytes: Vec<u8>) {
        self.begin_anew();
        let bytes: Arc<[u8]> = bytes.into();
        // A link says how its table was read; another table may not have those channels.
        let linked = self.linked.get_untracked().is_some_and(|data| {
            self.take_table(name.clone(), bytes.clone(), data)
                && untrack(|| self.objection()).is_none()
        });
        if linked {
            self.linked.set(None);
        } else if self.take_table(name, bytes, DataConfig::default())
            && let Some(table) = self.table.get_untracked()
            && !link::is_locked("preset")
        {
            self.setup.update(|setup| setup.suit(&table.series));
        }
    }

    /// Takes a table; everything that was made of the last one is forgotten, but not what is kept.
    /// `false`: it was not taken, and the page says why.
    pub(super) fn take_table(self, name: String, bytes: Arc<[u8]>, data: DataConfig) -> bool {
        if bytes.len() > LARGEST_TABLE {
            self.table_problem.set(Some(format!(
                "`{name}` has {} MB; the page takes up to {} MB: cut it, or use the command line program",
                bytes.len() >> 20,
                LARGEST_TABLE >> 20
            )));
            return false;
        }
        let read = LoadedTable::read(name.clone(), bytes.clone(), data.clone());
        self.settle_table(read, RefusedTable { name, bytes, data })
    }

    /// Shows a table, or why it cannot be used and what it could not be used by.
    fn settle_table(self, read: Result<LoadedTable, TableError>, tried: RefusedTable) -> bool {
        if self.must_stop_first() {
            return false;
        }
        match read {
            Ok(table) => {
                self.table_problem.set(None);
                self.refused.set(None);
                self.channel.set(table.series.channel_count() - 1);
                self.table.set(Some(Arc::new(table)));
                self.forget_results();
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

    /// What a job works on stays until it ends.
    pub(super) fn must_stop_first(self) -> bool {
        let busy = self.busy.get_untracked();
        if busy {
            self.notify("Stop the training in step 3 first; then the table can be changed.");
        }
        busy
    }

    /// Reads the file that could not be used, or else the table, in another way.
    pub(crate) fn reread_table(self, data: DataConfig) {
        if let Some(refused) = self.refused.get_untracked() {
            self.take_table(refused.name.clone(), refused.bytes.clone(), data);
        } else if let Some(table) = self.table.get_untracked() {
            let (name, bytes) = (table.name.clone(), table.bytes.clone());
            let read = table.again(data.clone());
            self.settle_table(read, RefusedTable { name, bytes, data });
        }
    }

    /// Divides the rows in another way.
    pub(crate) fn split_table(self, split: SplitRule) {
        if let Some(table) = self.table.get_untracked()
            && !self.must_stop_first()
        {
            self.table.set(Some(Arc::new(table.split_by(split))));
            self.forget_results();
        }
    }

    /// Makes way for another run or table.
    pub(super) fn forget_results(self) {
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

    /// The person asks for a table or a run; one that was asked for before and comes later is not
    /// wanted any more. The answer is [`Page::begun`] until then.
    pub(crate) fn begin_anew(self) -> usize {
        self.loading.set(false);
        self.begun.update(|begun| *begun += 1);
        self.begun.get_untracked()
    }
}
