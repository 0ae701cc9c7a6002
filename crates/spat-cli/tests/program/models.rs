//! Model files: of a run, of another version, of PyTorch.

use std::fs;
use std::path::Path;

use crate::folder::{Folder, table};

#[test]
fn saved_models_forecast_and_are_evaluated_elsewhere() {
    let folder = Folder::new();
    folder.run(&["--run", "r"]);
    for model in ["r/dense.safetensors", "r/pruned.safetensors"] {
        folder.succeeds(&["forecast", model, "toy.csv", "-o", "future.csv"]);
        let csv = fs::read_to_string(folder.path().join("future.csv")).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 12 * 3);
        assert!(
            lines[0].starts_with("row,stamp,channel,forecast,lower_80,upper_80"),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].starts_with("600,2024-01-26 00:00:00,load,"),
            "{}",
            lines[1]
        );
        fs::remove_file(folder.path().join("future.csv")).unwrap();
    }
    let (found, _) = folder.succeeds(&["evaluate", "r/pruned.safetensors", "toy.csv", "--json"]);
    let mse = folder.report("r").pruned.test.mse;
    assert!(found.contains(&mse.to_string()), "{mse}: {found}");

    folder.write("other.csv", table(600).replace("wind", "rain").as_bytes());
    folder.refuses(
        &["forecast", "r/dense.safetensors", "other.csv"],
        &["\"wind\""],
    );

    let whole = fs::read(folder.path().join("r/dense.safetensors")).unwrap();
    folder.write("cut.safetensors", &whole[..whole.len() / 2]);
    folder.refuses(&["forecast", "cut.safetensors", "toy.csv"], &["cut short"]);
}

#[test]
fn models_find_the_backbone_that_they_refer_to_and_refuse_another() {
    let folder = Folder::new();
    let references = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/references");
    for name in ["model.safetensors", "config.json"] {
        let bytes = fs::read(references.join("gpt2").join(name)).unwrap();
        folder.write(name, &bytes);
    }
    let training = [
        "--lookback",
        "24",
        "--horizon",
        "12",
        "--epochs",
        "1",
        "--finetune-epochs",
        "1",
    ];
    let run = |others: &[&'static str]| {
        let command = ["run", "toy.csv", "--model", "gpt4ts", "--run", "r"];
        [&command[..], &training, others].concat()
    };
    folder.refuses(
        &run(&["--backbone", "toy.csv"]),
        &["toy.csv", "safetensors"],
    );
    folder.refuses(
        &run(&["--backbone", "model.safetensors", "--width", "16"]),
        &["--width", "--backbone"],
    );
    folder.refuses(
        &run(&["--backbone", "model.safetensors", "--layers", "4"]),
        &["3 blocks", "--layers 3"],
    );
    folder.refuses(
        &[
            "run",
            "toy.csv",
            "--model",
            "dlinear",
            "--backbone",
            "model.safetensors",
        ],
        &["DLinear", "--backbone"],
    );
    folder.succeeds(&run(&["--backbone", "model.safetensors"]));

    // In the current folder, at the run's path, by its flag; not as another file.
    let forecast = ["forecast", "r/pruned.safetensors", "toy.csv"];
    let (expected, _) = folder.succeeds(&forecast);
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    for name in ["model.safetensors", "config.json"] {
        let to = folder.path().join("elsewhere").join(name);
        fs::rename(folder.path().join(name), to).unwrap();
    }
    folder.refuses(&forecast, &["`model.safetensors`", "--backbone"]);
    let moved = ["--backbone", "elsewhere/model.safetensors"];
    let (found, _) = folder.succeeds(&[&forecast[..], &moved].concat());
    assert_eq!(found, expected);
    folder.succeeds(&[&["evaluate", "r/dense.safetensors", "toy.csv"][..], &moved].concat());

    let file = folder.path().join("elsewhere/model.safetensors");
    let mut other = fs::read(&file).unwrap();
    let last = other.len() - 3;
    other[last] ^= 1;
    fs::write(&file, other).unwrap();
    folder.refuses(
        &[&forecast[..], &moved].concat(),
        &["SHA-256", "`model.safetensors`"],
    );
    fs::remove_file(folder.path().join("r/report.json")).unwrap();
    folder.refuses(
        &[&["run", "--resume", "--run", "r"][..], &moved].concat(),
        &["SHA-256"],
    );
}

#[test]
fn prompts_are_read_with_the_token_table_of_a_backbone() {
    let folder = Folder::new();
    let references = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/references");
    for name in ["model.safetensors", "config.json"] {
        let bytes = fs::read(references.join("gpt2").join(name)).unwrap();
        folder.write(name, &bytes);
    }
    let command = "run toy.csv --model time-llm --run r --backbone model.safetensors --lookback 24 \
                   --horizon 12 --epochs 1 --finetune-epochs 1 --layers 2 --prune-backbone";
    let command: Vec<&str> = command.split_whitespace().collect();
    // The file has 9 positions.
    folder.refuses(&command, &["160 tokens", "3 patches", "9 positions"]);
    let fits = [&command[..], &["--prompt", "6", "--ff", "8"]].concat();
    folder.succeeds(&fits);
    let report = folder.report("r");
    assert_eq!(report.plan.scores.len(), 3);
    assert!(!report.plan.removed.is_empty());
    let (csv, _) = folder.succeeds(&["forecast", "r/pruned.safetensors", "toy.csv"]);
    assert_eq!(csv.lines().count(), 1 + 12 * 3);
}

#[test]
fn pytorch_weights_become_a_model_file() {
    let folder = Folder::new();
    let references = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/references");
    let weights = references.join("itransformer.pth");
    let weights = weights.to_str().unwrap();
    let sizes = [
        "--width",
        "16",
        "--ff",
        "32",
        "--heads",
        "4",
        "--lookback",
        "24",
        "--horizon",
        "12",
    ];
    let import = |weights, sizes: &[&'static str]| {
        [
            &["import", weights, "toy.csv", "-o", "m.safetensors"],
            sizes,
        ]
        .concat()
    };
    folder.refuses(
        &import(weights, &sizes[2..]),
        &["itransformer.pth", "--width"],
    );
    folder.refuses(&import("toy.csv", &sizes), &["toy.csv"]);
    assert!(!folder.path().join("m.safetensors").exists());

    folder.succeeds(&import(weights, &sizes));
    let (found, _) = folder.succeeds(&["evaluate", "m.safetensors", "toy.csv", "--part", "val"]);
    assert!(
        found.contains("iTransformer") && found.contains("validation"),
        "{found}"
    );
    let (csv, printed) = folder.succeeds(&["forecast", "m.safetensors", "toy.csv"]);
    assert!(csv.starts_with("row,stamp,channel,forecast\n"), "{csv}");
    assert!(printed.contains("no intervals"), "{printed}");

    // A plain safetensors file has no structure in its header.
    let foreign = references.join("itransformer.safetensors");
    folder.refuses(
        &["evaluate", foreign.to_str().unwrap(), "toy.csv"],
        &["spat import"],
    );
}

#[test]
fn a_checkpoint_of_another_version_is_refused() {
    let folder = Folder::new();
    folder.run(&["--run", "r"]);
    let mut bytes = fs::read(folder.path().join("r/pruned.safetensors")).unwrap();
    // `{\"format\":1,` in the header's JSON becomes another format of the same length.
    let mark = br#"{\"format\":1,"#;
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)
        .unwrap();
    bytes[at + mark.len() - 2] = b'7';
    folder.write("new.safetensors", &bytes);
    folder.refuses(
        &["evaluate", "new.safetensors", "toy.csv"],
        &["new.safetensors", "format 7"],
    );
}
