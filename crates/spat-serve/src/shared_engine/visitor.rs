//! One visitor: queued tasks, the open run, and the messages to send.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use spat_spec::{Command, EngineMessage, Event, Phase};
use tokio::sync::watch;

use super::fair_queue::Priority;
use super::journal::{Journal, Retention};
use super::upload::Upload;
use crate::client_key::ClientKey;

/// Largest message to a page, in bytes of JSON.
const MAX_MESSAGE: usize = 16 << 20;

/// Most tasks that a visitor may have queued.
const MAX_TASKS: usize = 16;

/// A queued task.
#[derive(Debug)]
pub(super) enum Task {
    /// Report the device.
    Find,
    /// Open a run, or report why it cannot be opened.
    Open(Result<OpenRun, String>),
    /// Run a training.
    Job(Job),
    /// Compute something with a trained model.
    Query(Command),
}

/// The open run.
#[derive(Debug, Clone)]
pub(super) struct OpenRun {
    pub(super) run: String,
    pub(super) table: String,
    /// The uploaded table, until it is stored in the run's folder; `None` for a stored run.
    pub(super) upload: Option<Arc<Upload>>,
}

/// A training, over all of its turns.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) command: Command,
    /// It has had a turn.
    pub(super) started: bool,
    pub(super) phase: Option<Phase>,
    /// The visitor paused it.
    pub(super) paused: bool,
    /// Steps to run before it pauses again.
    pub(super) steps: usize,
    /// Time on the device so far.
    pub(super) device_time: Duration,
    /// The engine process has failed in a turn of this job.
    pub(super) engine_failed: bool,
}

impl Job {
    pub(super) fn new(command: Command) -> Self {
        Self {
            command,
            started: false,
            phase: None,
            paused: false,
            steps: 0,
            device_time: Duration::ZERO,
            engine_failed: false,
        }
    }
}

pub(super) struct Visitor {
    /// The address of the last connection.
    pub(super) client: ClientKey,
    /// Number among the visitors who got a place.
    pub(super) admission: u64,
    /// Name of the open page's session; a newly loaded page starts another one.
    pub(super) session: String,
    /// Number of the last request that was received.
    pub(super) received: u64,
    pub(super) tasks: VecDeque<Task>,
    pub(super) open: Option<OpenRun>,
    /// Why the last run could not be opened.
    pub(super) open_error: Option<String>,
    /// Number of turns ahead of the next task, as last sent to the page.
    pub(super) position: Option<usize>,
    /// Number of the current connection; older ones are closed.
    pub(super) connection: u64,
    /// When the last connection ended; `None` while one is open.
    pub(super) disconnected_at: Option<Instant>,
    journal: Journal,
    /// Number of the last message; wakes the task that sends them.
    updates: watch::Sender<u64>,
}

/// A message without the field `received`, which is added when it is sent.
#[derive(Serialize)]
struct Numbered<'a> {
    number: u64,
    message: &'a EngineMessage,
}

/// JSON text of at most [`MAX_MESSAGE`] bytes.
#[derive(Default)]
struct LimitedText(Vec<u8>);

impl io::Write for LimitedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_MESSAGE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The event for a page that does not receive a message because of its size.
fn replacement(message: &EngineMessage) -> Event {
    let reason = format!(
        "a result of more than {} MB was not sent to this page; the files of the run are complete",
        MAX_MESSAGE >> 20
    );
    match message {
        // The page waits for these.
        EngineMessage::Event(event)
            if matches!(
                **event,
                Event::Done { .. }
                    | Event::Window { .. }
                    | Event::Future { .. }
                    | Event::Failed { .. }
            ) =>
        {
            Event::Failed { message: reason }
        }
        _ => Event::Warning { message: reason },
    }
}

impl Visitor {
    pub(super) fn new(session: String, client: ClientKey, admission: u64) -> Self {
        Self {
            client,
            admission,
            session,
            received: 0,
            tasks: VecDeque::new(),
            open: None,
            open_error: None,
            position: None,
            connection: 0,
            disconnected_at: None,
            journal: Journal::default(),
            updates: watch::Sender::new(0),
        }
    }

    /// Starts a new session, for another page of the same visitor.
    pub(super) fn reset(&mut self, session: String) {
        let connection = self.connection;
        let updates = std::mem::replace(&mut self.updates, watch::Sender::new(0));
        *self = Self::new(session, self.client, self.admission);
        self.connection = connection;
        // Wakes the old connection, which finds that it was replaced.
        updates.send_replace(u64::MAX);
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.updates.subscribe()
    }

    /// Whether it was disconnected for longer than `absence`.
    pub(super) fn is_absent(&self, absence: Duration, now: Instant) -> bool {
        self.disconnected_at
            .is_some_and(|since| now.saturating_duration_since(since) > absence)
    }

    /// Wakes the connection.
    pub(super) fn notify(&self) {
        self.updates.send_replace(self.journal.last());
    }

    pub(super) fn send(&mut self, message: &EngineMessage) {
        let retention = match message {
            EngineMessage::Place { .. } => Retention::LatestPosition,
            EngineMessage::Event(event) if matches!(**event, Event::Progress { .. }) => {
                Retention::LatestProgress
            }
            _ => Retention::Keep,
        };
        let numbered = Numbered {
            number: self.journal.last() + 1,
            message,
        };
        // Messages are plain data, which always has a JSON form, so an error is the limit.
        let mut text = LimitedText::default();
        match serde_json::to_writer(&mut text, &numbered) {
            Ok(()) => {
                self.journal
                    .push(retention, &String::from_utf8_lossy(&text.0));
                self.notify();
            }
            Err(_) => self.send_event(replacement(message)),
        }
    }

    pub(super) fn send_event(&mut self, event: Event) {
        self.send(&EngineMessage::Event(Box::new(event)));
    }

    pub(super) fn can_resume_after(&self, number: u64) -> bool {
        self.journal.can_resume_after(number)
    }

    /// The JSON text of the first message after `number`, with its number.
    pub(super) fn message_after(&self, number: u64) -> Option<(u64, String)> {
        let (number, text) = self.journal.after(number)?;
        let body = text.strip_prefix('{')?;
        Some((number, format!("{{\"received\":{},{body}", self.received)))
    }

    /// Appends a task to the queue.
    pub(super) fn enqueue(&mut self, task: Task) {
        if let Task::Query(Command::Window { .. }) = task
            && let Some(last @ Task::Query(Command::Window { .. })) = self.tasks.back_mut()
        {
            // The page shows only the last window that was selected.
            *last = task;
            return;
        }
        if self.tasks.len() >= MAX_TASKS {
            self.send_event(Event::Warning {
                message: format!(
                    "{MAX_TASKS} requests are queued already, so this one was dropped; send it again \
                     later"
                ),
            });
            return;
        }
        self.tasks.push_back(task);
    }

    /// Whether an uploaded table is queued to be opened.
    pub(super) fn has_queued_table(&self) -> bool {
        let is_table = |task: &Task| matches!(task, Task::Open(Ok(open)) if open.upload.is_some());
        self.tasks.iter().any(is_table)
    }

    /// The first task, if it is a job.
    pub(super) fn job(&mut self) -> Option<&mut Job> {
        match self.tasks.front_mut() {
            Some(Task::Job(job)) => Some(job),
            _ => None,
        }
    }

    /// Priority of the first task, if it can run now.
    pub(super) fn priority(&self) -> Option<Priority> {
        match self.tasks.front()? {
            Task::Query(_) => Some(Priority::Interactive),
            Task::Job(job) if !job.paused => Some(Priority::Batch),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_is_limited() {
        let client = ClientKey::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let mut visitor = Visitor::new("session".to_owned(), client, 1);
        let large = || "x".repeat(MAX_MESSAGE + 1);
        visitor.send_event(Event::Warning { message: large() });
        let (number, text) = visitor.message_after(0).unwrap();
        assert!(text.contains("warning") && text.contains("16 MB") && text.len() < 1000);
        visitor.send_event(Event::Failed { message: large() });
        let (_, text) = visitor.message_after(number).unwrap();
        assert!(
            text.contains("failed") && text.len() < 1000,
            "the page waits for an end"
        );
    }
}
