//! Summaries of the runs in a folder, for the list of runs.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use spat_engine::platform::write_atomically;
use spat_spec::{Engine, Experiment, RunSummary, Stage};

use crate::names::is_run_name;
use crate::run_file::{RUN_FILE, RunFile};
use crate::run_folder::{EXPERIMENT, REPORT};

/// File of the summary in a run's folder; runs of the command line have none.
const SUMMARY: &str = "card.json";

/// The figures of a report that a summary shows.
#[derive(Deserialize)]
struct Figures {
    dense: ModelFigures,
    pruned: ModelFigures,
    change: ChangeFigures,
}

#[derive(Deserialize)]
struct ModelFigures {
    test: TestFigures,
}

#[derive(Deserialize)]
struct TestFigures {
    mse: f64,
}

#[derive(Deserialize)]
struct ChangeFigures {
    macs_percent: f64,
}

/// A summary of every run in `root` that `is_readable` accepts, the newest first. Folders that cannot be read
/// as runs are skipped.
pub(crate) fn summaries(
    root: &Path,
    is_readable: impl Fn(&Path) -> bool,
) -> Vec<(String, RunSummary)> {
    let Ok(entries) = fs::read_dir(root) else {
        return Vec::new();
    };
    let mut summaries: Vec<(String, RunSummary)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // Skips runs whose names are invalid, since they could be neither read nor removed.
            let path = entry.path();
            let summary = (is_run_name(&name) && is_readable(&path)).then(|| summary(&path))?;
            Some((name, summary?))
        })
        .collect();
    summaries.sort_by(|(_, a), (_, b)| b.begun.total_cmp(&a.begun));
    summaries
}

/// Writes a run's summary.
pub(crate) fn put(folder: &Path, summary: &RunSummary) -> io::Result<()> {
    write_atomically(&folder.join(SUMMARY), &serde_json::to_vec_pretty(summary)?)
        .map_err(io::Error::other)
}

/// The stored summary, or one built from the run's own files.
fn summary(folder: &Path) -> Option<RunSummary> {
    let file = RunFile::read(folder).ok()?;
    let experiment: Experiment = read(&folder.join(EXPERIMENT))?;
    let figures: Option<Figures> = read(&folder.join(REPORT));
    let mut summary =
        read(&folder.join(SUMMARY)).unwrap_or_else(|| fresh(folder, &file, &experiment));
    if let Some(figures) = figures {
        // The command line may have finished a run of another front end.
        summary.stage = Stage::Finished;
        summary.mse = Some((figures.dense.test.mse, figures.pruned.test.mse));
        summary.macs_percent = Some(figures.change.macs_percent);
        summary.experiment = experiment;
    }
    Some(summary)
}

fn fresh(folder: &Path, file: &RunFile, experiment: &Experiment) -> RunSummary {
    let table = file
        .table_name()
        .unwrap_or_else(|| "nyc-weather-2013.csv".to_owned());
    let begun = fs::metadata(folder.join(RUN_FILE))
        .and_then(|facts| facts.modified())
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0.0, |since| since.as_millis() as f64);
    RunSummary {
        title: RunSummary::standard_title(&table, &experiment.prune),
        table,
        experiment: experiment.clone(),
        engine: if file.device == "gpu" {
            Engine::Gpu
        } else {
            Engine::Cpu
        },
        stage: if folder.join("plan.json").is_file() {
            Stage::Pruning
        } else {
            Stage::Training
        },
        begun,
        mse: None,
        macs_percent: None,
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
