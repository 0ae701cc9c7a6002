//! A small suite, uninterrupted and interrupted, with a cell that cannot be computed.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use spat_engine::Device;
use spat_spec::{
    DataConfig, DeviceFacts, MethodKind, MissingCell, ModelForm, ModelKind, PruneRule, Pruning,
    Reference, Scorer, SendOptions, Stance, Suite, SuiteCell, SuiteModel, SuiteReport, SuiteScope,
    SuiteTable, TableFacts, TrainingConfig, Window, ZeroShotPair,
};
use spat_study::{
    StudyEnvironment, StudyError, StudyEvent, SuiteWork, Threads, conduct_suite, readings,
};

/// Rows of the tables.
const ROWS: usize = 300;

fn suite() -> Suite {
    let table = |name: &str| SuiteTable {
        name: name.to_owned(),
        facts: TableFacts {
            name: format!("{name}.csv"),
            sha256: name.to_owned(),
        },
        data: DataConfig::default(),
    };
    let model = |id: &str| {
        let kind = ModelKind::find(id).unwrap();
        SuiteModel {
            name: kind.name.to_owned(),
            kind,
            pruned: true,
        }
    };
    let cell = |table: usize, model: usize, horizon: usize| {
        let window = Window::new(24, horizon, 3);
        let of_transformer = spat_testing::experiment(spat_testing::itransformer(window, 2, true));
        let (dlinear, _) = ModelKind::find("dlinear").unwrap().defaults(window, true);
        SuiteCell {
            table,
            model,
            forecaster: if model == 0 {
                of_transformer.forecaster
            } else {
                dlinear
            },
            training: of_transformer.training,
            finetune: of_transformer.finetune,
        }
    };
    Suite {
        title: "Two tables".to_owned(),
        tables: vec![table("north"), table("south")],
        models: vec![model("itransformer"), model("dlinear")],
        seeds: vec![1, 2],
        send: SendOptions::default(),
        prune: PruneRule::default(),
        scorers: vec![Scorer::Last, Scorer::First, Scorer::Magnitude],
        readings: vec!["raw".to_owned(), "after".to_owned()],
        every_subset: 3,
        score_batches: 2,
        cells: vec![
            cell(0, 0, 12),
            cell(0, 1, 12),
            cell(1, 0, 12),
            // The test part has 60 rows.
            cell(1, 1, 100),
        ],
        zero_shot: vec![ZeroShotPair { from: 0, to: 1 }],
        missing: vec![MissingCell {
            table: 1,
            model: 1,
            horizon: 12,
            reason: "left out by this test".to_owned(),
        }],
    }
}

/// Carries out the suite until `tasks` tasks are finished, or to the end.
fn run(
    suite: &Suite,
    folder: &Path,
    threads: usize,
    tasks: usize,
) -> Result<SuiteReport, StudyError> {
    let stop = AtomicBool::new(tasks == 0);
    let ended = AtomicUsize::new(0);
    let watch = |event: StudyEvent| {
        if matches!(event, StudyEvent::Ended(_))
            && ended.fetch_add(1, Ordering::SeqCst) + 1 >= tasks
        {
            stop.store(true, Ordering::SeqCst);
        }
    };
    let environment = StudyEnvironment {
        folder: Some(folder),
        device: Device::flex(),
        device_facts: DeviceFacts {
            kind: "cpu".to_owned(),
            name: "test".to_owned(),
            threads: 1,
        },
        engine: &Threads(threads),
        command: "spat study --suite toy.toml".to_owned(),
        on_event: &watch,
        stop: &stop,
    };
    let tables = [0, 5].map(|shift| spat_testing::series(ROWS, shift));
    conduct_suite(
        suite,
        tables.to_vec(),
        "title = \"Two tables\"\n",
        &environment,
    )
}

#[test]
fn a_suite_has_every_figure_and_names_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite();
    let report = run(&suite, folder.path(), 2, usize::MAX).unwrap();

    assert_eq!(report.cells.len(), 3);
    assert_eq!(report.missing.len(), 2);
    let failed = &report.missing[1];
    assert_eq!((failed.table, failed.model, failed.horizon), (1, 1, 100));
    assert!(failed.reason.contains("100"), "{}", failed.reason);

    let pruned = report.cells[0].pruned.as_ref().unwrap();
    assert_eq!(pruned.modules.len(), 2);
    let best = pruned.best.as_ref().unwrap();
    for seed in 0..2 {
        // Nothing is better than the best in hindsight.
        assert!(best.mse[seed] <= pruned.control.test.values[seed]);
        assert!(best.mse[seed] <= pruned.ratio.mse[seed]);
        assert!(best.mse[seed] <= pruned.rule.mse[seed]);
        assert_eq!(pruned.ratio.removed[seed].len(), 1);
        assert!(pruned.ratio.macs[seed] < pruned.control.macs);
    }
    assert!(report.cells[1].pruned.is_none());

    let change = |pruning, against| {
        let mut all = report.changes.iter();
        all.find(|one| {
            one.scope == SuiteScope::All && one.pruning == pruning && one.against == against
        })
        .unwrap()
    };
    let ratio = change(Pruning::Ratio, Reference::Control);
    assert_eq!(ratio.mse.cells, 2);
    assert!(ratio.macs.mean < -10.0 && ratio.params.mean < -10.0);
    assert!(change(Pruning::Best, Reference::Control).mse.mean <= 0.0);
    let tables = report.changes.iter();
    assert!(
        tables
            .filter(|one| one.scope == SuiteScope::Table(1))
            .count()
            == 6
    );

    let rule = report.rule.as_ref().unwrap();
    assert_eq!((rule.cells.len(), rule.tables.len()), (2, 2));
    assert!(rule.above_best.unwrap().mean >= 0.0);

    let methods = report.methods.as_ref().unwrap();
    // SEND, three scorers, two readings, random.
    assert_eq!(methods.methods.len(), 7);
    assert_eq!(methods.cells, 2);
    for method in &methods.methods {
        assert!(method.regret.mean >= 0.0);
        let is_random = method.method.kind == MethodKind::Random;
        assert_eq!(method.against_random.is_none(), is_random);
    }

    // Four forms of iTransformer, and DLinear.
    assert_eq!(report.models.rows.len(), 5);
    assert_eq!(report.models.columns.len(), 2);
    assert_eq!(report.models.pairs.len(), 2);
    let dlinear = report
        .models
        .rows
        .iter()
        .find(|row| !row.attention)
        .unwrap();
    assert_eq!(dlinear.form, ModelForm::Dense);
    assert!(dlinear.mse[0].is_some() && dlinear.mse[1].is_none());

    assert_eq!(report.zero_shot.len(), 2);
    let transfer = report.zero_shot[0].pruned.as_ref().unwrap();
    assert_eq!(transfer.rule.values.len(), 2);
    assert!(report.zero_shot[0].trained_there.is_some());
    assert!(report.zero_shot[1].pruned.is_none());

    assert!(report.findings.len() >= 7);
    assert!(
        report
            .findings
            .iter()
            .any(|one| one.stance == Stance::Against)
    );
    for finding in &report.findings {
        assert!(!finding.text.contains("NaN"), "{}", finding.text);
    }
}

#[test]
fn a_suite_that_is_stopped_again_and_again_ends_with_the_same_files() {
    let whole = tempfile::tempdir().unwrap();
    let suite = suite();
    run(&suite, whole.path(), 2, usize::MAX).unwrap();
    let pieces = tempfile::tempdir().unwrap();
    let mut stops = 0;
    while let Err(error) = run(&suite, pieces.path(), 1, 4) {
        assert!(matches!(error, StudyError::Stopped), "{error}");
        stops += 1;
        assert!(stops < 100);
    }
    assert!(stops > 5, "{stops}");
    for name in ["suite.json", "suite.html", "suite.md"] {
        let read = |folder: &Path| fs::read(folder.join(name)).unwrap();
        assert!(read(whole.path()) == read(pieces.path()), "{name} differs");
    }
}

#[test]
fn the_page_and_the_markdown_have_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    run(&suite(), folder.path(), 2, usize::MAX).unwrap();
    let page = fs::read_to_string(folder.path().join("suite.html")).unwrap();
    let start = page.find("<main>").unwrap();
    let end = page.find("</main>").unwrap() + "</main>".len();
    roxmltree::Document::parse(&page[start..end])
        .unwrap_or_else(|error| panic!("tags do not match: {error}"));
    let text = fs::read_to_string(folder.path().join("suite.md")).unwrap();
    for words in [
        "FLOPs",
        "−35.3 %",
        "−28.2 %",
        "−2.8 %",
        "−2.0 %",
        "What speaks against",
        "By table",
        "The selection rule",
        "MACs saved, where the best subset in hindsight saves 35 % or more",
        "Ways to choose the modules",
        "random choice",
        "SEND, raw",
        "Pruned models against models without attention",
        "north → south",
        "left out by this test",
        "spat study --suite toy.toml",
    ] {
        assert!(text.contains(words), "Markdown: {words}");
        assert!(page.contains(words), "page: {words}");
    }
    assert!(page.contains("<svg") && !text.contains("<svg"));
    assert!(!page.contains("<script"));
}

/// A model of more modules than are tried in all combinations: the rule's candidates are compared without
/// fine-tuning first, and nothing is known in hindsight.
#[test]
fn many_modules_are_selected_without_every_subset() {
    let folder = tempfile::tempdir().unwrap();
    let mut suite = suite();
    suite.cells.truncate(1);
    suite.zero_shot.clear();
    suite.missing.clear();
    suite.seeds.truncate(1);
    suite.every_subset = 2;
    suite.cells[0].forecaster = spat_testing::itransformer(Window::new(24, 12, 3), 6, true);
    let report = run(&suite, folder.path(), 2, usize::MAX).unwrap();
    let pruned = report.cells[0].pruned.as_ref().unwrap();
    assert!(pruned.best.is_none() && pruned.regrets.is_empty());
    assert_eq!(pruned.ratio.removed[0].len(), 3);
    assert!(report.methods.is_none());
    let rule = report.rule.as_ref().unwrap();
    assert!(rule.above_best.is_none() && rule.saved_where_possible.is_none());
    // The dense model, and at most ten candidates and the choice at the ratio.
    let results = fs::read_dir(folder.path().join("cache")).unwrap();
    let trainings = results
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap_or_default())
        .filter(|text| text.contains("\"trained\""))
        .count();
    assert!((8..=12).contains(&trainings), "{trainings}");
}

#[test]
fn the_amount_of_work_is_known_before() {
    let suite = suite();
    let tables = [0, 5].map(|shift| spat_testing::series(ROWS, shift));
    let work = SuiteWork::of(&suite, &tables);
    assert_eq!((work.pruned_cells, work.other_cells), (2, 2));
    assert_eq!(work.trainings, 8);
    // Two cells, two seeds, four subsets.
    assert_eq!(work.finetunings, 16);
    assert!(work.seconds > 0.0);
}

#[test]
fn a_suite_without_a_possible_cell_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut suite = suite();
    suite.cells.clear();
    let error = run(&suite, folder.path(), 1, usize::MAX).unwrap_err();
    assert!(error.to_string().contains("left out by this test"));
}

#[test]
fn readings_are_named() {
    let names = readings(SendOptions::default());
    assert!(names.contains(&"raw") && names.contains(&"after"));
    assert!(!names.contains(&"as studied"));
}

/// The training of a cell is its own.
#[test]
fn cells_have_their_own_training() {
    let folder = tempfile::tempdir().unwrap();
    let mut suite = suite();
    suite.cells.truncate(2);
    suite.zero_shot.clear();
    suite.seeds.truncate(1);
    suite.cells[1].training = TrainingConfig {
        epochs: 0,
        ..suite.cells[1].training.clone()
    };
    let untrained = run(&suite, folder.path(), 1, usize::MAX).unwrap();
    suite.cells[1].training.epochs = 2;
    let trained = run(&suite, folder.path(), 1, usize::MAX).unwrap();
    let mse = |report: &SuiteReport, cell: usize| report.cells[cell].dense.test.mean;
    assert_eq!(mse(&untrained, 0), mse(&trained, 0));
    assert_ne!(mse(&untrained, 1), mse(&trained, 1));
}
