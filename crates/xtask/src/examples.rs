//! The example runs in the web app, shown to first visitors and in lessons.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{cargo, root, succeed};

/// The demo's table, which is CC0.
const TABLE: &str = "crates/spat-cli/demo/nyc-weather-2013.csv";

/// Names of the runs, and their arguments of `spat`.
const EXAMPLES: [(&str, &[&str]); 3] = [
    // The run of `spat demo`, and the web app's size "Standard".
    ("weather", &["demo"]),
    // The other two are fine-tuned without averages, as the figures of lesson 5 are.
    // The web app's size "Quick" at a tenth of its learning rate: attention stays close to its initial values.
    (
        "brief",
        &[
            "run",
            TABLE,
            "--horizon",
            "24",
            "--layers",
            "3",
            "--width",
            "32",
            "--ff",
            "32",
            "--heads",
            "4",
            "--epochs",
            "2",
            "--learning-rate",
            "2e-4",
            "--finetune-epochs",
            "1",
            "--finetune-learning-rate",
            "1e-4",
            "--finetune-average",
            "none",
            "--finetune-keep-start",
            "no",
            "--seed",
            "1",
        ],
    ),
    // One airport of three; its model is evaluated on another.
    (
        "newark",
        &[
            "run",
            TABLE,
            "--channels",
            "EWR_temp,EWR_dewp,EWR_humid,EWR_wind_speed,EWR_pressure",
            "--horizon",
            "24",
            "--layers",
            "4",
            "--width",
            "64",
            "--ff",
            "64",
            "--heads",
            "4",
            "--epochs",
            "4",
            "--learning-rate",
            "1e-3",
            "--finetune-epochs",
            "2",
            "--finetune-learning-rate",
            "5e-4",
            "--finetune-average",
            "none",
            "--finetune-keep-start",
            "no",
            "--seed",
            "1",
        ],
    ),
];

/// Runs each on the CPU and copies its report to `web/app/examples`.
pub(crate) fn run() -> Result<()> {
    let folder = root().join("web/app/examples");
    fs::create_dir_all(&folder)?;
    let runs = std::env::temp_dir().join(format!("spat-examples-{}", std::process::id()));
    for (name, arguments) in EXAMPLES {
        println!("{name}: spat {}", arguments.join(" "));
        let run = runs.join(name);
        succeed(
            cargo()
                .args(["run", "--release", "--quiet", "--"])
                .args(arguments)
                .args(["--device", "cpu", "--quiet", "--run"])
                .arg(&run),
        )?;
        let report = run.join("report.json");
        let kept = folder.join(format!("{name}.json"));
        fs::copy(&report, &kept).with_context(|| report.display().to_string())?;
    }
    Ok(fs::remove_dir_all(&runs)?)
}
