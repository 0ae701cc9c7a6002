//! Errors contain a place and a remedy, and are reported before anything is written.

use std::time::{Duration, Instant};

use spat_spec::Event;

use crate::folder::{Folder, WINDOWS, text};

#[test]
fn bad_input_is_refused_with_a_place_and_a_way_out() {
    let folder = Folder::new();
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("empty.csv", b"", &["empty.csv", "header line"]),
        ("header.csv", b"date,a,b\n", &["no rows"]),
        ("text.csv", b"a,b\nx,y\nz,w\n", &["numbers", "--delimiter"]),
        (
            "ragged.csv",
            b"a,b\n1,2\n3\n",
            &["line 3", "complete the row"],
        ),
        (
            "huge.csv",
            b"a,b\n1,2\n3,1e400\n",
            &["line 3", "column 2", "1e400"],
        ),
        (
            "latin.csv",
            b"a,b\n1,2\n3,\xff\n",
            &["line 3", "column 2", "ÿ"],
        ),
        ("short.csv", b"a,b\n1,2\n3,4\n5,6\n", &["rows"]),
        ("missing.csv", b"a,b\nNA,NA\nNA,NA\n", &["missing.csv"]),
    ];
    for (name, bytes, words) in cases {
        folder.write(name, bytes);
        folder.refuses(&["run", name, "--device", "cpu"], words);
    }
    folder.refuses(&["run", "absent.csv"], &["absent.csv"]);
    folder.refuses(
        &["forecast", "toy.csv", "model.safetensors"],
        &["toy.csv", "the model file comes first, then the table"],
    );
    folder.refuses(&["run", "toy.csv", "--horizon", "0"], &["horizon"]);
    folder.refuses(
        &["run", "toy.csv", "--channels", "rain"],
        &["\"rain\"", "load, wind, sun"],
    );
    folder.refuses(&["run", "toy.csv", "--horizon", "500"], &["rows"]);
    folder.refuses(
        &["run", "toy.csv", "--scorer", "entropie"],
        &["entropie", "entropy"],
    );
    let heads = ["--granularity", "heads", "--device", "cpu"];
    folder.refuses(
        &[&["run", "toy.csv", "--scorer", "first"], &heads[..]].concat(),
        &["`first`", "whole modules", "`send`"],
    );
    folder.refuses(&["run", "toy.csv", "--no-such-flag"], &["--no-such-flag"]);
    folder.refuses(
        &["run", "toy.csv", "--width", "65536", "--device", "cpu"],
        &["GB of memory", "narrower"],
    );
    folder.refuses(&["run", "toy.csv", "--epochs", "100000000"], &["epochs"]);
}

#[test]
fn a_line_of_ten_million_columns_is_refused_at_once() {
    let folder = Folder::new();
    folder.write("wide.csv", "1,".repeat(10_000_000).as_bytes());
    let started = Instant::now();
    folder.refuses(&["run", "wide.csv"], &["line 1"]);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_would_only_fail_after_the_training_is_refused_before() {
    let folder = Folder::new();
    let arguments = |flag: &'static str, value: &'static str| {
        [&["run", "toy.csv", "--run", "r"], WINDOWS, &[flag, value]].concat()
    };
    folder.refuses(
        &arguments("--protect", "encoder.7.attention"),
        &["encoder.7.attention", "--protect"],
    );
    folder.refuses(&arguments("--ratio", "1.5"), &["--ratio", "0 to 1"]);
    folder.refuses(&arguments("--batch", "0"), &["--batch", "at least 1"]);
    folder.refuses(&arguments("--heads", "7"), &["128", "7"]);
    folder.refuses(&arguments("--dropout", "1"), &["dropout", "[0, 1)"]);
    folder.refuses(
        &arguments("--split", "0.7,0.3"),
        &["--split", "three shares"],
    );
    folder.refuses(
        &arguments("--split", "0.9,0.9,0.9"),
        &["0.9", "add up to 1"],
    );
    folder.refuses(&arguments("--split-rows", "500,100,100"), &["700", "600"]);
    folder.refuses(&arguments("--preset", "etth1"), &["14400", "600"]);
    assert!(!folder.path().join("r").exists());
}

#[test]
fn flags_of_the_selection_that_contradict_each_other_are_refused() {
    let folder = Folder::new();
    let refuses = |flags: &[&str], words: &[&str]| {
        let arguments = [&["run", "toy.csv", "--run", "r"], WINDOWS, flags].concat();
        folder.refuses(&arguments, words);
    };
    refuses(
        &["--adaptive", "--ratio", "0.5"],
        &["--ratio has no effect", "--select ratio"],
    );
    refuses(
        &["--select", "best", "--rounding", "ceil"],
        &["--rounding has no effect"],
    );
    refuses(
        &["--adaptive", "--select", "best"],
        &["short for --select one-se", "leave out"],
    );
    refuses(
        &["--adaptive", "--tolerance", "0.1"],
        &["--tolerance", "--select elimination"],
    );
    refuses(&["--tolerance", "0.1"], &["--select elimination"]);
    refuses(
        &["--select", "one-se", "--granularity", "heads"],
        &["single heads", "ratio"],
    );
    refuses(&["--select", "some"], &["one-se", "best", "elimination"]);
    assert!(!folder.path().join("r").exists());
}

#[test]
fn windows_that_are_too_long_are_answered_with_some_that_fit() {
    let folder = Folder::new();
    let output = folder.spat(&["run", "toy.csv", "--horizon", "200"]);
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{printed}");
    let advice = "--lookback 96 --horizon 41";
    assert!(
        printed.contains(advice) && printed.contains("toy.csv"),
        "{printed}"
    );
    let flags: Vec<&str> = advice.split(' ').collect();
    let (found, _) = folder.succeeds(&[&["inspect", "toy.csv"], &flags[..]].concat());
    assert!(found.contains("20 windows"), "{found}");
}

#[test]
fn bad_input_is_an_event_too() {
    let folder = Folder::new();
    let output = folder.spat(&["run", "absent.csv", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let event: Event = serde_json::from_str(text(&output.stdout).trim()).unwrap();
    assert!(matches!(event, Event::Failed { message } if message.contains("absent.csv")));
}

/// `head` closes the pipe: the run stops as if requested, without an error about pipes.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    let spat = env!("CARGO_BIN_EXE_spat");
    let script = format!("'{spat}' completions bash | head -n 1; '{spat}' help run | head -n 1");
    let output = folder.shell(&script);
    assert_eq!(text(&output.stderr), "");

    let flags =
        "--lookback 24 --horizon 12 --epochs 2000 --patience none --device cpu --json --run r";
    let script = format!("'{spat}' run toy.csv {flags} | head -n 2");
    let output = folder.shell(&script);
    assert_eq!(text(&output.stdout).lines().count(), 2);
    let printed = text(&output.stderr);
    assert!(
        printed.contains("resume with: spat run --resume --run r") && !printed.contains("pipe"),
        "{printed}"
    );
}
