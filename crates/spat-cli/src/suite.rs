//! `spat study --suite`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ArgMatches;
use spat_series::{Series, SplitRule};
use spat_spec::{DataConfig, rough_duration};
use spat_study::{StudyEnvironment, SuiteWork, Threads, conduct_suite, suite_workers};

use crate::args::StudyArgs;
use crate::failure::input;
use crate::study_engine::{StudyEngine, chosen};
use crate::study_file::open;
use crate::study_work::{carried_out, show, tell_place};
use crate::suite_cells::resolved;
use crate::suite_file::{Channels, SuiteFile, TableEntry};
use crate::table::{self, Loaded};
use crate::task_inputs::{TableFile, TaskInputs};
use crate::{command_line, device, output, run_folder};

/// Flags that a suite has; everything else is in its file.
const FLAGS: &[&str] = &[
    "suite",
    "tables",
    "device",
    "threads",
    "engine",
    "engine_args",
    "bundle",
    "at_once",
    "run",
    "resume",
    "json",
    "quiet",
];

/// Starts or resumes a suite.
pub(crate) fn suite(
    path: &Path,
    args: &StudyArgs,
    given: Option<&ArgMatches>,
) -> anyhow::Result<ExitCode> {
    refuse_settings(given)?;
    let (file, text) = SuiteFile::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let places = Places {
        tables: match &args.tables {
            Some(tables) => tables.clone(),
            None => folder.join(file.tables.clone().unwrap_or_default()),
        },
        file: folder.to_owned(),
    };
    let read = |entry: &TableEntry| read_table(entry, &places.tables);
    let tables: Vec<Read> = file.table.iter().map(read).collect::<Result<_, _>>()?;
    let title = file.title.clone().unwrap_or_else(|| table::file_name(path));
    let suite = resolved(&file, title, &tables, &places)
        .with_context(|| format!("`{}`", path.display()))?;
    suite.check()?;
    let run = args.run.clone().unwrap_or_else(|| {
        let name = run_folder::default_folder(&table::file_name(path), "suite", &suite.hash());
        Path::new("studies").join(name.file_name().unwrap_or_default())
    });
    let engine = StudyEngine::new(args, &run)?;
    let inputs = engine.is_queue().then(|| inputs(&file, &tables, &places));
    let inputs = inputs.transpose()?;
    let stored = open(args, &run, suite, given)?;
    let suite = &stored.study;
    let _lock = run_folder::lock(&run)?;

    let (device, facts, line) = device::choose(args.device.device)?;
    let threads = if facts.kind == "cpu" {
        facts.threads
    } else {
        1
    };
    let at_once = suite_workers(suite, threads, spat_engine::platform::free_memory());
    if let Some(inputs) = inputs {
        inputs.write(&run)?;
    }
    if !args.quiet {
        output::note(&line);
        tell_place(&run, &engine.description(at_once));
    }
    for read in &tables {
        read.loaded.print_notes(true);
    }
    let series: Vec<Series> = tables.into_iter().map(|read| read.loaded.series).collect();
    for missing in &suite.missing {
        output::note(&format!(
            "{}, {}, horizon {}: not possible: {}",
            suite.tables[missing.table].name,
            suite.models[missing.model].name,
            missing.horizon,
            missing.reason
        ));
    }
    if !args.quiet {
        output::note(&amount(&SuiteWork::of(suite, &series)));
    }
    let again = engine.command(&stored.command, given);
    let report = carried_out(args.quiet, &run, &again, |watch, stop| {
        let external = engine.external();
        let threads = Threads(at_once);
        let environment = StudyEnvironment {
            folder: Some(&run),
            device,
            device_facts: facts,
            engine: chosen(external.as_ref(), &threads),
            command: stored.command.clone(),
            on_event: watch,
            stop,
        };
        conduct_suite(suite, series, &text, &environment)
    })?;
    show(
        &report,
        &spat_report::suite_tables(&report),
        &run.join("suite.html"),
        args.json,
    )
}

/// The number of trainings, before anything is trained.
fn amount(work: &SuiteWork) -> String {
    format!(
        "{} with pruning and {} without: {} trainings, at most {} fine-tunings, {} scoring passes; \
         very roughly {} on one core of a CPU, less what is stored already",
        spat_report::number::plural(work.pruned_cells, "cell"),
        work.other_cells,
        spat_report::number::count(work.trainings as u64),
        spat_report::number::count(work.finetunings as u64),
        spat_report::number::count(work.scorings as u64),
        rough_duration(work.seconds),
    )
}

/// A flag without effect is an error.
fn refuse_settings(given: Option<&ArgMatches>) -> anyhow::Result<()> {
    let given = given.map(|given| command_line::given_arguments("study", given));
    let mut given = given.unwrap_or_default().into_iter();
    match given.find(|(id, _)| !FLAGS.contains(&id.as_str())) {
        Some((_, flag)) => Err(input(format!(
            "{flag} has no effect with --suite, whose file has all settings; leave it out"
        ))),
        None => Ok(()),
    }
}

/// Folders that paths in the file are relative to.
pub(crate) struct Places {
    /// Of tables.
    pub(crate) tables: PathBuf,
    /// Of everything else.
    pub(crate) file: PathBuf,
}

/// Where tasks in other processes find the tables and frozen weights.
fn inputs(file: &SuiteFile, tables: &[Read], places: &Places) -> anyhow::Result<TaskInputs> {
    let mut backbones: Vec<PathBuf> = Vec::new();
    for path in file
        .models()?
        .into_iter()
        .filter_map(|model| model.backbone)
    {
        let path = std::path::absolute(places.file.join(path))?;
        if !backbones.contains(&path) {
            backbones.push(path);
        }
    }
    if backbones.len() > 1 {
        return Err(input(
            "with --engine the models of a suite share one backbone; name the same file in all of them",
        ));
    }
    let tables = tables.iter().map(|read| {
        // The channels are those of each task.
        let sha256 = table::sha256(&read.loaded.bytes);
        TableFile::new(Some(&read.path), &read.loaded.name, sha256, None)
    });
    Ok(TaskInputs {
        tables: tables.collect::<Result<_, _>>()?,
        backbone: backbones.pop(),
    })
}

/// A table with its name and how it was read.
pub(crate) struct Read {
    pub(crate) name: String,
    path: PathBuf,
    pub(crate) data: DataConfig,
    pub(crate) loaded: Loaded,
}

fn read_table(entry: &TableEntry, folder: &Path) -> anyhow::Result<Read> {
    let path = folder.join(&entry.path);
    let mut data = match entry.preset()? {
        Some(preset) => preset.data(),
        None => DataConfig::default(),
    };
    entry.read()?.apply(&mut data.read, &mut data.series);
    if let Some(Channels::Named(names)) = &entry.channels {
        data.series.channels = Some(names.clone());
    }
    if let Some(rule) = entry.split()? {
        data.split = rule;
    }
    let mut loaded = table::load(&path, &data)?;
    if let Some(Channels::First(count)) = entry.channels
        && count < loaded.series.channel_count()
    {
        data.series.channels = Some(loaded.series.channels[..count].to_vec());
        loaded = table::load(&path, &data)?;
    }
    if let Some(rows) = entry.rows {
        data.split =
            first_rows(data.split, rows.min(loaded.series.rows())).with_context(|| entry.name())?;
    }
    Ok(Read {
        name: entry.name(),
        path,
        data,
        loaded,
    })
}

/// The split of the first rows only.
fn first_rows(rule: SplitRule, rows: usize) -> anyhow::Result<SplitRule> {
    if !matches!(rule, SplitRule::Fractions { .. }) {
        return Err(input(
            "`rows` divides the first rows by shares; leave it out, or give shares as `split`",
        ));
    }
    let split = rule.ranges(rows)?;
    Ok(SplitRule::Rows {
        train: split.train.len(),
        val: split.val.len(),
        test: split.test.len(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_taken_of_the_first_rows() {
        assert_eq!(
            first_rows(SplitRule::default(), 1000).unwrap(),
            SplitRule::Rows {
                train: 700,
                val: 100,
                test: 200
            }
        );
        assert!(first_rows(SplitRule::EttHourly, 1000).is_err());
    }
}
