//! Changes of the table: loading, other reading options, another split.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_series::{ReadOptions, SplitRule, is_plain_text};
use spat_spec::DataConfig;

use super::setup::Fit;
use super::table::{OriginalFile, TableError};
use super::{LoadedTable, Page, TableFile, TableSource, Training, link, plain_text};

/// Largest file in bytes. Reading it takes seconds; more would block the app for long.
const MAX_TABLE_BYTES: f64 = (256 << 20) as f64;

impl Page {
    /// Loads a new file. One that is not plain text is converted first.
    pub(crate) fn load_new_file(self, name: String, bytes: Vec<u8>) {
        if is_plain_text(&bytes) {
            return self.load_new_table(TableFile::plain(name, bytes));
        }
        if let Some(problem) = too_large(&name, bytes.len() as f64) {
            return self.table_problem.set(Some(problem));
        }
        let linked = self.linked.get_untracked();
        let options = linked.map(|data| data.read).unwrap_or_default();
        self.convert(name, bytes.into(), options, move |file| {
            self.load_new_table(file);
        });
    }

    /// Converts a file that is not plain text and passes it to `then`.
    fn convert(
        self,
        name: String,
        bytes: Arc<[u8]>,
        options: ReadOptions,
        then: impl FnOnce(TableFile) + 'static,
    ) {
        let generation = self.next_generation();
        self.loading.set(true);
        spawn_local(async move {
            let converted = plain_text::convert(&bytes, &options).await;
            if self.generation.get_untracked() != generation {
                // Another file was chosen in the meantime.
                return;
            }
            self.loading.set(false);
            match converted {
                Err(problem) => self.table_problem.set(Some(format!("{name}: {problem}"))),
                Ok((text, plain)) => then(TableFile {
                    name,
                    bytes: text.into(),
                    original: Some(Arc::new(OriginalFile { bytes, plain })),
                }),
            }
        });
    }

    /// Loads a new table, and adapts window lengths that do not fit it.
    pub(crate) fn load_new_table(self, file: TableFile) {
        self.next_generation();
        // The link's reading options may not fit another table.
        let linked = self.linked.get_untracked().is_some_and(|data| {
            self.load_table(file.clone(), data) && untrack(|| self.setup_error()).is_none()
        });
        if linked {
            self.linked.set(None);
        } else if self.load_table(file, DataConfig::default())
            && let Some(table) = self.table.get_untracked()
            && !link::is_locked("preset")
        {
            let mut setup = self.setup.get_untracked();
            if let Some(last) = self.fit.get_untracked() {
                setup.undo_fit(&last);
            }
            let before = setup.clone();
            setup.fit_to(&table.series);
            self.fit.set(Some(Fit {
                before,
                after: setup.clone(),
            }));
            self.setup.set(setup);
        }
    }

    /// Loads a table and clears the results of the last one; stored runs stay. `false` after an error,
    /// which is shown.
    pub(super) fn load_table(self, file: TableFile, data: DataConfig) -> bool {
        if let Some(problem) = too_large(&file.name, file.bytes.len() as f64) {
            self.table_problem.set(Some(problem));
            return false;
        }
        let read = LoadedTable::read(file.clone(), data.clone());
        self.show_table(read, TableSource { file, data })
    }

    /// Shows a table, or the error and the options that were tried.
    fn show_table(self, read: Result<LoadedTable, TableError>, tried: TableSource) -> bool {
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
                let problem = format!("{}: {error}", tried.file.name);
                self.table_problem.set(Some(problem));
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

    /// The file that could not be used, or else the table's, and its reading options.
    pub(crate) fn last_source(self) -> Option<Arc<TableSource>> {
        self.refused.get().or_else(|| {
            let table = self.table.get()?;
            Some(Arc::new(TableSource {
                file: table.file.clone(),
                data: table.data.clone(),
            }))
        })
    }

    /// Reads [`Page::last_source`] with other options.
    pub(crate) fn reread_table(self, data: DataConfig) {
        let Some(source) = untrack(|| self.last_source()) else {
            return;
        };
        let file = source.file.clone();
        match file.original {
            Some(original) if source.data.read.sheet != data.read.sheet => {
                let read = data.read.clone();
                self.convert(file.name, original.bytes.clone(), read, move |file| {
                    self.load_table(file, data);
                });
            }
            _ => {
                let read = match self.table.get_untracked() {
                    Some(table) if self.refused.with_untracked(Option::is_none) => {
                        table.again(data.clone())
                    }
                    _ => LoadedTable::read(file.clone(), data.clone()),
                };
                self.show_table(read, TableSource { file, data });
            }
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

/// The message about a file of too many bytes, if it has too many.
pub(crate) fn too_large(name: &str, bytes: f64) -> Option<String> {
    (bytes > MAX_TABLE_BYTES).then(|| {
        let megabytes = |bytes: f64| bytes / 1_048_576.0;
        format!(
            "`{name}` has {:.0} MB; the limit is {:.0} MB: cut it, or use the command line program",
            megabytes(bytes),
            megabytes(MAX_TABLE_BYTES)
        )
    })
}
