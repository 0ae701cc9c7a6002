//! Whole jobs at toy size: the same seed gives the same report, also after interruptions.
#![allow(clippy::unwrap_used)]

mod runs;
mod toy;

use std::sync::mpsc;

use burn::tensor::Device;
use runs::{Moments, comparable, complete, stopped_every};
use spat_engine::{Control, Dataset, Job, JobError, MemoryStore, RunStore, SavedForecaster, run};
use spat_series::{Part, Series, SplitRule, TimeIndex};
use spat_spec::{
    AdaptiveRule, Array, BackboneFile, BackboneSizes, Checkpoint, Command, Controls, DLinearConfig,
    Event, FieldValue, ForecasterConfig, Granularity, InputSpec, ModelKind, PRUNED, PatchTstConfig,
    PatchTstLayout, Phase, PromptSpec, RLinearConfig, Report, Score, Scorer, Select, SendOptions,
    Size, Structure, When, Window, percent_change,
};
use toy::{itransformer, job};

#[test]
fn a_job_gives_a_complete_report() {
    let job = job(itransformer(), SendOptions::default());
    let mut store = MemoryStore::default();
    let report = complete(&job, &mut store);

    assert_eq!(report.scores.len(), 3);
    assert_eq!(report.plan.removed.len(), 1);
    assert_eq!(report.pruned.structure.kept().count(), 2);
    assert!(report.pruned.params < report.dense.params);
    assert!(
        report.dense.test.mse < report.baselines["naive"].scaled.mse,
        "it learns something"
    );
    assert_eq!(
        report.scores[0].batches,
        3 * 8,
        "every batch of every epoch is scored"
    );
    assert_eq!(report.maps.len(), 3);
    assert_eq!(report.maps[0].labels[3], "hour of day");
    assert_eq!(report.controls.len(), 2);
    for name in [
        "report.json",
        "report.html",
        "dense.safetensors",
        "pruned.safetensors",
        "scores.json",
        "forecasts.csv",
    ] {
        assert!(store.files.contains_key(name), "{name}");
    }
    let saved: Report = serde_json::from_slice(&store.files["report.json"]).unwrap();
    assert_eq!(saved, report);
}

#[test]
fn linear_baselines_are_compared_window_by_window() {
    let mut job = job(itransformer(), SendOptions::default());
    let report = complete(&job, &mut MemoryStore::default());
    let names: Vec<&String> = report.linear_baselines.keys().collect();
    assert_eq!(names, ["dlinear", "rlinear"]);
    assert_eq!(report.linear_baselines["rlinear"].params, 24 * 12 + 12);
    let forecasts = 2 + report.controls.len() + report.baselines.len();
    assert_eq!(report.comparisons.len(), forecasts * (forecasts - 1) / 2);
    // The differences of the windows have the mean of the differences of the means.
    let comparison = report.comparison(PRUNED, "rlinear").unwrap();
    let linear = report.baselines["rlinear"].scaled.mse;
    let change = percent_change(linear, report.pruned.test.mse);
    assert!((comparison.mse.percent - change).abs() < 1e-3);
    let (low, high) = comparison.mse.interval.unwrap();
    assert!((low..=high).contains(&change), "{low} {change} {high}");
    let inverse = report.comparison("rlinear", PRUNED).unwrap();
    assert!((inverse.mse.percent - percent_change(report.pruned.test.mse, linear)).abs() < 1e-3);

    job.experiment.controls.linear_baselines = false;
    let without = complete(&job, &mut MemoryStore::default());
    assert!(without.linear_baselines.is_empty());
    assert_eq!(without.pruned.test, report.pruned.test);
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let job = job(itransformer(), SendOptions::default());
    let first = complete(&job, &mut MemoryStore::default());
    let second = complete(&job, &mut MemoryStore::default());
    assert_eq!(comparable(first), comparable(second));
}

#[test]
fn a_run_killed_after_any_write_ends_with_the_same_report() {
    // PatchTST in the library's layout has running statistics, which could be lost.
    let forecaster = ForecasterConfig::PatchTst(PatchTstConfig {
        d_model: 8,
        d_ff: 8,
        heads: 2,
        layers: 3,
        patch_len: 8,
        stride: 4,
        ..PatchTstConfig::new(Window::new(24, 12, 3))
    });
    let job = job(forecaster, SendOptions::default());
    let mut store = Moments::default();
    let whole = comparable(complete(&job, &mut store));
    let states = store.past.into_inner();
    assert!(states.len() > 15, "every epoch of every phase is kept");
    for (number, mut state) in states.into_iter().enumerate() {
        let resumed = comparable(complete(&job, &mut state));
        assert_eq!(resumed, whole, "killed after write {number}");
    }
}

#[test]
fn a_run_stopped_again_and_again_ends_with_the_same_report() {
    let job = job(itransformer(), SendOptions::default());
    let whole = comparable(complete(&job, &mut MemoryStore::default()));
    assert!(stopped_every(11, &job, &whole) >= 4);
}

fn gpt4ts() -> ForecasterConfig {
    with_backbone("gpt4ts")
}

/// A small model with a random backbone.
fn with_backbone(kind: &str) -> ForecasterConfig {
    let kind: ModelKind = kind.parse().unwrap();
    let (mut forecaster, _) = kind.defaults(Window::new(24, 12, 3), true);
    forecaster.resize(Size {
        width: 8,
        layers: 3,
        heads: 2,
    });
    for (flag, value) in [
        ("layers", 3),
        ("prompt", 30),
        ("prototypes", 6),
        ("words", 50),
    ] {
        forecaster.set(flag, FieldValue::Count(value));
    }
    forecaster.set("prune-backbone", FieldValue::Switch(true));
    forecaster
}

#[test]
fn a_stopped_run_with_frozen_weights_ends_with_the_same_report() {
    stopped_run_with_frozen_weights("gpt4ts");
}

#[test]
fn a_stopped_run_with_prompts_ends_with_the_same_report() {
    stopped_run_with_frozen_weights("time-llm");
}

/// Frozen weights are in no file of the run.
fn stopped_run_with_frozen_weights(kind: &str) {
    let job = job(with_backbone(kind), SendOptions::default());
    let mut store = MemoryStore::default();
    let report = complete(&job, &mut store);
    assert!(!report.plan.removed.is_empty());
    let whole = comparable(report);
    assert!(stopped_every(11, &job, &whole) >= 4);

    for (name, file) in &store.files {
        if name.ends_with(".safetensors") {
            let arrays = spat_spec::arrays_from_bytes(file).unwrap();
            let mut names = arrays.keys().filter(|name| name.contains("backbone."));
            assert!(!names.any(|name| name.contains("module.query")), "{name}");
        }
    }
    let file = &store.files["pruned.safetensors"];
    let saved = Checkpoint::from_bytes(file).unwrap();
    let saved = SavedForecaster::new(saved, &Device::flex()).unwrap();
    let future = pollster::block_on(saved.future(&job.series)).unwrap();
    assert_eq!(future.values.len(), 12 * 3);
}

#[test]
fn a_model_file_with_too_large_a_random_backbone_is_refused_before_it_is_made() {
    let job = job(gpt4ts(), SendOptions::default());
    let mut store = MemoryStore::default();
    complete(&job, &mut store);
    let mut saved = Checkpoint::from_bytes(&store.files["dense.safetensors"]).unwrap();
    let mut forecaster = saved.header.structure.forecaster.clone();
    forecaster.set("width", FieldValue::Count(8192));
    saved.header.structure = Structure::dense(forecaster);
    // As many numbers as such a model trains.
    let array = Array {
        shape: vec![saved.header.structure.cost().params as usize],
        values: vec![0.0; saved.header.structure.cost().params as usize],
    };
    saved.weights.insert("embedding.weight".to_owned(), array);
    let refused = SavedForecaster::new(saved, &Device::flex()).unwrap_err();
    assert!(refused.to_string().contains("frozen"), "{refused}");
}

/// A backbone file that is not there stops a job before its training.
#[test]
fn a_job_without_its_backbone_is_refused() {
    let mut forecaster = gpt4ts();
    let file = BackboneFile {
        name: "gpt2.safetensors".to_owned(),
        sha256: "ab".repeat(32),
    };
    let sizes = BackboneSizes {
        width: 8,
        heads: 2,
        layers: 3,
        positions: 1024,
        vocabulary: None,
    };
    assert!(forecaster.set_backbone(file, sizes));
    let job = job(forecaster, SendOptions::default());
    let mut store = MemoryStore::default();
    let (_commands, receiver) = mpsc::channel();
    let mut control = Control::new(receiver, drop);
    let refused = pollster::block_on(run(&job, &mut store, &mut control)).unwrap_err();
    assert!(
        refused.to_string().contains("gpt2.safetensors"),
        "{refused}"
    );
    assert!(store.files.is_empty());
}

/// The stop arrives in the last step of an epoch and is handled in the validation after it.
#[test]
fn a_run_stopped_in_every_validation_ends_with_the_same_report() {
    let job = job(itransformer(), SendOptions::default());
    let whole = complete(&job, &mut MemoryStore::default());
    let linear = whole.linear_baselines.values().map(|linear| linear.epochs);
    // Three epochs of training, two of fine-tuning and of its control, three from new weights.
    let epochs = 10 + linear.sum::<usize>();
    assert_eq!(stopped_every(8, &job, &comparable(whole)), epochs);
}

#[test]
fn a_stop_is_handled_in_the_evaluation() {
    let job = job(itransformer(), SendOptions::default());
    let whole = comparable(complete(&job, &mut MemoryStore::default()));
    let mut store = MemoryStore::default();
    let phases = stopped_at(&job, &mut store, Phase::Evaluate);
    assert_eq!(phases.last(), Some(&Phase::Evaluate));
    assert!(!store.files.contains_key("report.json"));
    assert_eq!(comparable(complete(&job, &mut store)), whole);
}

/// Runs until the phase begins, and stops there.
fn stopped_at(job: &Job, store: &mut impl RunStore, at: Phase) -> Vec<Phase> {
    let (commands, receiver) = mpsc::channel();
    let mut phases = Vec::new();
    let emit = |event| {
        if let Event::Phase { phase, .. } = event {
            phases.push(phase);
            if phase == at {
                commands.send(Command::Stop).unwrap();
            }
        }
    };
    let result = pollster::block_on(run(job, store, &mut Control::new(receiver, emit)));
    assert!(matches!(result, Err(JobError::Stopped)));
    phases
}

#[test]
fn a_stop_while_only_scoring_keeps_the_training() {
    let after = SendOptions {
        when: When::After,
        ..SendOptions::default()
    };
    for scorer in [Scorer::Send, Scorer::Snip] {
        let mut job = job(itransformer(), after);
        job.experiment.scorer = scorer;
        let whole = comparable(complete(&job, &mut MemoryStore::default()));
        let mut store = MemoryStore::default();
        let phases = stopped_at(&job, &mut store, Phase::Score);
        assert_eq!(phases, [Phase::Pretrain, Phase::Score]);
        // The dense model is not trained a second time.
        assert_eq!(stopped_at(&job, &mut store, Phase::Score), [Phase::Score]);
        assert_eq!(comparable(complete(&job, &mut store)), whole);
    }
}

/// Every scorer gives the same training, and a plan by its scores.
#[test]
fn every_scorer_ranks_a_run() {
    let job = job(itransformer(), SendOptions::default());
    let by_send = complete(&job, &mut MemoryStore::default());
    for scorer in Scorer::ALL {
        let mut job = job.clone();
        job.experiment.scorer = scorer;
        job.experiment.controls.pruned_from_scratch = false;
        let report = complete(&job, &mut MemoryStore::default());
        assert_eq!(report.plan.scorer, scorer.name());
        assert_eq!(report.dense.test.mse, by_send.dense.test.mse, "{scorer}");
        assert_eq!(report.scores.len(), 3, "{scorer}");
        assert_eq!(report.plan.removed.len(), 1, "{scorer}");
        let lowest = |a: &&Score, b: &&Score| a.value.total_cmp(&b.value);
        let lowest = report.scores.iter().rev().min_by(lowest).unwrap();
        assert_eq!(report.plan.removed[0], lowest.module, "{scorer}");
        let heads = usize::from(scorer.scores_heads()) * 2;
        assert_eq!(lowest.heads.len(), heads, "{scorer}");
    }
}

/// Leave-one-out reads the validation part, Michel's importance does not.
#[test]
fn a_scorer_sees_the_part_that_it_needs_and_no_other() {
    let job = job(itransformer(), SendOptions::default());
    let split = job.experiment.data.split;
    let parts = split.apply(job.series.rows(), 24, 12).unwrap();
    let channels = job.series.channel_count();
    // Other values at the end of the validation part, and in the test part.
    let changed = |from: usize| {
        let mut values = job.series.values().to_vec();
        for value in &mut values[from * channels..] {
            *value = 10.0 - *value;
        }
        let (names, index) = (job.series.channels.clone(), job.series.index.clone());
        Series::from_values(names, values, index).unwrap()
    };
    for (scorer, from, differs) in [
        (Scorer::LeaveOneOut, parts.val.end - 12, true),
        (Scorer::LeaveOneOut, parts.val.end, false),
        (Scorer::Michel, parts.val.end - 12, false),
    ] {
        let mut job = job.clone();
        job.experiment.scorer = scorer;
        // One epoch: its weights are the best for any validation loss.
        job.experiment.training.epochs = 1;
        let scores = |job: &Job| complete(job, &mut MemoryStore::default()).scores;
        let other = Job {
            series: changed(from),
            ..job.clone()
        };
        assert_eq!(scores(&job) != scores(&other), differs, "{scorer}");
    }
}

#[test]
fn a_scorer_without_heads_is_refused_for_heads() {
    let mut job = job(itransformer(), SendOptions::default());
    job.experiment.scorer = Scorer::First;
    job.experiment.prune.granularity = Granularity::Heads;
    let (_commands, receiver) = mpsc::channel();
    let mut store = MemoryStore::default();
    let error = pollster::block_on(run(&job, &mut store, &mut Control::new(receiver, drop)));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`first`") && error.contains("whole modules"),
        "{error}"
    );
    assert!(store.files.is_empty());
}

fn adaptive(tolerance: f64) -> Job {
    let mut job = job(itransformer(), SendOptions::default());
    job.experiment.prune.adaptive = Some(AdaptiveRule {
        select: Select::Elimination,
        tolerance,
        ..AdaptiveRule::default()
    });
    job
}

/// 35 validation windows with a horizon of 6: five blocks, enough for standard errors.
fn selecting(select: Select, layers: usize) -> Job {
    let forecaster = spat_testing::itransformer(Window::new(24, 6, 3), layers, true);
    let mut job = job(forecaster, SendOptions::default());
    job.experiment.controls = Controls {
        dense_finetuned: false,
        pruned_from_scratch: false,
        linear_baselines: false,
    };
    job.experiment.finetune.epochs = 1;
    job.experiment.prune.adaptive = Some(AdaptiveRule {
        select,
        ..AdaptiveRule::default()
    });
    job
}

/// With an unlimited tolerance, every candidate module is removed; the final model is the tried candidate
/// itself.
#[test]
fn a_search_chooses_the_number_and_reports_how() {
    let report = complete(&adaptive(1e6), &mut MemoryStore::default());
    let search = report.plan.search.clone().unwrap();
    let expected = match search.believed {
        true => search.below_gap.unwrap(),
        false => 3,
    };
    assert_eq!(report.plan.removed.len(), expected);
    let last = search.trials.iter().rfind(|trial| trial.accepted).unwrap();
    assert_eq!(last.loss, report.pruned.val.mse);
    assert_eq!(last.removed, report.plan.removed);
    assert!(search.trials[0].removed.is_empty());
    let tables = spat_report::tables(&report);
    let cost = format!("{} fine-tunings", search.cost());
    assert!(tables.contains("chosen without the test part"), "{tables}");
    assert!(tables.replace('\n', " ").contains(&cost), "{tables}");
}

/// Every subset of three modules is fine-tuned. The chosen one is fine-tuned again to the same weights, whose
/// validation error is the mean over the windows.
#[test]
fn a_selection_compares_every_subset_of_few_modules() {
    for select in [Select::OneSe, Select::Best] {
        let report = complete(&selecting(select, 3), &mut MemoryStore::default());
        let search = report.plan.search.clone().unwrap();
        assert_eq!((search.select, search.cost()), (select, 8));
        let chosen = search.trials.iter().find(|trial| trial.accepted).unwrap();
        assert_eq!(chosen.removed, report.plan.removed);
        assert_eq!(chosen.macs, Some(report.pruned.macs));
        if !chosen.removed.is_empty() {
            assert!((chosen.loss - report.pruned.val.mse).abs() < 1e-6);
        }
        let best = search.best().unwrap();
        let differences = search.trials.iter().map(|trial| {
            let difference = trial.difference.unwrap();
            assert!((trial.loss - best.loss - difference.mean).abs() < 1e-9);
            difference.error.unwrap()
        });
        assert!(differences.filter(|error| *error > 0.0).count() >= 7);
        let is_best = chosen.removed == best.removed;
        match select {
            Select::Best => assert!(is_best),
            _ => assert!(is_best || chosen.difference.unwrap().is_within_error()),
        }
        let tables = spat_report::tables(&report);
        assert!(tables.contains("chosen without the test part"), "{tables}");
        assert!(tables.contains("above lowest ± error"), "{tables}");
        let page = spat_report::html(&report);
        assert!(page.contains("Validation error of each candidate"));
    }
}

/// 29 validation windows with a horizon of 12 are fewer than four blocks.
#[test]
fn a_selection_with_too_few_windows_takes_the_lowest_loss() {
    let mut job = adaptive(0.0);
    job.experiment.prune.adaptive = Some(AdaptiveRule::default());
    let plan = complete(&job, &mut MemoryStore::default()).plan;
    let search = plan.search.unwrap();
    assert_eq!(search.best().unwrap().removed, plan.removed);
    assert!(
        search
            .in_words(0, 3)
            .contains("too few for a standard error")
    );
}

/// The search does not depend on the test part: changed test values lead to the same choice.
#[test]
fn a_search_does_not_depend_on_the_test_part() {
    for job in [adaptive(0.0), selecting(Select::OneSe, 2)] {
        let choice = |job: &Job| {
            let plan = complete(job, &mut MemoryStore::default()).plan;
            (plan.removed, plan.search.unwrap().trials)
        };
        let split = job.experiment.data.split;
        let horizon = job.experiment.forecaster.horizon();
        let seen = split.apply(job.series.rows(), 24, horizon).unwrap().val.end;
        let mut values = job.series.values().to_vec();
        for value in &mut values[seen * job.series.channel_count()..] {
            *value = -*value;
        }
        let other = Job {
            series: Series::from_values(
                job.series.channels.clone(),
                values,
                job.series.index.clone(),
            )
            .unwrap(),
            ..job.clone()
        };
        assert_ne!(job.series, other.series);
        assert_eq!(choice(&job), choice(&other));
    }
}

#[test]
fn a_search_killed_after_any_write_ends_with_the_same_report() {
    let job = adaptive(0.05);
    let mut store = Moments::default();
    let whole = comparable(complete(&job, &mut store));
    for (number, mut state) in store.past.into_inner().into_iter().enumerate() {
        let resumed = comparable(complete(&job, &mut state));
        assert_eq!(resumed, whole, "killed after write {number}");
    }
}

/// Five modules have ten candidates if the scores order them from the input, so they are first compared without
/// fine-tuning.
#[test]
fn a_selection_killed_after_any_write_ends_with_the_same_report() {
    let mut job = selecting(Select::OneSe, 5);
    job.experiment.scorer = Scorer::First;
    let mut store = Moments::default();
    let report = complete(&job, &mut store);
    let search = report.plan.search.clone().unwrap();
    assert_eq!(search.screened.len(), 10);
    assert!((8..=10).contains(&search.cost()), "{}", search.cost());
    let whole = comparable(report);
    // Every seventh state: each kind of write is among them, and the test stays short.
    for (number, mut state) in store.past.into_inner().into_iter().enumerate().step_by(7) {
        let resumed = comparable(complete(&job, &mut state));
        assert_eq!(resumed, whole, "killed after write {number}");
    }
}

/// The linear baselines are trained before the selection ends, and compared on its validation windows.
#[test]
fn a_selection_compares_the_linear_baselines_also_after_a_kill() {
    let mut job = selecting(Select::OneSe, 2);
    job.experiment.controls.linear_baselines = true;
    let mut store = Moments::default();
    let report = complete(&job, &mut store);
    let search = report.plan.search.clone().unwrap();
    let names: Vec<&str> = search
        .linear
        .iter()
        .map(|linear| linear.name.as_str())
        .collect();
    assert_eq!(names, ["rlinear", "dlinear"]);
    let chosen = search.trials.iter().find(|trial| trial.accepted).unwrap();
    for linear in &search.linear {
        let baseline = report.linear_baselines[&linear.name];
        assert!((linear.loss - baseline.val.mse).abs() < 1e-5);
        assert_eq!(linear.macs, baseline.macs);
        let to_chosen = linear.to_chosen.unwrap();
        assert!((to_chosen.mean - (linear.loss - chosen.loss)).abs() < 1e-9);
        assert!(to_chosen.error.unwrap() > 0.0);
    }
    let page = spat_report::html(&report);
    assert!(page.contains("linear models"));
    let whole = comparable(report);
    for (number, mut state) in store.past.into_inner().into_iter().enumerate().step_by(5) {
        let resumed = comparable(complete(&job, &mut state));
        assert_eq!(resumed, whole, "killed after write {number}");
    }

    // Without them, the selection takes the same modules.
    job.experiment.controls.linear_baselines = false;
    let without = complete(&job, &mut MemoryStore::default())
        .plan
        .search
        .unwrap();
    assert!(without.linear.is_empty());
    assert_eq!(without.trials, search.trials);
}

#[test]
fn a_search_among_heads_is_refused() {
    let mut job = adaptive(0.0);
    job.experiment.prune.granularity = Granularity::Heads;
    let (_commands, receiver) = mpsc::channel();
    let mut store = MemoryStore::default();
    let error = pollster::block_on(run(&job, &mut store, &mut Control::new(receiver, drop)));
    assert!(error.unwrap_err().to_string().contains("give a ratio"));
}

#[test]
fn scoring_does_not_change_training() {
    let during = complete(
        &job(itransformer(), SendOptions::default()),
        &mut MemoryStore::default(),
    );
    let after = SendOptions {
        when: When::After,
        ..SendOptions::default()
    };
    let after = complete(&job(itransformer(), after), &mut MemoryStore::default());
    assert_eq!(during.dense.test.mse, after.dense.test.mse);
    assert_eq!(
        after.scores[0].batches, 8,
        "one pass over the training windows"
    );
}

#[test]
fn linear_models_have_nothing_to_prune() {
    for kind in [
        DLinearConfig::new(Window::new(24, 12, 3)).into(),
        RLinearConfig::new(Window::new(24, 12, 3)).into(),
    ] {
        let report = complete(
            &job(kind, SendOptions::default()),
            &mut MemoryStore::default(),
        );
        assert!(report.scores.is_empty() && report.plan.removed.is_empty());
        assert_eq!(report.change.params_percent, 0.0);
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.contains("no attention modules"))
        );
    }
}

#[test]
fn every_model_learns_and_is_pruned() {
    for layout in [PatchTstLayout::Library, PatchTstLayout::Authors] {
        let forecaster = ForecasterConfig::PatchTst(PatchTstConfig {
            layout,
            d_model: 8,
            d_ff: 8,
            heads: 2,
            layers: 3,
            patch_len: 8,
            stride: 4,
            ..PatchTstConfig::new(Window::new(24, 12, 3))
        });
        let report = complete(
            &job(forecaster, SendOptions::default()),
            &mut MemoryStore::default(),
        );
        assert!(
            report.pruned.test.mse < report.baselines["naive"].scaled.mse,
            "{layout:?}"
        );
        assert_eq!(report.plan.removed.len(), 1);
    }
}

#[test]
fn a_saved_model_reproduces_the_forecasts_of_the_run() {
    let job = job(itransformer(), SendOptions::default());
    let mut store = MemoryStore::default();
    let report = complete(&job, &mut store);
    for (name, expected) in [
        ("dense.safetensors", &report.dense),
        ("pruned.safetensors", &report.pruned),
    ] {
        let checkpoint = Checkpoint::from_bytes(&store.files[name]).unwrap();
        assert_eq!(
            checkpoint.to_bytes().unwrap(),
            store.files[name],
            "writing what was read changes nothing"
        );
        let saved = SavedForecaster::new(checkpoint, &Device::flex()).unwrap();
        let (metrics, val) = pollster::block_on(saved.evaluate(&job.series, Part::Test)).unwrap();
        assert_eq!(metrics, expected.test.full, "{name}");
        assert_eq!(val, Some(expected.val.mse));
    }
}

#[test]
fn a_long_hole_and_a_late_channel_are_not_invented() {
    let whole = spat_testing::series(400, 0);
    let timestamps = whole.index.timestamps().unwrap();
    let mut text = "time,a,b,c\n".to_owned();
    for (row, timestamp) in timestamps.iter().enumerate() {
        let values = whole.row(row);
        // Five days without rows, and a third channel that begins on the second day.
        let timestamp = if row < 200 {
            *timestamp
        } else {
            timestamp + 120 * 3600
        };
        let last = if row < 30 {
            String::new()
        } else {
            values[2].to_string()
        };
        let time = spat_series::format_timestamp(timestamp);
        text += &format!("{time},{},{},{last}\n", values[0], values[1]);
    }
    let table = spat_series::read_table(text.as_bytes(), &Default::default()).unwrap();
    let mut job = job(itransformer(), SendOptions::default());
    job.series = table.into_series(&Default::default()).unwrap();
    assert_eq!(
        (job.series.rows(), job.series.cuts()),
        (400, [200].as_slice())
    );

    let inputs = job.experiment.forecaster.inputs();
    let dataset = Dataset::new(job.series.clone(), SplitRule::default(), 24, 12, inputs).unwrap();
    assert_eq!(dataset.windows(Part::Train).len(), 165 + 45);
    assert_eq!(
        dataset.windows(Part::Train).start_rows().nth(165),
        Some(200)
    );
    // The first window forecasts the rows 24 to 36, of which the third channel has six.
    let batch = dataset.batch(&[0, 100], &Device::flex());
    let weights = batch.target.weights.unwrap();
    assert_eq!(weights.scale, 72.0 / 66.0);
    let cells: Vec<f32> = weights.cells.into_data().try_to_vec().unwrap();
    assert_eq!(cells.iter().sum::<f32>(), 66.0);
    assert_eq!(
        (cells[2], cells[5 * 3 + 2], cells[6 * 3 + 2]),
        (0.0, 0.0, 1.0)
    );
    // The scaler knows the third channel from its first value on.
    let third: Vec<f32> = whole.channel(2).skip(30).take(250).collect();
    let mean = third.iter().map(|&v| f64::from(v)).sum::<f64>() / 250.0;
    assert!((f64::from(dataset.scaler.mean[2]) - mean).abs() < 1e-5);

    let mut store = MemoryStore::default();
    let report = complete(&job, &mut store);
    assert_eq!(report.data.windows.train, 210);
    let notes = report.notes.join(" ");
    for part in ["120 rows between", "separate segments", "inputs only"] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let read: Report = serde_json::from_slice(&store.files["report.json"]).unwrap();
    assert_eq!(comparable(read), comparable(report));
}

#[test]
fn the_future_starts_after_the_last_row() {
    let job = job(itransformer(), SendOptions::default());
    let mut store = MemoryStore::default();
    complete(&job, &mut store);
    let checkpoint = Checkpoint::from_bytes(&store.files["pruned.safetensors"]).unwrap();
    let saved = SavedForecaster::new(checkpoint, &Device::flex()).unwrap();
    let future = pollster::block_on(saved.future(&job.series)).unwrap();
    assert_eq!(future.first_row, 400);
    assert_eq!(
        future.timestamps[0],
        spat_series::format_timestamp(1_577_836_800 + 3600 * 400)
    );
    assert_eq!(future.values.len(), 12 * 3);
    let [(_, narrow), (_, wide)] = future.intervals.as_slice() else {
        panic!("two levels")
    };
    assert!(
        narrow
            .iter()
            .zip(wide)
            .all(|(narrow, wide)| 0.0 < *narrow && narrow <= wide)
    );
    // The level is near 5 and the series stays close to it.
    assert!(
        future
            .values
            .iter()
            .all(|value| (0.0..10.0).contains(value))
    );

    let other = Series::from_values(
        vec!["x".into()],
        vec![1.0; 400],
        TimeIndex::Rows { count: 400 },
    )
    .unwrap();
    let error = pollster::block_on(saved.future(&other))
        .unwrap_err()
        .to_string();
    assert!(error.contains("other channels"), "{error}");
}

/// Also for models that read the time features of the rows to forecast.
#[test]
fn every_model_of_the_catalogue_runs_and_forecasts_the_future() {
    for kind in ModelKind::all() {
        let (mut forecaster, _) = kind.defaults(Window::new(24, 12, 3), true);
        forecaster.resize(Size {
            width: 16,
            layers: 2,
            heads: 2,
        });
        let mut job = job(forecaster, SendOptions::default());
        job.experiment.training.epochs = 1;
        job.experiment.finetune.epochs = 1;
        let mut store = MemoryStore::default();
        complete(&job, &mut store);
        let checkpoint = Checkpoint::from_bytes(&store.files["pruned.safetensors"]).unwrap();
        let saved = SavedForecaster::new(checkpoint, &Device::flex()).unwrap();
        let future = pollster::block_on(saved.future(&job.series)).unwrap();
        assert_eq!(future.values.len(), 12 * 3, "{}", kind.id);
        assert!(
            future.values.iter().all(|value| value.is_finite()),
            "{}",
            kind.id
        );
    }
}

#[test]
fn a_window_has_the_time_features_that_its_model_reads() {
    let series = spat_testing::series(400, 0);
    let features = series.time_features().unwrap();
    for (future_time_features, rows) in [(false, 24), (true, 36)] {
        let inputs = InputSpec {
            time_features: true,
            future_time_features,
            prompt: None,
        };
        let rule = SplitRule::default();
        let dataset = Dataset::new(series.clone(), rule, 24, 12, inputs).unwrap();
        let batch = dataset.batch(&[5, 7], &Device::flex());
        let read = batch.inputs.time_features.unwrap();
        assert_eq!(read.dims(), [2, rows, 4]);
        let read: Vec<f32> = read.into_data().try_to_vec().unwrap();
        assert_eq!(read[..rows * 4], features[5 * 4..(5 + rows) * 4]);
        assert_eq!(read[rows * 4..], features[7 * 4..(7 + rows) * 4]);
    }
}

/// Each with the prompt of its own look-back.
#[test]
fn a_window_has_the_prompts_that_its_model_reads() {
    let series = spat_testing::series(400, 0);
    let forecaster = with_backbone("time-llm");
    let rule = SplitRule::default();
    let dataset = Dataset::for_forecaster(series.clone(), rule, &forecaster).unwrap();
    let ids = |rows: &[usize]| -> Vec<i64> {
        let prompt = dataset.batch(rows, &Device::flex()).inputs.prompt.unwrap();
        assert_eq!(prompt.dims(), [rows.len(), 3, 30]);
        prompt.into_data().iter().collect()
    };
    let both = ids(&[5, 7]);
    assert_eq!(both[..90], ids(&[5]));
    assert_eq!(both[90..], ids(&[7]));
    let whole = InputSpec {
        prompt: Some(PromptSpec {
            tokens: 200,
            vocabulary: 50_257,
        }),
        ..InputSpec::default()
    };
    let dataset = Dataset::new(series, rule, 24, 12, whole).unwrap();
    let prompt = dataset
        .batch(&[5, 7], &Device::flex())
        .inputs
        .prompt
        .unwrap();
    let ids: Vec<i64> = prompt.into_data().iter().collect();
    assert_ne!(ids[..600], ids[600..]);
}

#[test]
fn a_run_in_which_every_module_is_protected_reports_the_dense_model() {
    let mut forecaster = with_backbone("time-llm");
    forecaster.set("prune-backbone", FieldValue::Switch(false));
    let job = job(forecaster, SendOptions::default());
    let report = complete(&job, &mut MemoryStore::default());
    assert_eq!(report.scores.len(), 4);
    assert!(report.plan.removed.is_empty());
    assert_eq!(report.pruned.test, report.dense.test);
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("is protected"))
    );
}

#[test]
fn a_diverging_training_is_an_error() {
    let mut job = job(itransformer(), SendOptions::default());
    job.experiment.training.learning_rate = 1e30;
    let (_commands, receiver) = mpsc::channel();
    let mut store = MemoryStore::default();
    let error =
        pollster::block_on(run(&job, &mut store, &mut Control::new(receiver, drop))).unwrap_err();
    assert!(
        error.to_string().contains("lower the learning rate"),
        "{error}"
    );
}

#[test]
fn events_cover_the_whole_job_in_order() {
    let job = job(itransformer(), SendOptions::default());
    let (_commands, receiver) = mpsc::channel();
    let mut phases = Vec::new();
    let mut last = None;
    let emit = |event: Event| {
        if let Event::Phase { phase, .. } = &event {
            phases.push(*phase);
        }
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<Event>(&line).unwrap(),
            event,
            "events survive JSON"
        );
        last = Some(event);
    };
    pollster::block_on(run(
        &job,
        &mut MemoryStore::default(),
        &mut Control::new(receiver, emit),
    ))
    .unwrap();
    let expected = [
        Phase::Pretrain,
        Phase::Finetune,
        Phase::DenseFinetuned,
        Phase::PrunedFromScratch,
        Phase::LinearBaseline,
        Phase::LinearBaseline,
        Phase::Evaluate,
    ];
    assert_eq!(phases, expected);
    assert!(matches!(last, Some(Event::Done { .. })));
}
