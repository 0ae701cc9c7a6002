//! `spat study`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ArgMatches;
use spat_series::Series;
use spat_spec::{
    Controls, DataConfig, Experiment, PruneRule, Question, Scorer, Study, TableFacts,
    TrainingConfig,
};
use spat_study::{StudyEnvironment, Threads, conduct, workers};

use crate::args::{StudyArgs, StudyCommand, WhatArgs};
use crate::failure::input;
use crate::study_engine::{StudyEngine, chosen};
use crate::study_file::open;
use crate::study_work::{carried_out, show, tell_place};
use crate::table::{self, Loaded};
use crate::task_inputs::{TableFile, TaskInputs};
use crate::{
    demo_table, device, experiment, output, run_folder, study_merge, study_task, suite,
    synthetic_study,
};

/// Starts or resumes a study.
pub(crate) fn study(args: &StudyArgs, given: Option<&ArgMatches>) -> anyhow::Result<ExitCode> {
    match &args.command {
        Some(StudyCommand::Task(args)) => return study_task::task(args),
        Some(StudyCommand::Merge(args)) => return study_merge::merge(args),
        None => {}
    }
    device::set_threads(args.device.threads)?;
    if let Some(path) = &args.suite {
        return suite::suite(path, args, given);
    }
    if args.ground_truth || args.domain.is_some() {
        return synthetic_study::study(args, given);
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
        let name =
            run_folder::default_folder(&tables[0].name, args.sizes.choice.model.id, &study.hash());
        Path::new("studies").join(name.file_name().unwrap_or_default())
    });
    let engine = StudyEngine::new(args, &folder)?;
    let inputs = engine.is_queue().then(|| inputs(args, &tables));
    let inputs = inputs.transpose()?;
    let file = open(args, &folder, study, given)?;
    let _lock = run_folder::lock(&folder)?;

    let (device, facts, line) = device::choose(args.device.device)?;
    let threads = if facts.kind == "cpu" {
        facts.threads
    } else {
        1
    };
    let at_once = workers(&file.study, threads, spat_engine::platform::free_memory());
    if let Some(inputs) = inputs {
        inputs.write(&folder)?;
    }
    if !args.quiet {
        output::note(&line);
        tell_place(&folder, &engine.description(at_once));
    }
    for loaded in &tables {
        loaded.print_notes(args.quiet);
    }
    let series: Vec<Series> = tables.into_iter().map(|loaded| loaded.series).collect();
    let again = engine.command(&file.command, given);
    let report = carried_out(args.quiet, &folder, &again, |watch, stop| {
        let external = engine.external();
        let threads = Threads(at_once);
        let place = StudyEnvironment {
            folder: Some(&folder),
            device,
            device_facts: facts,
            engine: chosen(external.as_ref(), &threads),
            command: file.command.clone(),
            on_event: watch,
            stop,
        };
        conduct(&file.study, series, &place).map(|(report, _)| report)
    })?;
    show(
        &report,
        &spat_report::study_tables(&report),
        &folder.join("study.html"),
        args.json,
    )
}

/// Where tasks in other processes find the tables and frozen weights.
fn inputs(args: &StudyArgs, tables: &[Loaded]) -> anyhow::Result<TaskInputs> {
    let paths = std::iter::once(args.data.as_deref())
        .chain(args.what.also.iter().map(|path| Some(path.as_path())));
    let tables = paths
        .zip(tables)
        .enumerate()
        .map(|(place, (path, loaded))| {
            // Other tables are read with the channels of the first.
            let channels = (place > 0).then(|| tables[0].series.channels.clone());
            TableFile::new(
                path,
                &loaded.name,
                spat_host::sha256(&loaded.bytes),
                channels,
            )
        });
    let backbone = args.sizes.choice.backbone.backbone.as_deref();
    Ok(TaskInputs {
        tables: tables.collect::<Result<_, _>>()?,
        backbone: backbone.map(std::path::absolute).transpose()?,
    })
}

/// A flag without effect is an error.
fn refuse_steps(args: &StudyArgs) -> anyhow::Result<()> {
    if args.what.steps.is_some() || args.what.finetune_steps.is_some() {
        return Err(input(
            "--steps and --finetune-steps are for studies without a table; use --epochs and --finetune-epochs",
        ));
    }
    Ok(())
}

/// The training table, then those that models are only evaluated on.
fn tables(args: &StudyArgs, data: &DataConfig) -> anyhow::Result<Vec<Loaded>> {
    let first = match &args.data {
        Some(path) => table::load(path, data)?,
        None => {
            let (name, bytes) = demo_table::file();
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

/// The checked study.
fn of(args: &StudyArgs, data: DataConfig, tables: &[Loaded]) -> anyhow::Result<Study> {
    let what = &args.what;
    let first = &tables[0];
    let model = args.sizes.model(what.quick);
    let (forecaster, training) = experiment::forecaster(
        &model,
        experiment::usual_lengths(&args.windows),
        &first.series,
    )?;
    let mut training = experiment::trained(&training, &args.training)?;
    if what.quick && args.sizes.choice.preset.is_none() {
        training.epochs = args.training.epochs.unwrap_or(3);
        training.learning_rate = args.training.learning_rate.unwrap_or(1e-3);
    }
    let finetune = TrainingConfig {
        epochs: args
            .finetune_epochs
            .unwrap_or(if what.quick { 1 } else { 3 }),
        // All variants train equally long.
        patience: None,
        ..Experiment::finetune_like(&training)
    };
    let questions = questions(what)?;
    let mut scorers = what.scorers();
    if what.scorers.is_empty() {
        scorers.retain(|scorer| forecaster.check_scorer(*scorer).is_ok());
    }
    let study = Study {
        base: Experiment {
            data,
            forecaster,
            training,
            scorer: Scorer::default(),
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
        seeds: what.seeds(),
        scorers,
        questions,
        draws: what.draws.unwrap_or(if what.quick { 5 } else { 10 }),
        score_batches: what
            .score_batches
            .unwrap_or(if what.quick { 12 } else { 24 }),
        ground_truth_steps: if what.quick { 600 } else { 1500 },
        scratch_everywhere: what.full,
    };
    study.check()?;
    for loaded in tables {
        experiment::check(&study.base, &loaded.series).with_context(|| loaded.name.clone())?;
    }
    Ok(study)
}

fn questions(what: &WhatArgs) -> anyhow::Result<Vec<Question>> {
    if what.only.contains(&Question::ZeroShot) && what.also.is_empty() {
        return Err(input(
            "zero-shot needs a table that the models have not seen; name one with --also OTHER.csv",
        ));
    }
    let asked = |question: &Question| {
        // Ways to fine-tune concern the choice of a default more than a table.
        let usual = what.only.is_empty() && *question != Question::Finetuning;
        (usual || what.only.contains(question))
            && (*question != Question::ZeroShot || !what.also.is_empty())
    };
    Ok(Question::ALL.into_iter().filter(asked).collect())
}
