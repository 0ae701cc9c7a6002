//! The table that is looked at: taken, read in another way, divided in another way.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_series::{ReadOptions, SplitRule, is_plain_text};
use spat_spec::DataConfig;

use super::table::{OriginalFile, TableError};
use super::{LoadedTable, Page, RefusedTable, TableFile, Training, link, plain_text};

/// A file of this many bytes takes seconds to read; more would freeze the page.
const LARGEST_TABLE: f64 = (256 << 20) as f64;

impl Page {
    /// Takes a file that is new to the page. One that is not plain text is converted first.
    pub(crate) fn take_new_file(self, name: String, bytes: Vec<u8>) {
        if is_plain_text(&bytes) {
            return self.take_new_table(TableFile::plain(name, bytes));
        }
        if let Some(problem) = too_large(&name, bytes.len() as f64) {
            return self.table_problem.set(Some(problem));
        }
        let linked = self.linked.get_untracked();
        let options = linked.map(|data| data.read).unwrap_or_default();
        self.convert(name, bytes.into(), options, move |file| {
            self.take_new_table(file);
        });
    }

    /// Converts a file that is not plain text, then hands it on.
    fn convert(
        self,
        name: String,
        bytes: Arc<[u8]>,
        options: ReadOptions,
        then: impl FnOnce(TableFile) + 'static,
    ) {
        let begun = self.begin_anew();
        self.loading.set(true);
        spawn_local(async move {
            let converted = plain_text::convert(&bytes, &options).await;
            if self.begun.get_untracked() != begun {
                // Another file was given in the meantime.
                return;
            }
            self.loading.set(false);
            match converted {
                Ok((text, plain)) => then(TableFile {
                    name,
                    bytes: text.into(),
                    original: Some(Arc::new(OriginalFile { bytes, plain })),
                }),
                Err(problem) => self.table_problem.set(Some(problem)),
            }
        });
    }

    /// Takes a table that is new to the page, with window lengths that suit it where those that are
    /// set do not.
    pub(crate) fn take_new_table(self, file: TableFile) {
        self.begin_anew();
        // A link says how its table was read; another table may not have those channels.
        let linked = self.linked.get_untracked().is_some_and(|data| {
            self.take_table(file.clone(), data) && untrack(|| self.objection()).is_none()
        });
        if linked {
            self.linked.set(None);
        } else if self.take_table(file, DataConfig::default())
            && let Some(table) = self.table.get_untracked()
            && !link::is_locked("preset")
        {
            self.setup.update(|setup| setup.suit(&table.series));
        }
    }

    /// Takes a table; everything that was made of the last one is forgotten, but not what is kept.
    /// `false`: it was not taken, and the page says why.
    pub(super) fn take_table(self, file: TableFile, data: DataConfig) -> bool {
        if let Some(problem) = too_large(&file.name, file.bytes.len() as f64) {
            self.table_problem.set(Some(problem));
            return false;
        }
        let read = LoadedTable::read(file.clone(), data.clone());
        self.settle_table(read, RefusedTable { file, data })
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
        let refused = self.refused.get_untracked();
        let table = self.table.get_untracked();
        let (file, before) = match (&refused, &table) {
            (Some(refused), _) => (refused.file.clone(), &refused.data),
            (None, Some(table)) => (table.file.clone(), &table.data),
            (None, None) => return,
        };
        match file.original {
            Some(original) if before.read.sheet != data.read.sheet => {
                let read = data.read.clone();
                self.convert(file.name, original.bytes.clone(), read, move |file| {
                    self.take_table(file, data);
                });
            }
            _ => {
                let read = match table.filter(|_| refused.is_none()) {
                    Some(table) => table.again(data.clone()),
                    None => LoadedTable::read(file.clone(), data.clone()),
                };
                self.settle_table(read, RefusedTable { file, data });
            }
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

/// Why a file of so many bytes is not taken, if it is not.
pub(crate) fn too_large(name: &str, bytes: f64) -> Option<String> {
    (bytes > LARGEST_TABLE).then(|| {
        let megabytes = |bytes: f64| bytes / 1_048_576.0;
        format!(
            "`{name}` has {:.0} MB; the page takes up to {:.0} MB: cut it, or use the command line program",
            megabytes(bytes),
            megabytes(LARGEST_TABLE)
        )
    })
}
