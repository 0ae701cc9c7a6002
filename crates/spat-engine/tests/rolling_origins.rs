//! Selections whose candidates are validated after earlier cutoffs inside the training range as well.
#![allow(clippy::unwrap_used)]

mod runs;
#[allow(dead_code)]
mod toy;

use std::sync::mpsc;

use spat_engine::{Control, Job, MemoryStore, run};
use spat_spec::{AdaptiveRule, Controls, ModuleId, Select, SendOptions, Window};

use runs::{Moments, comparable, complete};
use toy::job;

/// 280 rows train. Two cutoffs are at rows 140 and 210: 65 windows with a horizon of 6 after each, and 35 of the
/// validation part.
fn selecting(origins: usize) -> Job {
    let forecaster = spat_testing::itransformer(Window::new(24, 6, 3), 2, true);
    let mut job = job(forecaster, SendOptions::default());
    job.experiment.training.epochs = 1;
    job.experiment.finetune.epochs = 1;
    job.experiment.controls = Controls {
        dense_finetuned: false,
        pruned_from_scratch: false,
        linear_baselines: false,
    };
    job.experiment.prune.adaptive = Some(AdaptiveRule {
        select: Select::Best,
        origins,
        ..AdaptiveRule::default()
    });
    job
}

#[test]
fn losses_are_those_of_all_windows() {
    let mut job = selecting(2);
    job.experiment.controls.linear_baselines = true;
    let report = complete(&job, &mut MemoryStore::default());
    let search = report.plan.search.clone().unwrap();
    assert_eq!(
        (search.origins, search.trials.len(), search.cost()),
        (2, 4, 12)
    );
    let words = search.in_words(0, 2);
    assert!(words.contains("2 earlier cutoffs"), "{words}");
    // The mean over 165 windows, of which 35 are those of the validation part.
    let linear = &search.linear[0];
    assert_ne!(linear.loss, report.linear_baselines[&linear.name].val.mse);
    let to_chosen = linear.to_chosen.unwrap();
    let chosen = search.trials.iter().find(|trial| trial.accepted).unwrap();
    assert!((to_chosen.mean - (linear.loss - chosen.loss)).abs() < 1e-9);
    assert!(spat_report::html(&report).contains("and those after 2 earlier cutoffs"));

    let without = complete(&selecting(0), &mut MemoryStore::default());
    let without = without.plan.search.unwrap();
    assert_eq!((without.origins, without.cost()), (0, 4));
    let losses = |search: &spat_spec::Search| -> Vec<(Vec<ModuleId>, f64)> {
        let trials = search.trials.iter();
        trials
            .map(|trial| (trial.removed.clone(), trial.loss))
            .collect()
    };
    assert_ne!(losses(&search), losses(&without));
}

#[test]
fn a_selection_with_cutoffs_killed_after_any_write_ends_with_the_same_report() {
    let mut job = selecting(1);
    job.experiment.controls.linear_baselines = true;
    let mut store = Moments::default();
    let whole = comparable(complete(&job, &mut store));
    for (number, mut state) in store.past.into_inner().into_iter().enumerate().step_by(4) {
        let resumed = comparable(complete(&job, &mut state));
        assert_eq!(resumed, whole, "killed after write {number}");
    }
}

/// Twenty-four cutoffs are too many, and twenty leave seven rows after each, which have no window of 12.
#[test]
fn too_many_cutoffs_are_refused_before_anything_is_written() {
    for (origins, words) in [(24, "use 20 or less"), (20, "use fewer")] {
        let mut job = selecting(origins);
        job.experiment.forecaster = spat_testing::itransformer(Window::new(24, 12, 3), 2, true);
        let mut store = MemoryStore::default();
        let (_commands, receiver) = mpsc::channel();
        let mut control = Control::new(receiver, drop);
        let error = pollster::block_on(run(&job, &mut store, &mut control)).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(store.files.is_empty());
    }
}
