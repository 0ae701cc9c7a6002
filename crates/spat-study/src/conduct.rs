//! Runs a study from its first task to its report.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use spat_engine::Device;
use spat_engine::platform::write_atomically;
use spat_series::Series;
use spat_spec::{
    DepthReport, DepthTimings, DeviceFacts, GroundTruthStudy, MOST_ORACLE_MODULES, PointTiming,
    Question, Study, StudyReport, StudyTimings,
};

use crate::arithmetic::Arithmetic;
use crate::cache::Cache;
use crate::context::StudyContext;
use crate::datasets::{Datasets, TableSource};
use crate::engine::Engine;
use crate::error::StudyError;
use crate::executor::{Executor, StudyEvent};
use crate::findings::findings;
use crate::questions::{
    adaptive, finetuning, ground_truth, heads, iterative, rankings, stability, subsets, sweep,
    transfer, uniformity,
};
use crate::runner::Runner;
use crate::subsets::Subset;

/// The result.
pub const REPORT_FILE: &str = "study.json";

/// Everything that determines the result; a folder with this file can be resumed.
pub const STUDY_FILE: &str = "config.json";

/// Measured times.
pub const TIMINGS_FILE: &str = "timings.json";

/// Number of rounds in which all structures of a depth are timed.
const ROUNDS: usize = 15;

/// Environment of a study's run; nothing of it affects a result.
pub struct StudyEnvironment<'a> {
    /// The folder of the study; without one, results are only returned.
    pub folder: Option<&'a Path>,
    /// Compute device, without autodiff.
    pub device: Device,
    /// Description of the device.
    pub device_facts: DeviceFacts,
    /// Executes tasks.
    pub engine: &'a dyn Engine,
    /// The command that reproduces the result.
    pub command: String,
    /// Receives all events, on several threads.
    pub on_event: &'a (dyn Fn(StudyEvent) + Sync),
    /// Set to stop the study; finished tasks are kept.
    pub stop: &'a AtomicBool,
}

impl<'a> StudyEnvironment<'a> {
    /// Executes items on these tables.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn executor<'e>(&self, tables: &'e dyn TableSource) -> Result<Executor<'e>, StudyError>
    where
        'a: 'e,
    {
        Ok(Executor {
            cache: Cache::new(self.folder)?,
            datasets: Datasets::new(tables, self.device.clone()),
            engine: self.engine,
            on_event: self.on_event,
            stop: self.stop,
            known: Mutex::new(HashMap::new()),
            arithmetic: Arithmetic::here(&self.device_facts),
            of_results: Mutex::default(),
        })
    }
}

/// Answers a study's questions on its tables, which are in the order of [`Study::tables`]. Resumes from the
/// content of the folder. When it returns, the report, the timings and the page are in the folder.
///
/// # Errors
/// [`StudyError::Stopped`] after a stop; otherwise the failure.
pub fn conduct(
    study: &Study,
    tables: Vec<Series>,
    environment: &StudyEnvironment<'_>,
) -> Result<(StudyReport, StudyTimings), StudyError> {
    study.check()?;
    if tables.len() != study.tables.len() {
        return Err(StudyError::Mismatch(format!(
            "the study names {} tables, but {} are given",
            study.tables.len(),
            tables.len()
        )));
    }
    let facts = study.tables.iter().map(|facts| facts.sha256.clone());
    let tables: BTreeMap<String, Series> = facts.zip(tables).collect();
    let executor = environment.executor(&tables)?;
    executor.cache.remove_abandoned();
    let runner = Runner {
        executor: &executor,
        data: study.base.data.clone(),
    };
    // Unfit tables are refused before anything is trained.
    for facts in &study.tables {
        let prepared = runner.trial_runner(&facts.sha256, &study.base.forecaster);
        prepared.map_err(|error| error.of_table(&facts.name))?;
    }
    let first = &study.tables[0];
    let data = runner
        .trial_runner(&first.sha256, &study.base.forecaster)?
        .facts(&first.name);
    let contexts: Vec<StudyContext<'_>> = study
        .depths
        .iter()
        .map(|&layers| StudyContext::new(study, &runner, &first.sha256, layers))
        .collect();

    (environment.on_event)(StudyEvent::Part("dense models".to_owned()));
    let dense = contexts
        .iter()
        .flat_map(|context| context.seeds().map(|seed| context.dense(seed)));
    runner.ask_models(&dense.collect::<Vec<_>>())?;

    let mut report = StudyReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: environment.command.clone(),
        hash: study.hash(),
        study: study.clone(),
        data,
        findings: Vec::new(),
        depths: Vec::new(),
        ground_truth: Vec::new(),
        transfers: Vec::new(),
    };
    for context in &contexts {
        report.depths.push(depth(context, environment)?);
    }
    if study.asks(Question::GroundTruth) {
        (environment.on_event)(StudyEvent::Part("modules with a known order".to_owned()));
        let known_order = GroundTruthStudy {
            seeds: study.seeds.clone(),
            steps: study.ground_truth_steps,
            send: study.send(),
        };
        report.ground_truth = vec![ground_truth::measure(&known_order, &runner)?];
    }
    if study.asks(Question::ZeroShot) && study.tables.len() > 1 {
        (environment.on_event)(StudyEvent::Part("zero-shot".to_owned()));
        report.transfers = transfer::matrix(study, &runner)?;
    }
    report.findings = findings(&report);

    let timings = timings(&contexts, &runner, environment)?;
    if let Some(folder) = environment.folder {
        let page = spat_report::study_html(&report, Some(&timings));
        let text = spat_report::study_markdown(&report, Some(&timings));
        write_views(folder, "study", &report, &page, &text)?;
    }
    Ok((report, timings))
}

/// All questions about one depth.
pub(crate) fn depth(
    context: &StudyContext<'_>,
    environment: &StudyEnvironment<'_>,
) -> Result<DepthReport, StudyError> {
    let part = |name: &str| {
        (environment.on_event)(StudyEvent::Part(format!(
            "{} modules, {name}",
            context.count_modules()
        )));
    };
    part("fine-tuning alone");
    context.tune(context.seeds().map(|seed| (seed, Subset::NONE)))?;
    let mut report = DepthReport {
        module_count: context.count_modules(),
        measure: context.measure(),
        modules: context.modules.clone(),
        dense: context.error_spread(|seed| Ok(context.dense(seed)))?,
        dense_finetuned: context.error_spread(|seed| Ok(context.tuned(seed, Subset::NONE)))?,
        subsets: Vec::new(),
        single_val: Vec::new(),
        single_test: Vec::new(),
        rankings: Vec::new(),
        random: Vec::new(),
        options: Vec::new(),
        sweep: Vec::new(),
        iterative: Vec::new(),
        heads: Vec::new(),
        adaptive: Vec::new(),
        finetuning: Vec::new(),
        stability: None,
        uniformity: None,
    };
    if context.asks(Question::Oracle) && context.count_modules() <= MOST_ORACLE_MODULES {
        part("every subset");
        report.subsets = subsets::every_subset(context)?;
    }
    let ranked = [
        Question::Oracle,
        Question::BaselineScorers,
        Question::Options,
    ];
    if ranked.into_iter().any(|question| context.asks(question)) {
        part("single modules");
        (report.single_val, report.single_test) = subsets::single_modules(context)?;
    }
    if context.asks(Question::Oracle) || context.asks(Question::BaselineScorers) {
        part("SEND and the baseline scorers");
        let mut methods = rankings::baseline_scorers(context);
        if !context.asks(Question::BaselineScorers) {
            methods.truncate(1);
        }
        report.rankings = rankings::rank(context, &methods, &report)?;
        report.random = rankings::random(context, &report)?;
    }
    if context.asks(Question::Options) {
        part("options of SEND");
        report.options = rankings::rank(context, &rankings::options(context), &report)?;
    }
    if context.asks(Question::Sweep) {
        part("ratio sweep");
        report.sweep = sweep::sweep(context)?;
    }
    if context.asks(Question::Iterative) {
        part("iterative against one-shot");
        report.iterative = iterative::compare(context)?;
    }
    if context.asks(Question::Heads) {
        part("heads against modules");
        report.heads = heads::compare(context)?;
    }
    if context.asks(Question::Adaptive) {
        part("numbers chosen by rules");
        report.adaptive = adaptive::compare(context)?;
    }
    if context.asks(Question::Finetuning) {
        part("ways to fine-tune");
        report.finetuning = finetuning::compare(context)?;
    }
    if context.asks(Question::Stability) {
        part("stability of the ranking");
        report.stability = stability::measure(context)?;
    }
    if context.asks(Question::Uniformity) {
        part("uniform attention");
        report.uniformity = uniformity::measure(context)?;
    }
    Ok(report)
}

/// Times of every number of modules, measured while nothing else runs; times in the folder are kept.
fn timings(
    contexts: &[StudyContext<'_>],
    runner: &Runner<'_>,
    environment: &StudyEnvironment<'_>,
) -> Result<StudyTimings, StudyError> {
    if let Some(known) = environment
        .folder
        .and_then(|folder| std::fs::read(folder.join(TIMINGS_FILE)).ok())
        .and_then(|bytes| serde_json::from_slice::<StudyTimings>(&bytes).ok())
    {
        return Ok(known);
    }
    (environment.on_event)(StudyEvent::Part("times".to_owned()));
    let mut depths = Vec::new();
    for context in contexts {
        let of = context.forecasting()?;
        let trial_runner = runner.trial_runner(&of.table, &of.dense.forecaster)?;
        let counts: Vec<usize> = (0..=context.count_modules()).collect();
        let structures = counts
            .iter()
            .map(|&count| {
                let gone = (context.count_modules() - count..context.count_modules()).collect();
                context.removal(gone).from(of.dense.clone())
            })
            .collect::<Result<Vec<_>, _>>()?;
        let training = &of.study.base.training;
        let measured = pollster::block_on(trial_runner.times(&structures, training, ROUNDS));
        let measured = measured.map_err(|error| StudyError::Task {
            task: "measuring times".to_owned(),
            error: Box::new(error),
        })?;
        let points = counts.into_iter().zip(measured);
        depths.push(DepthTimings {
            module_count: context.count_modules(),
            points: points
                .map(|(count, times)| PointTiming {
                    count,
                    step_ms: times.step_ms,
                    infer_ms: times.infer_ms,
                })
                .collect(),
        });
    }
    let timings = StudyTimings {
        device: environment.device_facts.clone(),
        depths,
    };
    if let Some(folder) = environment.folder {
        write_json(folder, TIMINGS_FILE, &timings)?;
    }
    Ok(timings)
}

/// Writes the report, the page and its Markdown as files with this name.
pub(crate) fn write_views(
    folder: &Path,
    name: &str,
    report: &impl serde::Serialize,
    page: &str,
    text: &str,
) -> Result<(), StudyError> {
    write_json(folder, &format!("{name}.json"), report)?;
    write_atomically(&folder.join(format!("{name}.html")), page.as_bytes())?;
    let text_path = folder.join(format!("{name}.md"));
    Ok(write_atomically(&text_path, text.as_bytes())?)
}

fn write_json(folder: &Path, name: &str, value: &impl serde::Serialize) -> Result<(), StudyError> {
    let path = folder.join(name);
    let text = serde_json::to_vec_pretty(value).map_err(|error| StudyError::Damaged {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(write_atomically(&path, &text)?)
}
