//! Files and output of a run, and its reproduction.

use std::fs;

use spat_spec::{Event, PROTOCOL, Report, Select};

use crate::folder::{Folder, SHORT, SMALL, WINDOWS, table};

#[test]
fn a_run_leaves_a_report_with_every_promised_key() {
    let folder = Folder::new();
    let (out, err) = folder.run(&["--run", "r"]);
    assert!(out.contains("report.html"), "{out}");
    assert!(err.contains("computing on CPU"), "{err}");
    for name in [
        "report.html",
        "dense.safetensors",
        "pruned.safetensors",
        "scores.json",
        "forecasts.csv",
        "experiment.json",
    ] {
        assert!(folder.path().join("r").join(name).is_file(), "{name}");
    }
    let bytes = fs::read(folder.path().join("r/report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    for path in [
        "/data/rows",
        "/data/channels",
        "/data/frequency",
        "/data/windows/train",
        "/data/windows/val",
        "/data/windows/test",
        "/data/repairs",
        "/device/kind",
        "/device/name",
        "/dense/test/mse",
        "/dense/test/mae",
        "/dense/val/mse",
        "/dense/params",
        "/dense/macs",
        "/dense/epochs",
        "/dense/step_ms_median",
        "/dense/infer_ms_median",
        "/pruned/test/mse",
        "/pruned/val/mse",
        "/pruned/params",
        "/pruned/before_finetune/test/mse",
        "/pruned/before_finetune/test/mae",
        "/scores/0/module",
        "/scores/0/value",
        "/scores/0/heads",
        "/scores/0/spread",
        "/plan/scorer",
        "/plan/ratio",
        "/plan/removed",
        "/plan/kept",
        "/controls/dense_finetuned/test/mse",
        "/controls/dense_finetuned/test/mae",
        "/change/mse_percent",
        "/change/mae_percent",
        "/change/params_percent",
        "/change/macs_percent",
        "/change/step_time_percent",
        "/change/infer_time_percent",
        "/command",
        "/seed",
        "/version",
    ] {
        assert!(json.pointer(path).is_some(), "report.json has no {path}");
    }
    assert!(
        json["command"].as_str().unwrap().contains("--seed"),
        "{}",
        json["command"]
    );
}

/// `--adaptive` is short for `--select one-se`; each rule is recorded, and the candidates are shown.
#[test]
fn the_modules_are_selected_by_the_rule_that_the_flag_names() {
    let folder = Folder::new();
    let rule = |run: &str| folder.report(run).experiment.prune.adaptive;
    let (out, _) = folder.run(&["--layers", "2", "--adaptive", "--run", "short"]);
    assert!(out.contains("one-standard-error rule"), "{out}");
    assert!(out.contains("above lowest ± error"), "{out}");
    let page = fs::read_to_string(folder.path().join("short/report.html")).unwrap();
    assert!(page.contains("Validation error of each candidate"));

    folder.run(&["--layers", "2", "--select", "one-se", "--run", "long"]);
    assert_eq!(rule("short"), rule("long"));
    assert_eq!(rule("long").map(|rule| rule.select), Some(Select::OneSe));

    let ratio = ["--select", "ratio", "--ratio", "1", "--run", "ratio"];
    folder.run(&[&["--layers", "2"], &ratio[..]].concat());
    assert_eq!(rule("ratio"), None);
    assert_eq!(folder.report("ratio").plan.removed.len(), 2);

    let elimination = ["--select", "elimination", "--tolerance", "0.5"];
    folder.run(&[&["--layers", "2", "--run", "e"], &elimination[..]].concat());
    let rule = rule("e").unwrap();
    assert_eq!((rule.select, rule.tolerance), (Select::Elimination, 0.5));
}

#[test]
fn a_run_is_ranked_by_the_scorer_that_the_flag_names() {
    let folder = Folder::new();
    let flag = ["--scorer", "leave-one-out"];
    let (out, _) = folder.run(&[&["--run", "r"], &flag[..]].concat());
    assert!(
        out.contains("Leave-one-out of each attention module"),
        "{out}"
    );
    let report = folder.report("r");
    assert_eq!(report.plan.scorer, "leave-one-out");
    assert!(report.command.contains("--scorer leave-one-out"));
    // The file alone reproduces the run, and a stopped run would resume with its scorer.
    let again = ["run", "toy.csv", "--experiment", "r/experiment.json"];
    folder.succeeds(&[&again[..], &["--run", "s", "--device", "cpu"]].concat());
    assert_eq!(folder.comparable("r"), folder.comparable("s"));
}

#[test]
fn events_are_json_lines_and_nothing_else() {
    let folder = Folder::new();
    let (out, _) = folder.run(&["--run", "r", "--json"]);
    let events: Vec<Event> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(matches!(
        events.first(),
        Some(Event::Started {
            protocol: PROTOCOL,
            ..
        })
    ));
    assert!(matches!(events.last(), Some(Event::Done { .. })));
}

fn on_any_threads(folder: &Folder, run: &str) -> Report {
    let mut report = folder.report(run).without_timings();
    report.command = String::new();
    report.device.threads = 0;
    report
}

#[test]
fn the_same_seed_gives_the_same_report_and_another_does_not() {
    let folder = Folder::new();
    folder.run(&["--run", "a", "--seed", "1"]);
    folder.run(&["--run", "b", "--seed", "1", "--threads", "1"]);
    folder.run(&["--run", "c", "--seed", "2"]);
    let [a, b, c] = ["a", "b", "c"].map(|run| on_any_threads(&folder, run));
    assert_eq!(a, b);
    assert_ne!(a, c);
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let folder = Folder::new();
    // Wide enough that products, sums and attention are shared between threads.
    let flags =
        "--width 256 --heads 8 --layers 2 --batch 128 --epochs 1 --finetune-epochs 1".split(' ');
    let flags: Vec<&str> = flags.collect();
    let wide = [&["run", "toy.csv"], WINDOWS, &flags[..]].concat();
    let run = |threads: &str| {
        let more = ["--threads", threads, "--run", threads];
        folder.succeeds(&[&wide[..], &more].concat());
        on_any_threads(&folder, threads)
    };
    let alone = run("1");
    for threads in ["2", "3"] {
        assert_eq!(run(threads), alone, "{threads} threads");
    }
}

#[test]
fn every_model_runs_and_says_what_was_not_pruned() {
    let folder = Folder::new();
    let others = [
        "dlinear",
        "rlinear",
        "lightts",
        "fits",
        "tide",
        "timemixer",
        "s-mamba",
    ];
    for model in ["patchtst", "patchtst-authors"].into_iter().chain(others) {
        let small = if model.starts_with("patchtst") {
            SMALL
        } else {
            &[]
        };
        let flags = ["--model", model, "--run", model, "--quiet"];
        folder.succeeds(&[&["run", "toy.csv"], WINDOWS, SHORT, small, &flags].concat());
        let report = folder.report(model);
        let modules = if model.starts_with("patchtst") { 3 } else { 0 };
        assert_eq!(
            (report.scores.len(), report.plan.removed.len()),
            (modules, modules / 2),
            "{model}"
        );
    }
    folder.refuses(
        &["run", "toy.csv", "--model", "dlinear", "--heads", "4"],
        &["--heads", "dlinear"],
    );
    folder.refuses(
        &["run", "toy.csv", "--patch", "4"],
        &["--patch", "itransformer"],
    );
    folder.refuses(
        &["run", "toy.csv", "--weight-decay", "0.1"],
        &["--optimizer adamw"],
    );
}

#[test]
fn what_reading_changed_is_told_even_when_quiet() {
    let folder = Folder::new();
    let odd = table(600)
        .replace("date,load,wind,sun", "date,load,wind,sun,flat,none,note")
        .lines()
        .enumerate()
        .map(|(line, text)| match line {
            0 => format!("{text}\n"),
            50 => String::new(),
            _ => format!("{text},1,NA,fine\n"),
        })
        .collect::<String>();
    folder.write("odd.csv", odd.as_bytes());
    let arguments = [
        &["run", "odd.csv", "--run", "r", "--quiet"],
        WINDOWS,
        SHORT,
        SMALL,
    ]
    .concat();
    let (_, printed) = folder.succeeds(&arguments);
    for word in [
        "1 row inserted",
        "every value missing: none",
        "Never changing, kept: flat",
        "note",
    ] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    assert!(!printed.contains("computing"), "{printed}");
    let report = folder.report("r");
    assert_eq!(report.data.channel_names, ["load", "wind", "sun", "flat"]);
    assert_eq!(report.data.repairs.inserted_rows, 1);
}

#[test]
fn the_device_asked_for_is_named() {
    let folder = Folder::new();
    let (out, _) = folder.succeeds(&["info"]);
    assert!(out.contains("--device auto"), "{out}");
}
