//! Runs a job on its own thread, with Ctrl-C as stop and its events as output.

use std::path::Path;
use std::sync::mpsc;

use anyhow::{Context as _, anyhow};
use spat_engine::platform::engine_thread;
use spat_engine::{Control, Job, JobError};
use spat_host::RunFolder;
use spat_spec::{Command, Event, Report};

use crate::args::TalkArgs;
use crate::command_line;
use crate::failure::Stopped;
use crate::hints::Advice;
use crate::output;
use crate::progress::{Lines, View};

/// Runs the job to its report.
pub(crate) fn drive(job: Job, folder: RunFolder, talk: TalkArgs) -> anyhow::Result<Report> {
    let path = folder.store.folder().to_owned();
    let lines = Lines::new(talk);
    let (commands, inbox) = mpsc::channel();
    stop_on_interrupt(&commands, &lines)?;
    let engine = engine_thread("engine")
        .spawn(move || work(&job, folder, inbox, &commands, lines, talk))
        .context("cannot start the engine's thread")?;
    match engine.join() {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(explained(error, &path)),
        // The thread has printed its panic.
        Err(_) => Err(
            anyhow!("the engine panicked; this is a bug in spat, please report it")
                .context(Advice(advice(&path))),
        ),
    }
}

fn work(
    job: &Job,
    mut folder: RunFolder,
    inbox: mpsc::Receiver<Command>,
    commands: &mpsc::Sender<Command>,
    lines: Lines,
    talk: TalkArgs,
) -> Result<Report, JobError> {
    let mut view = View::new(lines, talk);
    let mut read = true;
    let mut control = Control::new(inbox, move |event: Event| {
        view.show(&event);
        if talk.json && read {
            read = output::json_line(&event).unwrap_or(false);
            if !read {
                // Nobody reads standard output any more: stop, so that the run can be resumed.
                commands.send(Command::Stop).ok();
            }
        }
    });
    pollster::block_on(spat_engine::run(job, &mut folder.store, &mut control))
}

/// The first Ctrl-C stops the run after the current step, the second ends the process.
fn stop_on_interrupt(commands: &mpsc::Sender<Command>, lines: &Lines) -> anyhow::Result<()> {
    let (commands, lines) = (commands.clone(), lines.clone());
    let mut asked = false;
    ctrlc::set_handler(move || {
        if asked {
            // Files are replaced atomically, so the last checkpoint is intact.
            std::process::exit(1);
        }
        asked = true;
        commands.send(Command::Stop).ok();
        lines.note("stopping after this step… press Ctrl-C again to end at once");
    })
    .context("cannot listen for Ctrl-C")
}

fn explained(error: JobError, path: &Path) -> anyhow::Error {
    match error {
        JobError::Stopped => Stopped(format!(
            "stopped; resume with: {}",
            command_line::resume(path)
        ))
        .into(),
        // Resuming would fail with the same error.
        error @ (JobError::Diverged { .. } | JobError::Plan(_)) => error.into(),
        error => anyhow::Error::new(error).context(Advice(advice(path))),
    }
}

fn advice(path: &Path) -> String {
    if !path.join("experiment.json").is_file() {
        return format!(
            "the run folder `{}` was removed, so the run is lost; start it again",
            path.display()
        );
    }
    format!(
        "completed work is kept; resume with: {}",
        command_line::resume(path)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_claimed_to_be_kept_where_the_folder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(advice(folder.path()).contains("the run is lost"));
        std::fs::write(folder.path().join("experiment.json"), "{}").unwrap();
        assert!(advice(folder.path()).contains("--resume"));
    }
}
