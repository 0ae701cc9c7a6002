//! An executor over several tables, splits and windows.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use spat_engine::Device;
use spat_series::{Series, SplitRule};
use spat_spec::{DataConfig, DeviceFacts, ModuleId, Structure, Window};
use spat_study::{
    Engine, Executor, Outcome, Recipe, Removal, StudyEnvironment, StudyError, TableSource, Task,
    Threads, WantedItem, WorkItem,
};

/// Tables that differ by their name.
struct Tables;

impl TableSource for Tables {
    fn series(&self, sha256: &str, _data: &DataConfig) -> Result<Series, StudyError> {
        match sha256 {
            "first" => Ok(spat_testing::series(300, 0)),
            "second" => Ok(spat_testing::series(300, 5)),
            other => Err(StudyError::Mismatch(format!("no table {other}"))),
        }
    }
}

/// Two threads; records the number of items of each wave.
#[derive(Default)]
struct Recording(Mutex<Vec<usize>>);

impl Engine for Recording {
    fn run(&self, executor: &Executor<'_>, wave: &[WantedItem]) -> Result<(), StudyError> {
        self.0.lock().unwrap().push(wave.len());
        Threads(2).run(executor, wave)
    }
}

/// The results of the items, with and without what they depend on.
fn ask(items: &[WorkItem], engine: &dyn Engine) -> Vec<Outcome> {
    let stop = AtomicBool::new(false);
    let environment = StudyEnvironment {
        folder: None,
        device: Device::flex(),
        device_facts: DeviceFacts {
            kind: "cpu".to_owned(),
            name: "test".to_owned(),
            threads: 1,
        },
        engine,
        command: String::new(),
        on_event: &|_| (),
        stop: &stop,
    };
    let executor = environment.executor(&Tables).unwrap();
    let outcomes = executor.ask(items).unwrap();
    assert_eq!(executor.ask(items).unwrap(), outcomes);
    outcomes
}

#[test]
fn items_of_several_tables_splits_and_windows_are_executed_together() {
    let experiment =
        spat_testing::experiment(spat_testing::itransformer(Window::new(24, 12, 3), 2, true));
    let other_split = DataConfig {
        split: SplitRule::Fractions {
            train: 0.6,
            val: 0.2,
            test: 0.2,
        },
        ..experiment.data.clone()
    };
    let mut items = Vec::new();
    for table in ["first", "second"] {
        for window in [Window::new(24, 12, 3), Window::new(16, 8, 3)] {
            for data in [&experiment.data, &other_split] {
                let forecaster = spat_testing::itransformer(window, 2, true);
                let dense = Recipe::Fresh {
                    table: table.to_owned(),
                    structure: Structure::dense(forecaster),
                    training: experiment.training.clone(),
                    seed: 1,
                    scored: Vec::new(),
                };
                items.push(WorkItem {
                    data: data.clone(),
                    task: Task::Train(Recipe::Tuned {
                        from: Box::new(dense),
                        removal: Removal::modules(vec![ModuleId::encoder(0)]),
                        training: experiment.finetune.clone(),
                        seed: 1,
                    }),
                });
            }
        }
    }
    let engine = Recording::default();
    let together = ask(&items, &engine);
    // The dense models, then the others; nothing when the same is requested again.
    assert_eq!(*engine.0.lock().unwrap(), [8, 8]);
    for (place, (item, outcome)) in items.iter().zip(&together).enumerate() {
        let alone = ask(std::slice::from_ref(item), &Threads(1));
        assert_eq!(alone[0], *outcome, "{place}");
        assert!(!together[..place].contains(outcome), "{place}");
    }
}
