//! The thread that owns the device and runs one turn after the other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use spat_engine::session::{EngineSession, JobControl, TABLE};
use spat_host::RunsFolder;
use spat_series::ReadOptions;
use spat_spec::{Command, EngineMessage, EngineRequest, Event};

use super::SharedEngine;
use super::scheduler::Turn;
use super::table_limits;
use crate::auth::VisitorId;

/// How long the last session stays open while no other visitor needs the device.
const SESSION_TTL: Duration = Duration::from_secs(1);

/// The session of the last turn, with the run that it has open.
struct ActiveSession {
    visitor: VisitorId,
    run: String,
    session: EngineSession<RunsFolder>,
    /// The options with which the table is known to be within the limits.
    checked: Option<ReadOptions>,
}

/// Runs turns until the engine is closed.
pub(super) fn run(engine: &Arc<SharedEngine>) {
    let control = JobControl::default();
    let mut active: Option<ActiveSession> = None;
    while !engine.is_closed() {
        let limit = active.as_ref().map(|_| SESSION_TTL);
        let Some(turn) = engine.wait_for_turn(&control, limit) else {
            // Closes the run's folder, so that the visitor can delete it.
            active = None;
            continue;
        };
        let matches_turn =
            |active: &ActiveSession| active.visitor == turn.visitor && active.run == turn.open.run;
        let reusable = active.take().filter(matches_turn);
        let result = catch_unwind(AssertUnwindSafe(|| {
            pollster::block_on(run_turn(engine, &control, reusable, &turn))
        }));
        match result {
            Ok(session) => active = session,
            Err(panic) => fail(engine, panic_message(&*panic)),
        }
        engine.end_turn(&turn);
    }
}

/// Runs the turn's command in `active`, or in a new session. `None`: the run could not be opened.
async fn run_turn(
    engine: &Arc<SharedEngine>,
    control: &JobControl,
    active: Option<ActiveSession>,
    turn: &Turn,
) -> Option<ActiveSession> {
    let mut active = match active {
        Some(active) => active,
        None => open_session(engine, control, turn).await?,
    };
    if let Command::Train { experiment } | Command::Prune { experiment } = &turn.command
        && active.checked.as_ref() != Some(&experiment.data.read)
    {
        let read = &experiment.data.read;
        if let Some(table) = table(engine, turn)
            && let Err(message) = table_limits::check(&table, read, &engine.rules)
        {
            fail(engine, message);
            return Some(active);
        }
        active.checked = Some(read.clone());
    }
    let request = EngineRequest::Command(turn.command.clone());
    active.session.handle(request, None).await;
    Some(active)
}

/// The table of the turn's run. `None`: it cannot be read, which the session reports.
fn table(engine: &SharedEngine, turn: &Turn) -> Option<Vec<u8>> {
    match &turn.open.upload {
        Some(upload) => upload.read().ok(),
        None => engine
            .runs_of(turn.visitor)
            .read(&turn.open.run, TABLE)
            .ok()?,
    }
}

async fn open_session(
    engine: &Arc<SharedEngine>,
    control: &JobControl,
    turn: &Turn,
) -> Option<ActiveSession> {
    let upload = turn.open.upload.as_ref();
    let bytes = match upload.map(|upload| upload.read()).transpose() {
        Ok(bytes) => bytes,
        Err(error) => {
            fail(
                engine,
                format!("the server cannot read the uploaded table ({error}); load it again"),
            );
            return None;
        }
    };
    let receiver = Arc::clone(engine);
    let mut session = EngineSession::new(
        engine.runs_of(turn.visitor),
        control.clone(),
        move |message| receiver.handle_message(message),
    );
    let request = EngineRequest::Open {
        run: turn.open.run.clone(),
        table: turn.open.table.clone(),
        engine: engine.device,
    };
    session.handle(request, bytes).await;
    (!engine.has_failed()).then(|| ActiveSession {
        visitor: turn.visitor,
        run: turn.open.run.clone(),
        session,
        checked: None,
    })
}

fn fail(engine: &SharedEngine, message: String) {
    engine.handle_message(EngineMessage::Event(Box::new(Event::Failed { message })));
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "the engine panicked ({}); other visitors are not affected, and saved progress is kept",
        message.unwrap_or("without a message")
    )
}
