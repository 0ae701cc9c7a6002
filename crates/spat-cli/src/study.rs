//! `spat study`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, anyhow};
use clap::ArgMatches;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spat_series::Series;
use spat_spec::{
    Controls, DataConfig, Experiment, PruneRule, Question, Scorer, Study, TableFacts,
    TrainingConfig,
};
use spat_study::{Place, STUDY_FILE, StudyError, StudyEvent, conduct, workers};

use crate::args::{StudyArgs, WhatArgs, model_name};
use crate::failure::{Stopped, input};
use crate::hints::Advice;
use crate::study_progress::StudyView;
use crate::table::{self, Loaded};
use crate::{command_line, demo, device, experiment, made_study, output, run_folder};

/// Deep structures nest deeply while gradients are taken.
const STACK: usize = 64 << 20;

/// What a study's folder says of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StudyFile<S> {
    /// Everything that decides the result.
    pub(crate) study: S,
    /// What makes the result again, as it was first typed.
    pub(crate) command: String,
}

/// Begins a study, or goes on with one.
pub(crate) fn study(args: &StudyArgs, given: Option<&ArgMatches>) -> anyhow::Result<ExitCode> {
    device::set_threads(args.device.threads)?;
    if args.planted || args.domain.is_some() {
        return made_study::study(args, given);
    }
    refuse_steps(args)?;
    let data = experiment::data_config(
        Some(&args.sizes.model(args.what.quick)),
        &args.read,
        &args.split,
    );
    let tables = tables(args, &data)?;
    let study = of(args, data, &tables)?;
    let folder = args.run.clone().unwrap_or_else(|| {
        let name = run_folder::default_folder(
            &tables[0].name,
            model_name(args.sizes.model),
            &study.hash(),
        );
        Path::new("studies").join(name.file_name().unwrap_or_default())
    });
    let file = open(args, &folder, study, given)?;
    let _lock = run_folder::lock(&folder)?;

    let (device, facts, line) = device::choose(args.device.device)?;
    let threads = if facts.kind == "cpu" {
        facts.threads
    } else {
        1
    };
    let at_once = workers(&file.study, threads, spat_engine::platform::free_memory());
    if !args.quiet {
        output::note(&line);
        tell_place(&folder, at_once);
    }
    for loaded in &tables {
        loaded.tell(args.quiet);
    }
    let series: Vec<Series> = tables.into_iter().map(|loaded| loaded.series).collect();
    let report = carried_out(args.quiet, &folder, &file.command, |watch, stop| {
        let place = Place {
            folder: Some(&folder),
            device,
            device_facts: facts,
            workers: at_once,
            command: file.command.clone(),
            watch,
            stop,
        };
        conduct(&file.study, series, &place).map(|(report, _)| report)
    })?;
    show(
        &report,
        &spat_report::study_tables(&report),
        &folder,
        args.json,
    )
}

/// Where the study is kept, and how much of it is done at once.
pub(crate) fn tell_place(folder: &Path, at_once: usize) {
    output::note(&format!(
        "study folder {}, {at_once} {} at once",
        folder.display(),
        if at_once == 1 { "task" } else { "tasks" }
    ));
}

/// Does a study on a thread with a deep stack, with one progress display, stopped by Ctrl-C.
pub(crate) fn carried_out<R: Send>(
    quiet: bool,
    folder: &Path,
    command: &str,
    work: impl FnOnce(&(dyn Fn(StudyEvent) + Sync), &AtomicBool) -> Result<R, StudyError> + Send,
) -> anyhow::Result<R> {
    let stop = Arc::new(AtomicBool::new(false));
    let view = StudyView::new(quiet);
    stop_on_interrupt(&stop, &view)?;
    let watch = |event: StudyEvent| view.show(&event);
    let result = thread::scope(|scope| {
        let engine = thread::Builder::new()
            .name("study".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || work(&watch, &stop))
            .context("cannot start the study's thread")?;
        engine
            .join()
            // The panic itself was shown by the thread that had it.
            .map_err(|_| {
                anyhow!("the study broke down; this is a mistake in spat, please report it")
            })
    })?;
    view.end();
    result.map_err(|error| explained(error, folder, command))
}

/// A flag that would change nothing is refused, not passed over.
fn refuse_steps(args: &StudyArgs) -> anyhow::Result<()> {
    if args.what.steps.is_some() || args.what.finetune_steps.is_some() {
        return Err(input(
            "--steps and --finetune-steps are for studies without a table; use --epochs and --finetune-epochs",
        ));
    }
    Ok(())
}

/// The report as JSON or as tables, and where the page is.
pub(crate) fn show(
    report: &impl Serialize,
    tables: &str,
    folder: &Path,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if json {
        output::json(report)?;
    } else {
        output::result(&format!(
            "{tables}\n\nstudy: {}\n",
            folder.join("study.html").display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The table that is trained on, then those that are only shown.
fn tables(args: &StudyArgs, data: &DataConfig) -> anyhow::Result<Vec<Loaded>> {
    let first = match &args.data {
        Some(path) => table::load(path, data)?,
        None => {
            let (name, bytes) = demo::file();
            table::from_bytes(name, bytes, data)?
        }
    };
    let mut tables = vec![first];
    for path in &args.what.also {
        let mut like = data.clone();
        like.series.channels = Some(tables[0].series.channels.clone());
        let other = table::load(path, &like).map_err(|error| {
            error.context(format!(
                "`{}` is shown to models of `{}`, so it needs the same channels",
                path.display(),
                tables[0].name
            ))
        })?;
        tables.push(other);
    }
    Ok(tables)
}

/// Everything that decides the result, all of it checked.
fn of(args: &StudyArgs, data: DataConfig, tables: &[Loaded]) -> anyhow::Result<Study> {
    let what = &args.what;
    let first = &tables[0];
    let model = args.sizes.model(what.quick);
    let (forecaster, training) = experiment::forecaster(&model, &args.windows, &first.series)?;
    let mut training = experiment::trained(&training, &args.training)?;
    if what.quick && args.sizes.preset.is_none() {
        training.epochs = args.training.epochs.unwrap_or(3);
        training.learning_rate = args.training.learning_rate.unwrap_or(1e-3);
    }
    let finetune = TrainingConfig {
        epochs: args
            .finetune_epochs
            .unwrap_or(if what.quick { 1 } else { 3 }),
        // All variants exactly as long as each other.
        patience: None,
        ..Experiment::finetune_like(&training)
    };
    let questions = questions(what)?;
    let study = Study {
        base: Experiment {
            data,
            forecaster,
            training,
            send: args.score.options(),
            prune: PruneRule {
                ratio: what.ratio,
                rounding: what.rounding,
                ..PruneRule::default()
            },
            finetune,
            controls: Controls::default(),
            seed: what.seed,
        },
        tables: tables
            .iter()
            .map(|loaded| TableFacts {
                name: loaded.name.clone(),
                sha256: spat_host::sha256(&loaded.bytes),
            })
            .collect(),
        depths: match (what.layers.is_empty(), what.quick, what.full) {
            (false, ..) => what.layers.clone(),
            (true, true, _) => vec![3],
            (true, _, true) => vec![2, 4, 6],
            (true, false, false) => vec![2, 4],
        },
        seeds: seeds(what),
        scorers: scorers(what),
        questions,
        draws: what.draws.unwrap_or(if what.quick { 5 } else { 10 }),
        score_batches: what
            .score_batches
            .unwrap_or(if what.quick { 12 } else { 24 }),
        planted_steps: if what.quick { 600 } else { 1500 },
        scratch_everywhere: what.full,
    };
    study.check()?;
    for loaded in tables {
        experiment::check(&study.base, &loaded.series).with_context(|| loaded.name.clone())?;
    }
    Ok(study)
}

/// Three unless somebody says otherwise.
pub(crate) fn seeds(what: &WhatArgs) -> Vec<u64> {
    (0..what.seeds.unwrap_or(if what.full { 5 } else { 3 }) as u64)
        .map(|place| what.seed.wrapping_add(place))
        .collect()
}

fn questions(what: &WhatArgs) -> anyhow::Result<Vec<Question>> {
    if what.only.contains(&Question::ZeroShot) && what.also.is_empty() {
        return Err(input(
            "zero-shot needs a table that the models have not seen; name one with --also OTHER.csv",
        ));
    }
    let asked = |question: &Question| {
        (what.only.is_empty() || what.only.contains(question))
            && (*question != Question::ZeroShot || !what.also.is_empty())
    };
    Ok(Question::ALL.into_iter().filter(asked).collect())
}

pub(crate) fn scorers(what: &WhatArgs) -> Vec<Scorer> {
    let asked = |scorer: &Scorer| what.scorers.is_empty() || what.scorers.contains(scorer);
    Scorer::ALL.into_iter().filter(asked).collect()
}

/// A new folder, or one that holds this very study.
pub(crate) fn open<S: Serialize + DeserializeOwned + PartialEq>(
    args: &StudyArgs,
    folder: &Path,
    study: S,
    given: Option<&ArgMatches>,
) -> anyhow::Result<StudyFile<S>> {
    let path = folder.join(STUDY_FILE);
    if path.is_file() {
        let known: StudyFile<S> = serde_json::from_slice(&table::read_file(&path)?)
            .map_err(|error| input(format!("`{}` is damaged: {error}", path.display())))?;
        if known.study != study {
            return Err(input(format!(
                "`{}` holds another study; go on with that by: {}\nor name another folder with --run",
                folder.display(),
                again(&known.command, folder)
            )));
        }
        if !args.resume {
            return Err(input(format!(
                "`{}` holds this study already; go on with it, or see its result, by: {}",
                folder.display(),
                again(&known.command, folder)
            )));
        }
        return Ok(known);
    }
    if args.resume {
        return Err(input(format!(
            "there is no study in `{}`; leave --resume out to begin it",
            folder.display()
        )));
    }
    let file = StudyFile {
        study,
        command: command(args, given),
    };
    let text = serde_json::to_vec_pretty(&file).context("cannot write the study's settings")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    spat_engine::platform::write_whole(&path, &text)?;
    Ok(file)
}

fn command(args: &StudyArgs, given: Option<&ArgMatches>) -> String {
    let mut words = vec!["spat study".to_owned()];
    words.extend(
        args.data
            .as_ref()
            .map(|path| command_line::quoted(&path.display().to_string())),
    );
    words.extend(given.map(command_line::study_settings).unwrap_or_default());
    words.join(" ")
}

/// The command that goes on with a study.
fn again(command: &str, folder: &Path) -> String {
    let folder: PathBuf = folder.to_owned();
    format!(
        "{command} --run {} --resume",
        command_line::quoted(&folder.display().to_string())
    )
}

/// The first Ctrl-C stops in good order, the second ends the process.
fn stop_on_interrupt(stop: &Arc<AtomicBool>, view: &StudyView) -> anyhow::Result<()> {
    let (stop, view) = (stop.clone(), view.clone());
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            // Files are replaced whole, so nothing is torn.
            std::process::exit(1);
        }
        view.note("stopping… press Ctrl-C again to end at once");
    })
    .context("cannot listen for Ctrl-C")
}

fn explained(error: StudyError, folder: &Path, command: &str) -> anyhow::Error {
    match error {
        StudyError::Stopped => {
            Stopped(format!("stopped; go on with: {}", again(command, folder))).into()
        }
        error @ StudyError::Config(_) => error.into(),
        error => anyhow::Error::new(error).context(Advice(format!(
            "what was done is kept; go on with: {}",
            again(command, folder)
        ))),
    }
}
