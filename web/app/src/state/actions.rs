//! What a person can make the page do.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_series::{SplitRule, sorted};
use spat_spec::{Command, DataConfig, Experiment, Phase};
use spat_wire::{Engine, Order};

use super::table::TableError;
use super::{Activity, Card, LoadedTable, Page, RefusedTable, Stage, Training, link};
use crate::engine::{self, Runs};

/// A file of this many bytes takes seconds to read; more would freeze the page.
pub(crate) const LARGEST_TABLE: usize = 256 << 20;

impl Page {
    /// Takes a table that is new to the page, with window lengths that suit it where those that are
    /// set do not.
    pub(crate) fn take_new_table(self, name: String, bytes: Vec<u8>) {
        self.take_table(name, bytes.into(), DataConfig::default());
        if let Some(table) = self.table.get_untracked()
            && !link::is_locked("preset")
        {
            self.setup.update(|setup| setup.suit(&table.series));
        }
    }

    /// Takes a table; everything that was made of the last one is forgotten, but not what is kept.
    pub(super) fn take_table(self, name: String, bytes: Arc<[u8]>, data: DataConfig) {
        if bytes.len() > LARGEST_TABLE {
            self.table_problem.set(Some(format!(
                "`{name}` has {} MB; the page takes up to {} MB: cut it, or use the command line program",
                bytes.len() >> 20,
                LARGEST_TABLE >> 20
            )));
            return;
        }
        let read = LoadedTable::read(name.clone(), bytes.clone(), data.clone());
        self.settle_table(read, RefusedTable { name, bytes, data });
    }

    /// Shows a table, or why it cannot be used and what it could not be used by.
    fn settle_table(self, read: Result<LoadedTable, TableError>, tried: RefusedTable) {
        match read {
            Ok(table) => {
                self.table_problem.set(None);
                self.refused.set(None);
                self.channel.set(table.series.channel_count() - 1);
                self.table.set(Some(Arc::new(table)));
                self.forget_results();
                self.forecast_with_model();
            }
            Err(error) => {
                self.table_problem.set(Some(error.to_string()));
                self.refused.set(Some(Arc::new(tried)));
            }
        }
    }

    /// Reads the file that could not be used, or else the table, in another way.
    pub(crate) fn reread_table(self, data: DataConfig) {
        if let Some(refused) = self.refused.get_untracked() {
            return self.take_table(refused.name.clone(), refused.bytes.clone(), data);
        }
        if let Some(table) = self.table.get_untracked() {
            let (name, bytes) = (table.name.clone(), table.bytes.clone());
            let read = table.again(data.clone());
            self.settle_table(read, RefusedTable { name, bytes, data });
        }
    }

    /// Divides the rows in another way.
    pub(crate) fn split_table(self, split: SplitRule) {
        if let Some(table) = self.table.get_untracked() {
            self.table.set(Some(Arc::new(table.split_by(split))));
            self.forget_results();
        }
    }

    fn forget_results(self) {
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

    /// The experiment that the controls describe, for the table that is loaded.
    pub(crate) fn experiment(self) -> Option<Experiment> {
        let table = self.table.get()?;
        let setup = self.setup.get();
        Some(setup.experiment(
            table.data.clone(),
            table.series.channel_count(),
            table.has_dates(),
            self.ratio.get(),
        ))
    }

    /// Why the experiment cannot run, if it cannot.
    pub(crate) fn objection(self) -> Option<String> {
        let table = self.table.get()?;
        let experiment = self.experiment()?;
        if let Err(error) = experiment.check() {
            return Some(error.to_string());
        }
        let forecaster = &experiment.forecaster;
        let split = experiment.data.split.apply(
            table.series.rows(),
            forecaster.lookback(),
            forecaster.horizon(),
        );
        split.err().map(|error| error.to_string())
    }

    /// Asks which device would compute.
    pub(crate) fn choose_engine(self, wanted: Engine) {
        self.engine.set(wanted);
        engine::send(&Order::Find { engine: wanted }, None);
    }

    /// Trains and scores the dense model.
    pub(crate) fn train(self) {
        let (Some(experiment), Some(table)) =
            (untrack(|| self.experiment()), self.table.get_untracked())
        else {
            return;
        };
        let setup = self.setup.get_untracked();
        link::write_address(&setup, self.ratio.get_untracked());
        self.forget_results();
        self.training
            .update(|training| training.activity = Activity::Starting);
        let begun = js_sys::Date::now();
        let run = self.run_name(&experiment, &table, begun);
        self.run.set(Some(run.clone()));
        let engine = self.engine.get_untracked();
        let card = Card {
            title: format!("{} · {} layers, α to choose", table.name, setup.layers),
            table: table.name.clone(),
            experiment: experiment.clone(),
            engine,
            stage: Stage::Training,
            begun,
            mse: None,
            macs_percent: None,
        };
        self.keep(run.clone(), card);
        let open = Order::Open {
            run,
            table: table.name.clone(),
            engine,
        };
        engine::send(&open, Some(&table.bytes));
        self.command(Command::Train {
            experiment: Box::new(experiment),
        });
    }

    /// A name that no run has yet. On disk people read it.
    fn run_name(self, experiment: &Experiment, table: &LoadedTable, begun: f64) -> String {
        if !engine::is_native() {
            // Two tabs may start a run in the same millisecond.
            return format!("{begun:.0}-{:06.0}", 1e6 * js_sys::Math::random());
        }
        let stem = table
            .name
            .rsplit_once('.')
            .map_or(&*table.name, |(stem, _)| stem);
        // By the browser's letters and digits: the page has no list of its own.
        let others = js_sys::RegExp::new(r"[^\p{Alphabetic}\p{N}._-]", "gu");
        let stem = js_sys::JsString::from(stem.trim_start_matches('.'));
        let stem = String::from(stem.replace_by_pattern(&others, "-"));
        let stem: String = stem.chars().take(60).collect();
        let first = format!(
            "{stem}-{}",
            experiment.forecaster.name().to_ascii_lowercase()
        );
        let taken = |name: &str| {
            self.cards
                // Most disks of Windows and macOS take no two names that differ in case only.
                .with_untracked(|cards| cards.iter().any(|(id, _)| id.eq_ignore_ascii_case(name)))
        };
        let mut name = first.clone();
        let mut number = 2;
        while taken(&name) {
            name = format!("{first}-{number}");
            number += 1;
        }
        name
    }

    /// Prunes the dense model by the ratio chosen, fine-tunes and reports.
    pub(crate) fn prune(self) {
        let Some(trained) = self.trained.get_untracked() else {
            return;
        };
        let mut experiment = Experiment::clone(&trained);
        let setup = self.setup.get_untracked();
        experiment.prune.ratio = self.ratio.get_untracked();
        experiment.prune.granularity = setup.granularity;
        link::write_address(&setup, experiment.prune.ratio);
        self.report.set(None);
        self.future.set(None);
        self.training.update(|training| {
            training.activity = Activity::Starting;
            // What an earlier ratio led to makes way.
            training.curves.retain(|phase, _| *phase == Phase::Pretrain);
        });
        self.update_card(|card| {
            card.stage = Stage::Pruning;
            card.experiment = experiment.clone();
        });
        self.command(Command::Prune {
            experiment: Box::new(experiment),
        });
    }

    /// Takes up a run of the history: shows its result, or goes on with it.
    pub(crate) fn take_up(self, run: String, card: Card) {
        spawn_local(async move {
            let table = match Runs::open().await {
                Ok(shelf) => shelf.read(&run, "table.csv").await,
                Err(error) => Err(error),
            };
            let bytes = match table {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    return self.say("this run's table is not there any more; load it again");
                }
                Err(error) => return self.say(error),
            };
            self.take_table(
                card.table.clone(),
                bytes.into(),
                card.experiment.data.clone(),
            );
            if self.table.get_untracked().is_none() {
                return;
            }
            self.run.set(Some(run.clone()));
            self.engine.set(card.engine);
            self.training
                .update(|training| training.activity = Activity::Starting);
            let open = Order::Open {
                run,
                table: card.table.clone(),
                engine: card.engine,
            };
            engine::send(&open, None);
            let experiment = Box::new(card.experiment.clone());
            // Phases that ended are not repeated: this shows scores and maps at once.
            self.trained_by(&card.experiment);
            self.command(Command::Train {
                experiment: experiment.clone(),
            });
            if matches!(card.stage, Stage::Pruning | Stage::Finished) {
                self.command(Command::Prune { experiment });
            }
        });
    }

    /// Shows the sizes of another run's experiment, unless a teacher's link settles them.
    pub(super) fn trained_by(self, experiment: &Experiment) {
        if !link::is_locked("preset") {
            self.setup.update(|setup| setup.read_back(experiment));
        }
        if !link::is_locked("ratio") {
            self.ratio.set(experiment.prune.ratio);
        }
    }

    /// Halts before the next step.
    pub(crate) fn pause(self) {
        self.command(Command::Pause);
    }

    /// Goes on.
    pub(crate) fn resume(self) {
        self.training
            .update(|training| training.activity = Activity::Running);
        self.command(Command::Resume);
    }

    /// Some steps, then a pause again.
    pub(crate) fn step(self, steps: usize) {
        self.command(Command::Step { steps });
    }

    /// Ends the job; it can be gone on with.
    pub(crate) fn stop(self) {
        self.command(Command::Stop);
    }

    /// Goes on with the run that was stopped.
    pub(crate) fn go_on(self) {
        let run = self.run.get_untracked();
        let card = self
            .cards
            .get_untracked()
            .into_iter()
            .find(|(id, _)| Some(id) == run.as_ref());
        if let Some((run, card)) = card {
            self.take_up(run, card);
        }
    }

    /// Forecasts one test window with the models that there are.
    pub(crate) fn show_window(self, window: usize) {
        self.command(Command::Window { window });
    }

    /// Forecasts past the last row.
    pub(crate) fn forecast_future(self) {
        self.command(Command::Future);
    }

    fn command(self, command: Command) {
        engine::send(&Order::Command(command), None);
    }

    /// Adds a sentence for the person.
    pub(crate) fn say(self, message: impl Into<String>) {
        self.messages
            .update(|messages| messages.push(message.into()));
    }

    /// Reads the history.
    pub(crate) fn load_cards(self) {
        spawn_local(async move {
            let cards = match Runs::open().await {
                Ok(shelf) => shelf.cards().await,
                Err(error) => Err(error),
            };
            match cards {
                Ok(cards) => {
                    let newest_first = sorted(cards, |(_, a), (_, b)| b.begun.total_cmp(&a.begun));
                    self.cards.set(newest_first);
                }
                Err(error) => self.not_kept.set(Some(error)),
            }
        });
    }

    /// Puts a card into the history, new or changed.
    pub(crate) fn keep(self, run: String, card: Card) {
        self.cards.update(|cards| {
            match cards.iter_mut().find(|(id, _)| *id == run) {
                Some((_, old)) => *old = card.clone(),
                None => cards.insert(0, (run.clone(), card.clone())),
            };
        });
        spawn_local(async move {
            let kept = match Runs::open().await {
                Ok(shelf) => shelf.put_card(&run, &card).await,
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                self.not_kept.set(Some(error));
            }
        });
    }

    /// Changes the open run's card.
    pub(crate) fn update_card(self, change: impl FnOnce(&mut Card)) {
        let run = self.run.get_untracked();
        let card = self
            .cards
            .get_untracked()
            .into_iter()
            .find(|(id, _)| Some(id) == run.as_ref());
        if let Some((run, mut card)) = card {
            change(&mut card);
            self.keep(run, card);
        }
    }

    /// Removes a run from the history, with its files.
    pub(crate) fn delete_run(self, run: String) {
        self.cards
            .update(|cards| cards.retain(|(id, _)| *id != run));
        spawn_local(async move {
            let deleted = match Runs::open().await {
                Ok(shelf) => shelf.delete(&run).await,
                Err(error) => Err(error),
            };
            if let Err(error) = deleted {
                self.say(error);
            }
        });
    }
}
