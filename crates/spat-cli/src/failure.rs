//! Exit codes and output of errors.

use std::process::ExitCode;

use spat_engine::device::DeviceError;
use spat_engine::{JobError, StoreError};
use spat_host::RunFolderError;
use spat_model::{BackboneError, ImportError, WeightError};
use spat_series::{ReadError, SeriesError, SplitError};
use spat_serve::ServeError;
use spat_spec::{CheckpointError, ConfigError, Event, PlanError, StructureError};
use spat_study::StudyError;
use thiserror::Error;

use crate::{hints, output};

/// An error in the command line or in a file, which the user can correct.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct InputError(pub(crate) String);

/// An [`InputError`] as an `anyhow::Error`.
pub(crate) fn input(message: impl Into<String>) -> anyhow::Error {
    InputError(message.into()).into()
}

/// A run that was stopped and can be resumed. The message contains the command.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Stopped(pub(crate) String);

/// Prints the error and returns the exit code. With `json`, a last event contains it too, unless the
/// engine has emitted it.
pub(crate) fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    let reported = error
        .chain()
        .any(|cause| cause.is::<Stopped>() || cause.is::<JobError>());
    if json && !reported {
        // The error is printed to standard error in any case.
        output::json_line(&Event::Failed {
            message: whole(error),
        })
        .ok();
    }
    match error.downcast_ref::<Stopped>() {
        Some(stopped) => output::note(&stopped.0),
        None => output::error(&whole(error)),
    }
    ExitCode::from(if is_input(error) { 2 } else { 1 })
}

/// All causes, and the flag that helps.
fn whole(error: &anyhow::Error) -> String {
    match hints::hint(error) {
        Some(hint) => format!("{} ({hint})", chain(error)),
        None => chain(error),
    }
}

/// All causes on one line, from the outside in.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Advice has no text here, and some errors already contain their cause.
        if cause.is_empty() || text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

/// Whether the cause is the user's input.
fn is_input(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<InputError>()
            || cause.is::<ReadError>()
            || cause.is::<SeriesError>()
            || cause.is::<SplitError>()
            || cause.is::<ConfigError>()
            || cause.is::<CheckpointError>()
            || cause.is::<StructureError>()
            || cause.is::<ImportError>()
            || cause.is::<WeightError>()
            || cause.is::<BackboneError>()
            || cause.is::<DeviceError>()
            || cause
                .downcast_ref::<ServeError>()
                .is_some_and(serve_is_input)
            || cause.downcast_ref::<PlanError>().is_some_and(plan_is_input)
            || cause
                .downcast_ref::<StoreError>()
                .is_some_and(store_is_input)
            || cause
                .downcast_ref::<RunFolderError>()
                .is_some_and(RunFolderError::is_input)
            || cause.downcast_ref::<JobError>().is_some_and(job_is_input)
            || cause
                .downcast_ref::<StudyError>()
                .is_some_and(study_is_input)
    })
}

/// The engine passes errors of other crates on as its own, so they are not in the chain.
fn job_is_input(error: &JobError) -> bool {
    match error {
        JobError::Config(_)
        | JobError::Split(_)
        | JobError::Mismatch(_)
        | JobError::Structure(_)
        | JobError::Weights(_)
        | JobError::Backbone(_)
        | JobError::Checkpoint(_)
        | JobError::RunFile { .. } => true,
        JobError::Plan(error) => plan_is_input(error),
        JobError::Store(error) => store_is_input(error),
        _ => false,
    }
}

fn study_is_input(error: &StudyError) -> bool {
    match error {
        StudyError::Config(_) | StudyError::Structure(_) | StudyError::Damaged { .. } => true,
        StudyError::Task { error, .. } | StudyError::Table { error, .. } => job_is_input(error),
        _ => false,
    }
}

fn plan_is_input(error: &PlanError) -> bool {
    !matches!(error, PlanError::NotFinite { .. })
}

/// Addresses, ports and folders come from the command line.
fn serve_is_input(error: &ServeError) -> bool {
    !matches!(
        error,
        ServeError::Listen { .. } | ServeError::Engine(_) | ServeError::NoRandomness(_)
    )
}

fn store_is_input(error: &StoreError) -> bool {
    matches!(error, StoreError::Exists(_) | StoreError::NoRun(_))
}
