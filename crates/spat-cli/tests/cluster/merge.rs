//! `spat study merge`.

use std::fs;
use std::process::{Command, Output};

use crate::study::{folder, report, results, study, succeed};

fn merge(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spat"))
        .current_dir(folder)
        .args(["study", "merge", "--run"])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn partial_studies_make_the_whole_one_without_another_training() {
    let folder = folder();
    let whole = ["--seeds", "2", "--seed", "7"];
    let run = |more: &[&str]| succeed(&mut study(folder.path(), more));
    run(&[&whole[..], &["--run", "whole"]].concat());
    run(&["--seeds", "1", "--seed", "7", "--run", "part-7"]);
    run(&["--seeds", "1", "--seed", "8", "--run", "part-8"]);
    let output = merge(folder.path(), &["merged", "part-7", "part-8"]);
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("--run merged"), "{printed}");
    let before = results(&folder.path().join("merged"));
    run(&[&whole[..], &["--run", "merged"]].concat());
    assert_eq!(results(&folder.path().join("merged")), before);
    assert_eq!(
        report(folder.path(), "merged"),
        report(folder.path(), "whole")
    );

    // A part of another study, a part with a damaged file, and a folder without a study.
    run(&[
        "--seeds", "1", "--seed", "9", "--batch", "16", "--run", "other",
    ]);
    let (name, _) = results(&folder.path().join("part-8")).pop_first().unwrap();
    let damaged = folder.path().join("part-8/cache").join(&name);
    fs::write(&damaged, "{").unwrap();
    for (parts, words) in [
        (["part-7", "other"], ["different studies", "batch"]),
        (["part-7", "part-8"], [name.as_str(), "delete it"]),
        (["part-7", "bin"], ["bin/config.json", "cannot read"]),
    ] {
        let output = merge(folder.path(), &["again", parts[0], parts[1]]);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{printed}");
        for word in words {
            assert!(printed.contains(word), "`{word}` is missing in: {printed}");
        }
        assert!(!folder.path().join("again").exists());
    }
}
