//! `spat study --domain` and `spat study --ground-truth`: studies without a table.

use std::path::Path;
use std::process::ExitCode;

use clap::ArgMatches;
use spat_engine::device::DeviceChoice;
use spat_spec::{
    ClassifierSize, ClassifierStudy, Domain, GroundTruthStudy, PruneRule, Question, SyntheticStudy,
};
use spat_study::{StudyEnvironment, Threads, conduct_synthetic};

use crate::args::{StudyArgs, WhatArgs};
use crate::failure::input;
use crate::study_engine::{StudyEngine, chosen};
use crate::study_file::open;
use crate::study_work::{carried_out, show, tell_place};
use crate::task_inputs::TaskInputs;
use crate::{command_line, device, run_folder};

/// Flags of scoring, and of how and where the study runs.
const ALWAYS: &[&str] = &[
    "domain",
    "ground_truth",
    "seeds",
    "seed",
    "quick",
    "full",
    "steps",
    "score",
    "mask",
    "sign",
    "deviation",
    "scaling",
    "accumulate",
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

/// Flags of classifiers.
const OF_CLASSIFIERS: &[&str] = &[
    "layers",
    "only",
    "scorers",
    "ratio",
    "rounding",
    "draws",
    "score_batches",
    "finetune_steps",
    "width",
    "ff",
    "heads",
    "dropout",
    "batch",
    "learning_rate",
];

/// Starts or resumes a study without a table.
pub(crate) fn study(args: &StudyArgs, given: Option<&ArgMatches>) -> anyhow::Result<ExitCode> {
    refuse_foreign(args, given)?;
    if args.device.device == DeviceChoice::Gpu {
        return Err(input(
            "studies without a table compute on the CPU; leave --device out",
        ));
    }
    let study = of(args);
    study.check()?;
    let folder = args.run.clone().unwrap_or_else(|| {
        let name = run_folder::default_folder(name(args), "study", &study.hash());
        Path::new("studies").join(name.file_name().unwrap_or_default())
    });
    let engine = StudyEngine::new(args, &folder)?;
    let file = open(args, &folder, study, given)?;
    let _lock = run_folder::lock(&folder)?;
    let (device, facts, _) = device::choose(DeviceChoice::Cpu)?;
    // The models are so small that several fit in any memory.
    let workers = facts.threads;
    if engine.is_queue() {
        TaskInputs::default().write(&folder)?;
    }
    if !args.quiet {
        tell_place(&folder, &engine.description(workers));
    }
    let again = engine.command(&file.command, given);
    let report = carried_out(args.quiet, &folder, &again, |watch, stop| {
        let external = engine.external();
        let threads = Threads(workers);
        let place = StudyEnvironment {
            folder: Some(&folder),
            device,
            device_facts: facts,
            engine: chosen(external.as_ref(), &threads),
            command: file.command.clone(),
            on_event: watch,
            stop,
        };
        conduct_synthetic(&file.study, &place)
    })?;
    show(
        &report,
        &spat_report::synthetic_tables(&report),
        &folder.join("study.html"),
        args.json,
    )
}

fn name(args: &StudyArgs) -> &'static str {
    match args.domain {
        Some(Domain::Text) => "text",
        Some(Domain::Images) => "images",
        None => "ground-truth",
    }
}

/// Everything that determines the result.
fn of(args: &StudyArgs) -> SyntheticStudy {
    let what = &args.what;
    let send = args.score.options();
    let Some(domain) = args.domain else {
        return SyntheticStudy::GroundTruth(GroundTruthStudy {
            seeds: what.seeds(),
            steps: what.steps.unwrap_or(if what.quick { 600 } else { 1500 }),
            send,
        });
    };
    let width = args.sizes.settings.count("width").unwrap_or(32);
    let depths = match (what.layers.is_empty(), what.quick, what.full) {
        (false, ..) => what.layers.clone(),
        (true, true, _) => vec![3],
        (true, _, true) => vec![2, 4, 6],
        (true, false, false) => vec![4],
    };
    SyntheticStudy::Classifier(Box::new(ClassifierStudy {
        domain,
        size: ClassifierSize {
            d_model: width,
            d_ff: args.sizes.settings.count("ff").unwrap_or(2 * width),
            heads: args.sizes.settings.count("heads").unwrap_or(4),
            layers: depths.first().copied().unwrap_or(1),
            dropout: args.sizes.settings.probability("dropout").unwrap_or(0.0),
        },
        depths,
        seeds: what.seeds(),
        batch: args.training.batch.unwrap_or(64),
        steps: what.steps.unwrap_or(if what.quick { 400 } else { 800 }),
        finetune_steps: what
            .finetune_steps
            .unwrap_or(if what.quick { 100 } else { 200 }),
        learning_rate: args.training.learning_rate.unwrap_or(2e-3),
        send,
        prune: PruneRule {
            ratio: what.ratio,
            rounding: what.rounding,
            ..PruneRule::default()
        },
        scorers: what.scorers(),
        questions: questions(what),
        draws: what.draws.unwrap_or(if what.quick { 5 } else { 10 }),
        score_batches: what.score_batches.unwrap_or(8),
        scratch_everywhere: what.full,
    }))
}

/// The given questions, possible or not; all that are possible if none is given.
fn questions(what: &WhatArgs) -> Vec<Question> {
    if what.only.is_empty() {
        return ClassifierStudy::QUESTIONS.to_vec();
    }
    let named = |question: &Question| what.only.contains(question);
    Question::ALL.into_iter().filter(named).collect()
}

/// A flag without effect is an error.
fn refuse_foreign(args: &StudyArgs, given: Option<&ArgMatches>) -> anyhow::Result<()> {
    let arguments = given.map(|given| command_line::given_arguments("study", given));
    let foreign = arguments.unwrap_or_default().into_iter().find(|(id, _)| {
        let id = id.as_str();
        !ALWAYS.contains(&id) && (args.ground_truth || !OF_CLASSIFIERS.contains(&id))
    });
    match foreign {
        Some((_, typed)) => Err(input(format!(
            "{typed} means nothing to a study of {}; leave it out",
            if args.ground_truth {
                "modules with a known order"
            } else {
                "another domain"
            }
        ))),
        None => Ok(()),
    }
}
