//! Runs that are taken up again: of the history, after a stop, after a failure, by a new engine.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_spec::Command;

use super::actions::open;
use super::{Activity, EngineState, Page, RunSummary, Stage, TableFile};
use crate::engine::{self, Runs};

impl Page {
    /// Takes up a run of the history: shows its result, or goes on with it.
    pub(crate) fn take_up(self, run: String, summary: RunSummary) {
        let begun = self.begin_anew();
        spawn_local(async move {
            if self.is_elsewhere(&run).await {
                return;
            }
            if self.run.get_untracked().as_ref() != Some(&run) {
                if !self.take_kept_table(&run, &summary, begun).await {
                    return;
                }
            } else if self.must_stop_first() {
                return;
            } else {
                // Its table is the one that is loaded.
                self.forget_results();
            }
            self.revive();
            self.run.set(Some(run.clone()));
            self.engine.set(summary.engine);
            self.training.update(|training| {
                training.activity = Activity::Starting;
                training.then_prune = matches!(summary.stage, Stage::Pruning | Stage::Finished);
            });
            open(run, summary.table, summary.engine, None);
            // Phases that ended are not repeated: this shows scores and maps at once.
            self.trained_by(&summary.experiment);
            self.command(Command::Train {
                experiment: Box::new(summary.experiment),
            });
        });
    }

    /// Loads the table of a run that is kept; otherwise says why not.
    async fn take_kept_table(self, run: &str, summary: &RunSummary, begun: usize) -> bool {
        let table = match Runs::open().await {
            Ok(runs) => runs.read(run, "table.csv").await,
            Err(error) => Err(error),
        };
        if self.begun.get_untracked() != begun {
            return false;
        }
        let reason = match table {
            Ok(Some(bytes)) => {
                let data = summary.experiment.data.clone();
                let file = TableFile::plain(summary.table.clone(), bytes);
                return self.take_table(file, data);
            }
            Ok(None) => {
                "this run's table is not there any more; load it and train again".to_owned()
            }
            Err(error) => error,
        };
        self.notify(reason);
        false
    }

    /// Whether another tab has this run open, which then is said.
    pub(super) async fn is_elsewhere(self, run: &str) -> bool {
        let here = self.run.get_untracked().as_deref() == Some(run);
        let elsewhere = !here && engine::held_runs().await.iter().any(|held| held == run);
        if elsewhere {
            self.notify("This run is open in another tab: go on there, or close that tab first.");
        }
        elsewhere
    }

    /// The open run and its card in the history.
    pub(crate) fn open_summary(self) -> Option<(String, RunSummary)> {
        let run = self.run.get()?;
        self.summaries
            .with(|summaries| summaries.iter().find(|(id, _)| *id == run).cloned())
    }

    /// Goes on with the open run after it was stopped or failed.
    pub(crate) fn go_on(self) {
        if let Some((run, summary)) = untrack(|| self.open_summary()) {
            self.take_up(run, summary);
        }
    }

    /// Whether the open run ended before its end and can be gone on with.
    pub(crate) fn can_go_on(self) -> bool {
        let ended = self
            .training
            .with(|training| matches!(training.activity, Activity::Stopped | Activity::Failed));
        ended && self.open_summary().is_some()
    }

    /// A new engine in the place of one that broke; `false` where none is needed.
    pub(super) fn revive(self) -> bool {
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

    /// A new engine, with what can be shown of the open run.
    pub(crate) fn renew_engine(self) {
        self.revive();
        if let Some((_, summary)) = untrack(|| self.open_summary())
            && matches!(summary.stage, Stage::Trained | Stage::Finished)
        {
            self.go_on();
        }
    }
}
