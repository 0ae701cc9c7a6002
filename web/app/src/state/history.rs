//! The list of stored runs.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Page, RunSummary};
use crate::engine::{self, Runs};

impl Page {
    /// Loads the history.
    pub(crate) fn load_summaries(self) {
        spawn_local(async move {
            let summaries = match Runs::open().await {
                Ok(runs) => runs.summaries().await,
                Err(error) => Err(error),
            };
            match summaries {
                Ok(mut summaries) => {
                    self.elsewhere.set(engine::held_runs().await);
                    summaries.sort_by(|(_, a), (_, b)| b.begun.total_cmp(&a.begun));
                    self.summaries.set(summaries);
                }
                Err(error) => self.not_stored.set(Some(error)),
            }
        });
    }

    /// Adds or replaces a run's summary in the history and the storage.
    pub(crate) fn store_summary(self, run: String, summary: RunSummary) {
        self.summaries.update(|summaries| {
            match summaries.iter_mut().find(|(id, _)| *id == run) {
                Some((_, old)) => *old = summary.clone(),
                None => summaries.insert(0, (run.clone(), summary.clone())),
            };
        });
        spawn_local(async move {
            let kept = match Runs::open().await {
                Ok(runs) => runs.put_summary(&run, &summary).await,
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                self.not_stored.set(Some(error));
            }
        });
    }

    /// Changes the open run's summary.
    pub(crate) fn update_summary(self, change: impl FnOnce(&mut RunSummary)) {
        if let Some((run, mut summary)) = untrack(|| self.open_summary()) {
            change(&mut summary);
            self.store_summary(run, summary);
        }
    }

    /// Removes a run and its files, and clears its results if it is open.
    pub(crate) fn delete_run(self, run: String) {
        spawn_local(async move {
            if self.is_open_elsewhere(&run).await {
                return;
            }
            if self.run.get_untracked().as_ref() == Some(&run) {
                self.clear_results();
            }
            self.summaries
                .update(|summaries| summaries.retain(|(id, _)| *id != run));
            let deleted = match Runs::open().await {
                Ok(runs) => runs.delete(&run).await,
                Err(error) => Err(error),
            };
            if let Err(error) = deleted {
                self.notify(error);
            }
        });
    }
}
