//! Files of version 0.1.0 still give the same forecast and the same run name.

use std::fs;
use std::path::Path;

use crate::folder::Folder;

/// The model, and the folder of a run of `experiment.json`, whose name ends in the experiment's hash.
const SAVED: [(&str, &str); 2] = [
    ("itransformer", "table-itransformer-bd2108bc"),
    ("patchtst-authors", "table-patchtst-authors-552f2088"),
];

fn folder() -> Folder {
    let folder = Folder::new();
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved");
    folder.write("table.csv", &fs::read(saved.join("table.csv")).unwrap());
    for (model, _) in SAVED {
        for file in ["experiment.json", "pruned.safetensors", "forecast.csv"] {
            let bytes = fs::read(saved.join(model).join(file)).unwrap();
            folder.write(&format!("{model}-{file}"), &bytes);
        }
    }
    folder
}

#[test]
fn saved_models_give_the_forecast_of_the_version_that_wrote_them() {
    let folder = folder();
    for (model, _) in SAVED {
        let file = format!("{model}-pruned.safetensors");
        let (found, notes) = folder.succeeds(&["forecast", &file, "table.csv", "--device", "cpu"]);
        assert!(notes.contains("has no checksum"), "{notes}");
        let expected = folder.path().join(format!("{model}-forecast.csv"));
        let expected = fs::read_to_string(expected).unwrap();
        assert_eq!(found.lines().count(), expected.lines().count());
        for (found, expected) in found.lines().zip(expected.lines()).skip(1) {
            for (found, expected) in found.split(',').zip(expected.split(',')) {
                match (found.parse::<f64>(), expected.parse::<f64>()) {
                    // The CPU's vector width decides the last digits.
                    (Ok(found), Ok(expected)) => {
                        assert!((found - expected).abs() <= 1e-4 * expected.abs(), "{found}");
                    }
                    _ => assert_eq!(found, expected),
                }
            }
        }
    }
}

#[test]
fn saved_experiments_have_the_same_hash_and_are_written_back_unchanged() {
    let folder = folder();
    for (model, run) in SAVED {
        let file = format!("{model}-experiment.json");
        folder.succeeds(&["run", "table.csv", "--experiment", &file, "--device", "cpu"]);
        let written = folder.path().join("runs").join(run).join("experiment.json");
        assert_eq!(
            fs::read_to_string(written).unwrap(),
            fs::read_to_string(folder.path().join(&file)).unwrap()
        );
    }
}
