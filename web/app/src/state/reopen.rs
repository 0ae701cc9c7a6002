//! Resuming of runs: from the history, after a stop or a failure, or with a new engine.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_spec::Command;

use super::actions::open;
use super::{Activity, EngineState, Page, RunSummary, Stage, TableFile};
use crate::engine::{self, Runs};

impl Page {
    /// Opens a run of the history: shows its result, or resumes it.
    pub(crate) fn reopen_run(self, run: String, summary: RunSummary) {
        let generation = self.next_generation();
        spawn_local(async move {
            if self.is_open_elsewhere(&run).await {
                return;
            }
            if self.run.get_untracked().as_ref() != Some(&run) {
                if !self.load_stored_table(&run, &summary, generation).await {
                    return;
                }
            } else if self.must_stop_first() {
                return;
            } else {
                // Its table is loaded already.
                self.clear_results();
            }
            self.replace_broken_engine();
            self.run.set(Some(run.clone()));
            self.engine.set(summary.engine);
            self.training.update(|training| {
                training.activity = Activity::Starting;
                training.then_prune = matches!(summary.stage, Stage::Pruning | Stage::Finished);
            });
            open(run, summary.table, summary.engine, None);
            // Completed phases are not repeated: this shows scores and maps at once.
            self.show_setup(&summary.experiment);
            self.command(Command::Train {
                experiment: Box::new(summary.experiment),
            });
        });
    }

    /// Loads the table of a stored run; `false` after an error, which is reported.
    async fn load_stored_table(self, run: &str, summary: &RunSummary, generation: usize) -> bool {
        let table = match Runs::open().await {
            Ok(runs) => runs.read(run, "table.csv").await,
            Err(error) => Err(error),
        };
        if self.generation.get_untracked() != generation {
            return false;
        }
        let reason = match table {
            Ok(Some(bytes)) => {
                let data = summary.experiment.data.clone();
                let file = TableFile::plain(summary.table.clone(), bytes);
                return self.load_table(file, data);
            }
            Ok(None) => "this run's table is no longer stored; load it and train again".to_owned(),
            Err(error) => error,
        };
        self.notify(reason);
        false
    }

    /// Whether another tab has this run open, which is reported.
    pub(super) async fn is_open_elsewhere(self, run: &str) -> bool {
        let here = self.run.get_untracked().as_deref() == Some(run);
        let elsewhere = !here && engine::held_runs().await.iter().any(|held| held == run);
        if elsewhere {
            self.notify(
                "This run is open in another tab: continue there, or close that tab first.",
            );
        }
        elsewhere
    }

    /// The open run and its summary in the history.
    pub(crate) fn open_summary(self) -> Option<(String, RunSummary)> {
        let run = self.run.get()?;
        self.summaries
            .with(|summaries| summaries.iter().find(|(id, _)| *id == run).cloned())
    }

    /// Resumes the open run after it was stopped or failed.
    pub(crate) fn resume_run(self) {
        if let Some((run, summary)) = untrack(|| self.open_summary()) {
            self.reopen_run(run, summary);
        }
    }

    /// Whether the open run was stopped or failed, and can be resumed.
    pub(crate) fn can_resume_run(self) -> bool {
        let ended = self
            .training
            .with(|training| matches!(training.activity, Activity::Stopped | Activity::Failed));
        ended && self.open_summary().is_some()
    }

    /// Replaces a broken engine; `false` if it is not broken.
    pub(super) fn replace_broken_engine(self) -> bool {
        let broke = self
            .worker
            .with_untracked(|worker| matches!(worker, EngineState::Broken(_)));
        if broke {
            self.worker.set(EngineState::Loading);
            engine::start(self);
            self.choose_engine(self.engine.get_untracked());
        }
        broke
    }

    /// Replaces a broken engine, and shows the results of the open run.
    pub(crate) fn restart_engine(self) {
        self.replace_broken_engine();
        if let Some((_, summary)) = untrack(|| self.open_summary())
            && matches!(summary.stage, Stage::Trained | Stage::Finished)
        {
            self.resume_run();
        }
    }
}
