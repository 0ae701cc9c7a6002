//! `spat study task`: some tasks of a study, in a process that a queueing system has started.

use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::thread;

use anyhow::{Context as _, anyhow};
use spat_engine::platform::engine_thread;
use spat_study::{StudyEnvironment, StudyError, Threads, WantedItem, wanted_of_wave};

use crate::args::{BackboneArgs, TaskArgs};
use crate::failure::input;
use crate::task_inputs::TaskInputs;
use crate::{backbone, device, output};

/// The variable with an entry of HyperQueue's `--from-json`.
const ENTRY: &str = "HQ_ENTRY";

/// The variable with the number of an element of Slurm's job arrays.
const ELEMENT: &str = "SLURM_ARRAY_TASK_ID";

/// Executes the tasks and stores their results in the study's folder. Takes no lock: several processes may execute
/// the same task, and store the same bytes.
pub(crate) fn task(args: &TaskArgs) -> anyhow::Result<ExitCode> {
    device::set_threads(Some(args.device.threads.unwrap_or(1)))?;
    let wanted = wanted(args)?;
    for wanted in &wanted {
        if wanted.item.key() != wanted.key {
            return Err(input(
                "the study was started by another version of this program; install the same on all machines",
            ));
        }
    }
    let inputs = TaskInputs::read(&args.run)?;
    for recipe in wanted.iter().filter_map(|wanted| wanted.item.task.recipe()) {
        if let Some(forecaster) = recipe.forecaster() {
            let place = std::slice::from_ref(&inputs.backbone);
            backbone::require(forecaster, &BackboneArgs::default(), place)?;
        }
    }
    let (device, facts, _) = device::choose(args.device.device)?;
    let stop = AtomicBool::new(false);
    let environment = StudyEnvironment {
        folder: Some(&args.run),
        device,
        device_facts: facts,
        engine: &Threads(1),
        command: String::new(),
        on_event: &|_| (),
        stop: &stop,
    };
    let executor = environment.executor(&inputs)?;
    let failed = thread::scope(|scope| {
        let work = || {
            let mut failed: Vec<(String, StudyError)> = Vec::new();
            for wanted in &wanted {
                if let Err(error) = executor.compute(wanted) {
                    failed.push((wanted.item.label(), error));
                }
            }
            failed
        };
        let engine = engine_thread("task")
            .spawn_scoped(scope, work)
            .context("cannot start the task's thread")?;
        engine
            .join()
            .map_err(|_| anyhow!("the task panicked; this is a bug in spat, please report it"))
    })?;
    for (label, error) in &failed {
        let error = error.to_string();
        // Most messages start with the task.
        if error.starts_with(label.as_str()) {
            output::error(&error);
        } else {
            output::error(&format!("{label}: {error}"));
        }
    }
    Ok(ExitCode::from(u8::from(!failed.is_empty())))
}

/// The tasks that the arguments and the environment name.
fn wanted(args: &TaskArgs) -> anyhow::Result<Vec<WantedItem>> {
    let Some(wave) = &args.wave else {
        let entry = std::env::var(ENTRY).map_err(|_| {
            input(format!(
                "no task is given: HyperQueue sets {ENTRY}, and Slurm needs --wave; start the study with `spat study \
                 --engine`, which submits its tasks"
            ))
        })?;
        let wanted = serde_json::from_str(&entry)
            .map_err(|error| input(format!("{ENTRY} is not a task of this version: {error}")))?;
        return Ok(vec![wanted]);
    };
    let element = match args.index {
        Some(index) => index,
        None => std::env::var(ELEMENT)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| input(format!("give --index, or the variable {ELEMENT}")))?,
    };
    let all = wanted_of_wave(&args.run, wave)?;
    let count = all.len();
    let wanted: Vec<WantedItem> = all
        .into_iter()
        .skip(element.saturating_mul(args.bundle))
        .take(args.bundle)
        .collect();
    if wanted.is_empty() {
        return Err(input(format!(
            "there is no bundle {element} of {} among the {count} tasks of the wave {wave}",
            args.bundle
        )));
    }
    Ok(wanted)
}
