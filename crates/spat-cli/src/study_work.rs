//! Runs a study of any kind and shows its result.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use spat_engine::platform::engine_thread;
use spat_study::{StudyError, StudyEvent};

use crate::failure::Stopped;
use crate::hints::Advice;
use crate::output;
use crate::study_file::again;
use crate::study_progress::StudyView;

/// Number of concurrent tasks, for a message.
pub(crate) fn at_once(tasks: usize) -> String {
    format!(
        "{tasks} {} at once",
        if tasks == 1 { "task" } else { "tasks" }
    )
}

/// The study's folder, and what executes its tasks.
pub(crate) fn tell_place(folder: &Path, executed: &str) {
    output::note(&format!("study folder {}, {executed}", folder.display()));
}

/// Runs a study on a thread with a large stack, with a progress display, until it ends or Ctrl-C.
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
        let engine = engine_thread("study")
            .spawn_scoped(scope, || work(&watch, &stop))
            .context("cannot start the study's thread")?;
        engine
            .join()
            // The thread has printed its panic.
            .map_err(|_| anyhow!("the study panicked; this is a bug in spat, please report it"))
    })?;
    view.end();
    result.map_err(|error| explained(error, folder, command))
}

/// The report as JSON or as tables, and the path of the page.
pub(crate) fn show(
    report: &impl Serialize,
    tables: &str,
    page: &Path,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if json {
        output::json(report)?;
    } else {
        output::result(&format!("{tables}\n\nstudy: {}\n", page.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The first Ctrl-C stops the study after the current tasks, the second ends the process.
fn stop_on_interrupt(stop: &Arc<AtomicBool>, view: &StudyView) -> anyhow::Result<()> {
    let (stop, view) = (stop.clone(), view.clone());
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            // Files are replaced atomically, so they are intact.
            std::process::exit(1);
        }
        view.note("stopping… press Ctrl-C again to end at once");
    })
    .context("cannot listen for Ctrl-C")
}

fn explained(error: StudyError, folder: &Path, command: &str) -> anyhow::Error {
    match error {
        StudyError::Stopped => {
            Stopped(format!("stopped; resume with: {}", again(command, folder))).into()
        }
        error @ StudyError::Config(_) => error.into(),
        error => anyhow::Error::new(error).context(Advice(format!(
            "completed tasks are kept; resume with: {}",
            again(command, folder)
        ))),
    }
}
