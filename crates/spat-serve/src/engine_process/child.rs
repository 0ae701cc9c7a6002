//! The engine process itself: serves the turns that the server sends.

use std::cell::Cell;
use std::io::{self, Stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use spat_engine::passes_begun;
use spat_engine::platform::engine_thread;
use spat_engine::session::{EngineSession, JobControl, TABLE};
use spat_host::RunsFolder;
use spat_series::ReadOptions;
use spat_spec::{Command, EngineMessage, EngineRequest, Event, read_frame, write_frame};

use super::messages::{ProcessMessage, ProcessRequest, TurnRequest};
use super::table_limits;
use crate::shared_engine::visitor_runs;

/// How long the last session stays open without another turn.
const SESSION_TTL: Duration = Duration::from_secs(1);

/// Interval of [`ProcessMessage::Alive`].
const ALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// Exit code after a panic of the engine's thread, as of a Rust program's main thread.
const PANICKED: i32 = 101;

/// A turn with the bytes of its frame.
type QueuedTurn = (Box<TurnRequest>, Vec<u8>);

/// The session of the last turn, with the run that it has open.
struct ActiveSession {
    runs: PathBuf,
    run: String,
    session: EngineSession<RunsFolder>,
    /// The options with which the table is known to be within the limits.
    checked: Option<ReadOptions>,
}

/// Runs the engine of a server in this process: reads turns from standard input and writes messages to
/// standard output, until the input ends. Then the process must exit, which also ends a running job; its run
/// stays at its last checkpoint.
///
/// # Errors
/// The input is invalid, or no thread can be started.
pub fn run_engine_process() -> io::Result<()> {
    // If memory is short, Linux ends this process rather than the server.
    #[cfg(target_os = "linux")]
    std::fs::write("/proc/self/oom_score_adj", "1000").ok();
    let output = Output::default();
    let control = JobControl::default();
    let (turns, queue) = channel();
    let (thread_control, thread_output) = (control.clone(), output.clone());
    engine_thread("engine").spawn(move || {
        let work = || run_turns(&queue, &thread_control, &thread_output);
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            // What the panic left is not used further. The panic handler has reported it.
            process::exit(PANICKED);
        }
    })?;
    thread::Builder::new()
        .name("alive".to_owned())
        .spawn(move || report_alive(&output))?;
    let mut input = io::stdin().lock();
    while let Some((request, bytes)) = read_frame(&mut input, u64::MAX).map_err(io::Error::other)? {
        match request {
            ProcessRequest::Turn(turn) => {
                if matches!(turn.command, Command::Train { .. } | Command::Prune { .. }) {
                    // Commands that arrive before the job begins still reach it.
                    control.expect();
                }
                for command in &turn.first_commands {
                    control.intercept(EngineRequest::Command(command.clone()));
                }
                turns.send((turn, bytes)).ok();
            }
            ProcessRequest::Control(command) => {
                control.intercept(EngineRequest::Command(command));
            }
        }
    }
    Ok(())
}

/// Standard output.
#[derive(Clone)]
struct Output(Arc<Mutex<Stdout>>);

impl Default for Output {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(io::stdout())))
    }
}

impl Output {
    fn send(&self, message: &ProcessMessage) {
        let mut stdout = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a server, the input ends too.
        write_frame(&mut *stdout, message, &[]).ok();
    }

    fn fail(&self, message: String) {
        let event = Event::Failed { message };
        self.send(&ProcessMessage::Visitor(Box::new(EngineMessage::Event(
            Box::new(event),
        ))));
    }
}

/// Reports that batches are computed.
fn report_alive(output: &Output) {
    let mut last = passes_begun();
    loop {
        thread::sleep(ALIVE_INTERVAL);
        let passes = passes_begun();
        if passes != last {
            last = passes;
            output.send(&ProcessMessage::Alive);
        }
    }
}

/// Runs one turn after the other until the sender of the queue is gone.
fn run_turns(queue: &Receiver<QueuedTurn>, control: &JobControl, output: &Output) {
    let mut active: Option<ActiveSession> = None;
    loop {
        let received = match &active {
            Some(_) => queue.recv_timeout(SESSION_TTL),
            None => queue.recv().map_err(RecvTimeoutError::from),
        };
        let (turn, bytes) = match received {
            Ok(turn) => turn,
            Err(RecvTimeoutError::Timeout) => {
                // Closes the run's folder, so that the visitor can delete it.
                active = None;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let reusable = active
            .take()
            .filter(|active| active.runs == turn.runs && active.run == turn.run);
        active = pollster::block_on(run_turn(reusable, *turn, bytes, control, output));
        control.forget();
        output.send(&ProcessMessage::TurnEnded);
    }
}

/// Runs the turn's command in `active`, or in a new session. `None`: the run could not be opened.
async fn run_turn(
    active: Option<ActiveSession>,
    turn: TurnRequest,
    bytes: Vec<u8>,
    control: &JobControl,
    output: &Output,
) -> Option<ActiveSession> {
    let uploaded = turn.is_new.then_some(bytes);
    let mut active = match active {
        Some(active) => active,
        None => open_session(&turn, uploaded.clone(), control, output).await?,
    };
    if let Command::Train { experiment } | Command::Prune { experiment } = &turn.command
        && active.checked.as_ref() != Some(&experiment.data.read)
    {
        let read = &experiment.data.read;
        // A table that cannot be read is reported by the session.
        let stored = || {
            visitor_runs(turn.runs.clone())
                .read(&turn.run, TABLE)
                .ok()?
        };
        if let Some(table) = uploaded.or_else(stored)
            && let Err(message) = table_limits::check(&table, read, &turn.limits)
        {
            output.fail(message);
            return Some(active);
        }
        active.checked = Some(read.clone());
    }
    let request = EngineRequest::Command(turn.command);
    active.session.handle(request, None).await;
    Some(active)
}

async fn open_session(
    turn: &TurnRequest,
    uploaded: Option<Vec<u8>>,
    control: &JobControl,
    output: &Output,
) -> Option<ActiveSession> {
    let failed = Rc::new(Cell::new(false));
    let (has_failed, sink) = (Rc::clone(&failed), output.clone());
    let emit = move |message: EngineMessage| {
        if let EngineMessage::Event(event) = &message
            && matches!(**event, Event::Failed { .. })
        {
            has_failed.set(true);
        }
        sink.send(&ProcessMessage::Visitor(Box::new(message)));
    };
    let runs = visitor_runs(turn.runs.clone());
    let mut session = EngineSession::new(runs, control.clone(), emit);
    let request = EngineRequest::Open {
        run: turn.run.clone(),
        table: turn.table.clone(),
        engine: turn.engine,
    };
    session.handle(request, uploaded).await;
    (!failed.get()).then(|| ActiveSession {
        runs: turn.runs.clone(),
        run: turn.run.clone(),
        session,
        checked: None,
    })
}
