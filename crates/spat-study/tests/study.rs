//! A small study, uninterrupted and interrupted.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use spat_engine::Device;
use spat_spec::{
    ClassifierSize, ClassifierStudy, Controls, DeviceFacts, Domain, Experiment, GroundTruthStudy,
    ModelKind, ModuleId, PruneRule, Question, Scorer, SendOptions, Size, Study, StudyReport,
    SyntheticStudy, TableFacts, Window,
};
use spat_study::{
    REPORT_FILE, StudyEnvironment, StudyError, StudyEvent, Threads, conduct, conduct_synthetic,
};

fn study(questions: &[Question]) -> Study {
    let table = |name: &str| TableFacts {
        name: format!("{name}.csv"),
        sha256: name.to_owned(),
    };
    Study {
        base: Experiment {
            controls: Controls::default(),
            ..spat_testing::experiment(spat_testing::itransformer(Window::new(24, 12, 3), 2, true))
        },
        tables: vec![table("toy"), table("other")],
        depths: vec![3],
        seeds: vec![1, 2],
        scorers: Scorer::ALL.to_vec(),
        questions: questions.to_vec(),
        draws: 2,
        score_batches: 2,
        ground_truth_steps: 20,
        scratch_everywhere: false,
    }
}

/// Runs the study in `folder` until `tasks` tasks are finished, or to the end.
fn run(
    study: &Study,
    folder: &Path,
    workers: usize,
    tasks: usize,
) -> Result<StudyReport, StudyError> {
    let stop = AtomicBool::new(tasks == 0);
    let ended = AtomicUsize::new(0);
    let watch = |event: StudyEvent| {
        if matches!(event, StudyEvent::Ended(_))
            && ended.fetch_add(1, Ordering::SeqCst) + 1 >= tasks
        {
            stop.store(true, Ordering::SeqCst);
        }
    };
    let place = StudyEnvironment {
        folder: Some(folder),
        device: Device::flex(),
        device_facts: DeviceFacts {
            kind: "cpu".to_owned(),
            name: "test".to_owned(),
            threads: 1,
        },
        engine: &Threads(workers),
        command: "spat study toy.csv".to_owned(),
        on_event: &watch,
        stop: &stop,
    };
    let tables = [0, 5].map(|shift| spat_testing::series(300, shift));
    let tables = tables.into_iter().take(study.tables.len()).collect();
    conduct(study, tables, &place).map(|(report, _)| report)
}

/// A study of two layers of another model of the catalogue.
fn study_of(model: &str, questions: &[Question]) -> Study {
    let mut study = study(questions);
    let (mut forecaster, _) = ModelKind::find(model)
        .unwrap()
        .defaults(Window::new(24, 12, 3), true);
    forecaster.resize(Size {
        width: 8,
        layers: 2,
        heads: 2,
    });
    study.base.forecaster = forecaster;
    study.depths = vec![2];
    study.tables.truncate(1);
    study
}

#[test]
fn modules_that_the_model_needs_stay_and_are_not_ranked() {
    let folder = tempfile::tempdir().unwrap();
    let study = study_of("transformer", &Question::ALL);
    let report = run(&study, folder.path(), 2, usize::MAX).unwrap();
    let depth = &report.depths[0];
    let modules = [
        "encoder.0.attention",
        "encoder.1.attention",
        "decoder.0.self_attention",
    ];
    assert_eq!(depth.modules, modules.map(ModuleId::from));
    assert_eq!(depth.subsets.len(), 8);
    assert_eq!(depth.sweep.len(), 4);
    for ranking in depth.rankings.iter().chain(&depth.options) {
        assert_eq!(ranking.scores.len(), 3, "{}", ranking.name);
    }
}

#[test]
fn a_model_whose_modules_have_several_maps_is_studied_without_heads() {
    let folder = tempfile::tempdir().unwrap();
    let questions = [Question::Sweep, Question::Heads, Question::Adaptive];
    let mut study = study_of("crossformer", &questions);
    study.seeds.truncate(1);
    let report = run(&study, folder.path(), 2, usize::MAX).unwrap();
    let depth = &report.depths[0];
    assert_eq!(depth.modules.len(), 12);
    assert_eq!(depth.sweep.last().unwrap().count, 12);
    assert!(depth.heads.is_empty());
}

#[test]
fn every_question_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let report = run(&study(&Question::ALL), folder.path(), 2, usize::MAX).unwrap();

    let depth = &report.depths[0];
    assert_eq!(depth.subsets.len(), 8);
    // The best subset of a size has no regret, and no choice is better than it.
    for ranking in depth.rankings.iter().chain(&depth.options) {
        for pick in &ranking.picks {
            let regret = pick.regret.as_ref().unwrap();
            assert!(
                regret.values.iter().all(|&regret| regret >= 0.0),
                "{}",
                ranking.name
            );
        }
    }
    // All baseline scorers except the random order, which has its own field.
    assert_eq!(depth.rankings.len(), Scorer::ALL.len() - 1);
    assert_eq!(depth.rankings[0].name, "send");
    assert!(
        depth
            .random
            .iter()
            .all(|pick| pick.exhaustive && pick.draws == 3)
    );
    // The oracle's figures are those of the sweep and of the control.
    assert_eq!(depth.subsets[0].test, depth.dense_finetuned.test);
    assert_eq!(depth.sweep[0].tuned.test, depth.dense_finetuned.test);
    assert_eq!(depth.sweep[3].tuned.test, depth.subsets[7].test);
    // Without fine-tuning and removal it is the dense model.
    assert_eq!(depth.sweep[0].cut_test, depth.dense.test);
    assert!(depth.sweep.iter().any(|point| point.on_front));
    let heads = &depth.heads[0];
    assert_eq!((heads.modules, heads.heads), (1, 2));
    assert_eq!(depth.iterative[0].count, 2);
    let rules: Vec<&str> = depth
        .adaptive
        .iter()
        .map(|result| result.rule.as_str())
        .collect();
    assert_eq!(rules[3..], ["one standard error", "lowest"]);
    // Every subset of three modules is a candidate; one of them is the dense model.
    assert_eq!(depth.adaptive[3].trainings.values, [7.0, 7.0]);
    // The oracle's subset with the lowest validation error, up to the rounding of its windows.
    for (seed, chosen) in depth.adaptive[4].test.values.iter().enumerate() {
        let by_val = depth
            .subsets
            .iter()
            .min_by(|a, b| a.val.values[seed].total_cmp(&b.val.values[seed]));
        assert_eq!(by_val.map(|subset| subset.test.values[seed]), Some(*chosen));
    }
    assert_eq!(depth.stability.as_ref().unwrap().seeds.values.len(), 1);
    assert_eq!(depth.uniformity.as_ref().unwrap().points.len(), 6);
    // Each table's models on each table; on their own they are those of the sweep.
    assert_eq!(report.transfers.len(), 4);
    assert_eq!(report.transfers[0].dense, depth.dense.test);

    for question in Question::ALL {
        let reported = report
            .findings
            .iter()
            .any(|finding| finding.question == question);
        assert!(reported, "{question:?}");
    }
    let page = fs::read_to_string(folder.path().join("study.html")).unwrap();
    assert!(
        !page.contains("NaN") && !page.contains(">inf<"),
        "a figure is missing"
    );
    assert!(page.matches("<svg").count() >= 6);
    let main = &page[page.find("<main>").unwrap()..page.find("</main>").unwrap() + 7];
    roxmltree::Document::parse(main).unwrap_or_else(|error| panic!("tags do not match: {error}"));
    for foreign in ["http:", "https:", "<script"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(!spat_report::study_tables(&report).contains("NaN"));
}

/// A study that is killed and restarted writes the same file as an uninterrupted one.
#[test]
fn a_repeatedly_stopped_study_ends_with_the_same_bytes() {
    let questions = [
        Question::Oracle,
        Question::Sweep,
        Question::BaselineScorers,
        Question::Iterative,
    ];
    let study = Study {
        scorers: vec![Scorer::Send, Scorer::Entropy, Scorer::Last],
        ..study(&questions)
    };
    let whole = tempfile::tempdir().unwrap();
    run(&study, whole.path(), 1, usize::MAX).unwrap();
    let expected = fs::read(whole.path().join(REPORT_FILE)).unwrap();

    let pieces = tempfile::tempdir().unwrap();
    let mut stops = 0;
    loop {
        // With two workers and sessions of another length.
        match run(&study, pieces.path(), 2, 2 + stops % 2) {
            Ok(_) => break,
            Err(StudyError::Stopped) => stops += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(stops < 200, "the study makes no progress");
    }
    assert!(stops >= 10, "stopped only {stops} times");
    assert_eq!(fs::read(pieces.path().join(REPORT_FILE)).unwrap(), expected);
}

/// The same questions for classifiers and for modules with a known order.
#[test]
fn every_question_is_answered_without_a_table() {
    let studies = [
        SyntheticStudy::Classifier(Box::new(ClassifierStudy {
            domain: Domain::Images,
            size: ClassifierSize {
                d_model: 8,
                d_ff: 8,
                heads: 2,
                layers: 3,
                dropout: 0.0,
            },
            depths: vec![3],
            seeds: vec![1, 2],
            batch: 8,
            steps: 8,
            finetune_steps: 4,
            learning_rate: 2e-3,
            send: SendOptions::default(),
            prune: PruneRule::default(),
            scorers: Scorer::ALL.to_vec(),
            questions: ClassifierStudy::QUESTIONS.to_vec(),
            draws: 2,
            score_batches: 2,
            scratch_everywhere: false,
        })),
        SyntheticStudy::GroundTruth(GroundTruthStudy {
            seeds: vec![1, 2],
            steps: 20,
            send: SendOptions::default(),
        }),
    ];
    for study in studies {
        let folder = tempfile::tempdir().unwrap();
        let stop = AtomicBool::new(false);
        let place = StudyEnvironment {
            folder: Some(folder.path()),
            device: Device::flex(),
            device_facts: DeviceFacts {
                kind: "cpu".to_owned(),
                name: "test".to_owned(),
                threads: 1,
            },
            engine: &Threads(2),
            command: "spat study".to_owned(),
            on_event: &|_| (),
            stop: &stop,
        };
        let report = conduct_synthetic(&study, &place).unwrap();
        let page = fs::read_to_string(folder.path().join("study.html")).unwrap();
        assert!(
            !page.contains("NaN") && !page.contains(">inf<"),
            "a figure is missing"
        );
        let SyntheticStudy::Classifier(study) = &study else {
            assert_eq!(report.findings.len(), 2);
            assert!(report.ground_truth[0].own.is_some());
            continue;
        };
        assert!(!page.contains("MSE"), "these are no forecasts");
        for question in &study.questions {
            let reported = report
                .findings
                .iter()
                .any(|finding| finding.question == *question);
            assert!(reported, "{question:?}");
        }
        let depth = &report.depths[0];
        assert_eq!(depth.subsets.len(), 8);
        assert_eq!(depth.rankings.len(), Scorer::ALL.len() - 1);
        assert_eq!(depth.sweep[0].cut_test, depth.dense.test);
        assert_eq!(depth.sweep[3].tuned.test, depth.subsets[7].test);
        // Each module has 4 (d² + d) parameters.
        let params = |count: usize| depth.sweep[count].tuned.params;
        assert_eq!(params(0) - params(2), 2 * 4 * (8 * 8 + 8));
        assert_eq!(depth.stability.as_ref().unwrap().epochs.len(), 4);
    }
}

#[test]
fn a_damaged_result_is_reported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(&[Question::Sweep]);
    assert!(matches!(
        run(&study, folder.path(), 1, 2),
        Err(StudyError::Stopped)
    ));
    let cache = folder.path().join("cache");
    let mut results = fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let result = results
        .find(|path| path.extension().is_some_and(|e| e == "json"))
        .unwrap();
    fs::write(&result, "{").unwrap();
    let error = run(&study, folder.path(), 1, usize::MAX)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&result.display().to_string()) && error.contains("delete it"),
        "{error}"
    );
}
