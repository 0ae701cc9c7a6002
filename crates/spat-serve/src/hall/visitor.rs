//! One visitor: what is asked, what is open, and what was told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use spat_spec::{Command, EngineMessage, Event, Phase};
use tokio::sync::watch;

use super::journal::{Journal, Weight};
use super::turns::Lane;
use super::upload::Upload;

/// Most orders that wait.
const MOST_ORDERS: usize = 16;

/// What waits to be done.
#[derive(Debug)]
pub(super) enum Task {
    /// Say what computes.
    Find,
    /// Take up a run, or none, and why not.
    Open(Result<Open, String>),
    /// A training.
    Job(Job),
    /// A look at a model that there is.
    Look(Command),
}

/// The run that is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) run: String,
    pub(super) table: String,
    /// The table, until the run has a folder; `None` for a run that is kept.
    pub(super) upload: Option<Arc<Upload>>,
}

/// A training, over all its turns.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) command: Command,
    /// It has had a turn.
    pub(super) begun: bool,
    /// The phase that it stands in.
    pub(super) phase: Option<Phase>,
    /// The visitor has paused it.
    pub(super) held: bool,
    /// Steps that the visitor has granted while it is paused.
    pub(super) steps: usize,
    /// Time on the device.
    pub(super) spent: Duration,
}

impl Job {
    pub(super) fn new(command: Command) -> Self {
        Self {
            command,
            begun: false,
            phase: None,
            held: false,
            steps: 0,
            spent: Duration::ZERO,
        }
    }
}

pub(super) struct Visitor {
    /// Of the page that is open; a page that is loaded anew begins another.
    pub(super) session: String,
    /// The last order that arrived.
    pub(super) received: u64,
    pub(super) tasks: VecDeque<Task>,
    pub(super) open: Option<Open>,
    /// Why there is none, where one was asked for.
    pub(super) refused: Option<String>,
    /// How many are served before.
    pub(super) place: Option<usize>,
    /// Which connection is this visitor's; an older one ends.
    pub(super) line: u64,
    /// Since when there is none.
    pub(super) away: Option<Instant>,
    journal: Journal,
    bell: watch::Sender<u64>,
}

/// The text of a notice but for `received`, which is known when it is sent.
#[derive(Serialize)]
struct Numbered<'a> {
    number: u64,
    message: &'a EngineMessage,
}

impl Visitor {
    pub(super) fn new(session: String) -> Self {
        Self {
            session,
            received: 0,
            tasks: VecDeque::new(),
            open: None,
            refused: None,
            place: None,
            line: 0,
            away: None,
            journal: Journal::default(),
            bell: watch::Sender::new(0),
        }
    }

    /// Another page of the same visitor: nothing of the last one's session counts any more.
    pub(super) fn begin_again(&mut self, session: String) {
        let line = self.line;
        let bell = std::mem::replace(&mut self.bell, watch::Sender::new(0));
        *self = Self::new(session);
        self.line = line;
        // The older connection wakes up and sees that it is no longer the one.
        bell.send_replace(u64::MAX);
    }

    pub(super) fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    pub(super) fn ring(&self) {
        self.bell.send_replace(self.journal.last());
    }

    pub(super) fn tell(&mut self, notice: &EngineMessage) {
        let weight = match notice {
            EngineMessage::Place { .. } => Weight::Place,
            EngineMessage::Event(event) if matches!(**event, Event::Progress { .. }) => {
                Weight::Progress
            }
            _ => Weight::Lasting,
        };
        let number = self.journal.last() + 1;
        // Notices are plain data; JSON has a form for all of it.
        if let Ok(text) = serde_json::to_string(&Numbered {
            number,
            message: notice,
        }) {
            self.journal.push(weight, &text);
            self.ring();
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        self.tell(&EngineMessage::Event(Box::new(event)));
    }

    pub(super) fn can_go_on_after(&self, number: u64) -> bool {
        self.journal.reaches_back_to(number)
    }

    /// The first notice after `number`, ready to be sent, and its own number.
    pub(super) fn told_after(&self, number: u64) -> Option<(u64, String)> {
        let (number, text) = self.journal.after(number)?;
        let body = text.strip_prefix('{')?;
        Some((number, format!("{{\"received\":{},{body}", self.received)))
    }

    /// Puts a task behind those that wait.
    pub(super) fn queue(&mut self, task: Task) {
        if let Task::Look(Command::Window { .. }) = task
            && let Some(last @ Task::Look(Command::Window { .. })) = self.tasks.back_mut()
        {
            // Nobody looks at a window that was scrubbed past.
            *last = task;
            return;
        }
        if self.tasks.len() >= MOST_ORDERS {
            self.event(Event::Warning {
                message: format!(
                    "{MOST_ORDERS} orders wait already; this one was dropped, give it again later"
                ),
            });
            return;
        }
        self.tasks.push_back(task);
    }

    /// Whether a table waits to be opened.
    pub(super) fn has_waiting_table(&self) -> bool {
        let waits = |task: &Task| matches!(task, Task::Open(Ok(open)) if open.upload.is_some());
        self.tasks.iter().any(waits)
    }

    /// The job that is first in line, going or not.
    pub(super) fn job(&mut self) -> Option<&mut Job> {
        match self.tasks.front_mut() {
            Some(Task::Job(job)) => Some(job),
            _ => None,
        }
    }

    /// Which line the next task stands in, if it can be done now.
    pub(super) fn lane(&self) -> Option<Lane> {
        match self.tasks.front()? {
            Task::Look(_) => Some(Lane::Quick),
            Task::Job(job) if !job.held => Some(Lane::Long),
            _ => None,
        }
    }
}
