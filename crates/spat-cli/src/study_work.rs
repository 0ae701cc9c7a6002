//! How a study is done and shown, whatever it is about.

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
        let engine = engine_thread("study")
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
