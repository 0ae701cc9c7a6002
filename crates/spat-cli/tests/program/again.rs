//! Reproduction of a run from its files.

use std::fs;

use crate::folder::{Folder, SHORT, SMALL, WINDOWS, table, text};

#[test]
fn the_command_in_the_report_makes_the_run_again() {
    let folder = Folder::new();
    let name = "it's a table.csv";
    folder.write(name, table(600).replace(",0.000\n", ",-9999\n").as_bytes());
    let flags = [
        "--missing",
        "NA",
        "--missing=-9999",
        "--channels",
        "sun,load",
        "--seed",
        "5",
        "--quiet",
    ];
    folder.succeeds(
        &[
            &["run", name, "--run", "first"],
            WINDOWS,
            SHORT,
            SMALL,
            &flags,
        ]
        .concat(),
    );
    let command = folder.report("first").command;
    assert!(command.ends_with("--seed 5 --device cpu"), "{command}");

    // A shell parses it as if pasted.
    let spat = format!("'{}'", env!("CARGO_BIN_EXE_spat"));
    let script = format!("{} --run second", command.replacen("spat", &spat, 1));
    let output = folder.shell(&script);
    assert!(
        output.status.success(),
        "{command}: {}",
        text(&output.stderr)
    );
    assert_eq!(folder.report("second").command, command);
    assert_eq!(folder.comparable("first"), folder.comparable("second"));
}

#[test]
fn an_experiment_that_is_handed_over_makes_the_same_report() {
    let folder = Folder::new();
    folder.run(&["--run", "first", "--seed", "5"]);
    let file = "first/experiment.json";
    let same = ["run", "toy.csv", "--experiment", file, "--device", "cpu"];
    folder.succeeds(&[&same[..], &["--run", "second"]].concat());
    assert_eq!(folder.comparable("first"), folder.comparable("second"));
    let command = folder.report("second").command;
    assert_eq!(
        command,
        "spat run toy.csv --experiment first/experiment.json --seed 5 --device cpu"
    );

    // The seed may be another one; what else decides the result may not.
    folder.succeeds(&[&same[..], &["--run", "third", "--seed", "6"]].concat());
    assert_eq!(folder.report("third").seed, 6);
    assert_ne!(folder.comparable("first"), folder.comparable("third"));
    folder.refuses(
        &[&same[..], &["--epochs", "9"]].concat(),
        &["--epochs 9", file, "leave the one or the other out"],
    );
    folder.refuses(
        &["run", "toy.csv", "--experiment", "toy.csv"],
        &["toy.csv", "no experiment"],
    );

    // Errors are reported before a folder is created.
    let begun = fs::read_to_string(folder.path().join(file)).unwrap();
    let mut wrong: serde_json::Value = serde_json::from_str(&begun).unwrap();
    wrong["training"]["batch"] = 0.into();
    folder.write("wrong.json", wrong.to_string().as_bytes());
    let other: String = table(200)
        .lines()
        .map(|line| format!("{line},{}\n", if line.starts_with('a') { "d" } else { "1" }))
        .collect();
    folder.write("other.csv", other.as_bytes());
    for (data, file, words) in [
        ("toy.csv", "wrong.json", "batch"),
        ("other.csv", file, "channels"),
    ] {
        let run = ["run", data, "--experiment", file, "--run", "never"];
        folder.refuses(&run, &[words]);
        assert!(!folder.path().join("never").exists(), "{data} {file}");
    }
}
