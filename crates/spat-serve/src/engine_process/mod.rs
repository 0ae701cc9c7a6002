//! The engine of the host in a process of its own, so that a computation that hangs, aborts or takes too much
//! memory ends that process and not the server.
//!
//! The server writes turns and control commands to the process's standard input and reads messages from its
//! standard output (`messages`). `child` is the process's side. A process that ended, or gave no sign of life
//! for too long, is dropped, which kills it, and the server starts another one.

mod child;
mod messages;
mod table_limits;

use std::ffi::OsString;
use std::io::{self, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command as Program, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use spat_spec::{Command, EngineMessage, FrameError, read_frame, write_frame};
use thiserror::Error;

pub use child::run_engine_process;
pub(crate) use messages::TurnRequest;
use messages::{ProcessMessage, ProcessRequest};
pub(crate) use table_limits::TableLimits;

/// Longest message that the server reads, in bytes.
const MAX_MESSAGE: u64 = 1 << 30;

/// Messages that the process may be ahead of the server.
const QUEUED_MESSAGES: usize = 64;

/// Interval at which the time without a sign of life is measured.
const POLL: Duration = Duration::from_millis(100);

/// How long a process without a turn may take to exit.
const EXIT_TIMEOUT: Duration = Duration::from_secs(2);

/// The command that starts an engine process. The program calls [`run_engine_process`].
#[derive(Debug, Clone)]
pub struct EngineCommand {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Environment variables that it has in addition to those of this process.
    pub variables: Vec<(&'static str, &'static str)>,
    /// How long the process may compute without a sign of life before it is killed. It gives one with every
    /// message and every batch, so this must be longer than reading a table and the longest batch take.
    pub timeout: Duration,
}

/// Why a turn did not end.
#[derive(Debug, Error)]
pub(crate) enum ProcessFailure {
    #[error("could not be started ({0})")]
    NotStarted(io::Error),
    #[error("ended unexpectedly ({0})")]
    Ended(ExitStatus),
    #[error("gave no sign of life for {} seconds and was killed", .0.as_secs())]
    Silent(Duration),
    #[error("was killed after an error of its connection ({0})")]
    Connection(FrameError),
}

/// Bytes to write, and the control commands that follow until the turn ends.
type QueuedTurn = (Vec<u8>, Receiver<Command>);

/// A running engine process. Dropping it kills the process.
pub(crate) struct EngineProcess {
    child: Child,
    /// `None` closes the process's input.
    turns: Option<Sender<QueuedTurn>>,
    messages: Receiver<Result<ProcessMessage, FrameError>>,
}

impl EngineProcess {
    pub(crate) fn start(command: &EngineCommand) -> Result<Self, ProcessFailure> {
        let mut program = Program::new(&command.program);
        program
            .args(&command.arguments)
            .envs(command.variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        separate_from_terminal(&mut program);
        let mut start = || {
            let mut child = program.spawn()?;
            let pipes = child.stdin.take().zip(child.stdout.take());
            let (input, output) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
            let (turns, queue) = channel();
            let (sink, messages) = sync_channel(QUEUED_MESSAGES);
            let process = Self {
                child,
                turns: Some(turns),
                messages,
            };
            spawn("engine input", move || write_turns(input, &queue))?;
            spawn("engine output", move || read_messages(output, &sink))?;
            Ok(process)
        };
        start().map_err(ProcessFailure::NotStarted)
    }

    /// Whether it has ended although no turn runs.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Runs a turn. `table` is the table of a new run; `commands` are delivered to the running job.
    /// `handle` is called with messages to the visitor, and with `None` for other signs of life. `timeout` is
    /// the longest time without one.
    pub(crate) fn run_turn(
        &mut self,
        turn: TurnRequest,
        table: &[u8],
        commands: Receiver<Command>,
        timeout: impl Fn() -> Duration,
        mut handle: impl FnMut(Option<EngineMessage>),
    ) -> Result<(), ProcessFailure> {
        let mut bytes = Vec::new();
        let request = ProcessRequest::Turn(Box::new(turn));
        write_frame(&mut bytes, &request, table).map_err(ProcessFailure::Connection)?;
        if let Some(turns) = &self.turns {
            // If the process has ended, its output has too.
            turns.send((bytes, commands)).ok();
        }
        // Counted in intervals, so that time in which the computer sleeps does not count.
        let mut silence = Duration::ZERO;
        loop {
            match self.messages.recv_timeout(POLL) {
                Ok(Ok(ProcessMessage::TurnEnded)) => return Ok(()),
                Ok(Ok(ProcessMessage::Visitor(message))) => handle(Some(*message)),
                Ok(Ok(ProcessMessage::Alive)) => handle(None),
                Ok(Err(error)) => return Err(ProcessFailure::Connection(error)),
                Err(RecvTimeoutError::Timeout) => {
                    silence += POLL;
                    let timeout = timeout();
                    if silence >= timeout {
                        return Err(ProcessFailure::Silent(timeout));
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    // Its output has ended, so it is exiting or useless.
                    self.child.kill().ok();
                    let status = self.child.wait().map_err(FrameError::from);
                    return Err(match status {
                        Ok(status) => ProcessFailure::Ended(status),
                        Err(error) => ProcessFailure::Connection(error),
                    });
                }
            }
            silence = Duration::ZERO;
        }
    }

    /// Ends the process, which runs no turn.
    pub(crate) fn close(mut self) {
        // It exits when its input ends.
        self.turns = None;
        let start = Instant::now();
        while start.elapsed() < EXIT_TIMEOUT && !self.has_ended() {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        // Fails if it has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(work).map(drop)
}

/// Writes turns and their control commands until the process or the sender is gone. On a thread of its own,
/// because a process that hangs reads nothing.
fn write_turns(mut input: ChildStdin, turns: &Receiver<QueuedTurn>) {
    while let Ok((turn, commands)) = turns.recv() {
        if input.write_all(&turn).and_then(|()| input.flush()).is_err() {
            return;
        }
        for command in commands {
            if write_frame(&mut input, &ProcessRequest::Control(command), &[]).is_err() {
                return;
            }
        }
    }
}

/// Reads messages until the output ends or is invalid.
fn read_messages(output: ChildStdout, sink: &SyncSender<Result<ProcessMessage, FrameError>>) {
    let mut output = BufReader::new(output);
    while let Some(message) = read_frame(&mut output, MAX_MESSAGE).transpose() {
        let message = message.map(|(message, _)| message);
        let is_last = message.is_err();
        if sink.send(message).is_err() || is_last {
            return;
        }
    }
}

/// Keeps Ctrl-C of the server's terminal from the process: the server stops its job at a checkpoint.
fn separate_from_terminal(program: &mut Program) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(program, 0);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        std::os::windows::process::CommandExt::creation_flags(program, CREATE_NEW_PROCESS_GROUP);
    }
}
