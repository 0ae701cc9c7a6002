//! Who is here, who waits for what, and who is served: everything that is decided, nothing that is
//! computed. Time comes from outside, so that tests have their own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use spat_engine::desk::Steering;
use spat_spec::{Command, DeviceFacts, Event, Notice, Order, Phase};
use tokio::sync::watch;

use super::rules::Rules;
use super::turns::{Lane, Turns};
use super::visitor::{Job, Open, Task, Visitor};
use crate::gate::VisitorId;

pub(super) struct Floor {
    rules: Rules,
    facts: DeviceFacts,
    visitors: BTreeMap<VisitorId, Visitor>,
    turns: Turns<VisitorId>,
    going: Option<Going>,
    pub(super) closed: bool,
    /// Closed, and the engine's thread has ended.
    at_rest: bool,
}

/// The turn that is taken now.
struct Going {
    visitor: VisitorId,
    session: String,
    steering: Steering,
    since: Instant,
    is_job: bool,
    /// A job that goes on from an earlier turn: the page has heard how it began.
    continued: bool,
    phase: Option<Phase>,
    /// Steps to do before the pause.
    steps: usize,
    pauses: usize,
    intent: Option<Intent>,
    stopped: bool,
    failed: bool,
}

/// Why a job was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intent {
    /// Others wait; it goes on later.
    Yield,
    /// The visitor paused it.
    Pause,
    /// The visitor ended it.
    Stop,
    /// It has used what one job may.
    TooLong,
    /// The visitor went away and did not come back in time.
    Away,
    /// Its page is gone.
    Forget,
}

/// What the engine's thread does next.
pub(super) struct Turn {
    pub(super) visitor: VisitorId,
    pub(super) open: Open,
    pub(super) command: Command,
}

/// A connection that was taken in.
pub(crate) struct Arrival {
    pub(crate) session: String,
    pub(crate) continued: bool,
    pub(crate) received: u64,
    /// Notices after this number are to be sent.
    pub(crate) heard: u64,
    pub(crate) line: u64,
    pub(crate) bell: watch::Receiver<u64>,
}

impl Floor {
    pub(super) fn new(rules: Rules, facts: DeviceFacts) -> Self {
        Self {
            rules,
            facts,
            visitors: BTreeMap::new(),
            turns: Turns::new(),
            going: None,
            closed: false,
            at_rest: false,
        }
    }

    /// Takes a visitor's connection in: one that goes on with its session, or a new page. `None` if
    /// the house is full.
    pub(super) fn arrive(
        &mut self,
        id: VisitorId,
        wanted: Option<(&str, u64)>,
        fresh: String,
        now: Instant,
    ) -> Option<Arrival> {
        self.clear(now);
        if !self.visitors.contains_key(&id) && self.visitors.len() >= self.rules.visitors {
            return None;
        }
        let visitor = self
            .visitors
            .entry(id)
            .or_insert_with(|| Visitor::new(fresh.clone()));
        let known = wanted.filter(|(session, heard)| {
            !session.is_empty() && *session == visitor.session && visitor.can_go_on_after(*heard)
        });
        let continued = known.is_some();
        let heard = known.map_or(0, |(_, heard)| heard);
        if !continued {
            // What the last page began rests at its checkpoint until this one goes on with it.
            self.stop_going(id, Intent::Forget);
            self.turns.leave(id);
        }
        let visitor = self.visitors.get_mut(&id)?;
        if !continued {
            visitor.begin_again(fresh);
        }
        visitor.line += 1;
        visitor.away = None;
        if continued {
            visitor.ring();
        } else {
            visitor.tell(&Notice::Ready);
        }
        let arrival = Arrival {
            session: visitor.session.clone(),
            continued,
            received: visitor.received,
            heard,
            line: visitor.line,
            bell: visitor.bell(),
        };
        self.settle(id);
        self.announce();
        Some(arrival)
    }

    /// A connection has ended.
    pub(super) fn leave(&mut self, id: VisitorId, line: u64, now: Instant) {
        if let Some(visitor) = self.of_line(id, line) {
            visitor.away = Some(now);
        }
    }

    /// The first notice after `heard` for this connection. `Err`: another has taken its place, or it
    /// has fallen too far behind.
    pub(super) fn told(
        &mut self,
        id: VisitorId,
        line: u64,
        heard: u64,
    ) -> Result<Option<(u64, String)>, Behind> {
        let at_rest = self.at_rest;
        let visitor = self.of_line(id, line).ok_or(Behind::Replaced)?;
        if !visitor.can_go_on_after(heard) {
            return Err(Behind::Lost);
        }
        match visitor.told_after(heard) {
            None if at_rest => Err(Behind::Ended),
            told => Ok(told),
        }
    }

    /// Takes an order. `open` stands for the run of an [`Order::Open`], checked; `Err` inside is why
    /// it cannot be opened.
    pub(super) fn order(
        &mut self,
        id: VisitorId,
        line: u64,
        number: u64,
        order: Order,
        open: Result<Option<Open>, String>,
    ) {
        let rules = self.rules;
        let Some(visitor) = self.of_line(id, line) else {
            return;
        };
        if number <= visitor.received {
            // Sent again by a page that did not know that it had arrived.
            return;
        }
        visitor.received = number;
        match (order, open) {
            (_, Err(message)) => visitor.event(Event::Failed { message }),
            (Order::Open { .. }, Ok(Some(open))) => visitor.queue(Task::Open(open)),
            (Order::Open { .. }, Ok(None)) => {}
            (Order::Find { .. }, _) => visitor.queue(Task::Find),
            (Order::Command(command), _) => match command {
                Command::Pause => self.pause(id),
                Command::Resume => self.resume(id, 0),
                Command::Step { steps } => self.resume(id, steps.clamp(1, 1000)),
                Command::Stop => self.stop(id),
                Command::Train { ref experiment }
                | Command::Run { ref experiment }
                | Command::Prune { ref experiment } => match rules.object(experiment) {
                    Some(message) => visitor.event(Event::Failed { message }),
                    None => visitor.queue(Task::Job(Job::new(command))),
                },
                Command::Window { .. } | Command::Future => visitor.queue(Task::Look(command)),
            },
        }
        self.settle(id);
        self.announce();
    }

    /// The next turn, if anybody waits.
    pub(super) fn next_turn(&mut self, steering: &Steering, now: Instant) -> Option<Turn> {
        if self.closed || self.going.is_some() {
            return None;
        }
        self.clear(now);
        while let Some(id) = self.turns.next() {
            let Some(visitor) = self.visitors.get_mut(&id) else {
                continue;
            };
            let Some(open) = visitor.open.clone() else {
                visitor.tasks.pop_front();
                visitor.event(Event::Failed {
                    message: "no table is open yet; open one first".to_owned(),
                });
                self.settle(id);
                continue;
            };
            let (command, going) = match visitor.tasks.front() {
                Some(Task::Job(job)) => (job.command.clone(), Some(job.clone())),
                Some(Task::Look(command)) => (command.clone(), None),
                _ => continue,
            };
            self.going = Some(Going {
                visitor: id,
                session: visitor.session.clone(),
                steering: steering.clone(),
                since: now,
                is_job: going.is_some(),
                continued: going.as_ref().is_some_and(|job| job.begun),
                phase: going.as_ref().and_then(|job| job.phase),
                steps: going.map_or(0, |job| job.steps),
                pauses: 0,
                intent: None,
                stopped: false,
                failed: false,
            });
            self.announce();
            return Some(Turn {
                visitor: id,
                open,
                command,
            });
        }
        None
    }

    /// What the engine says during a turn: passed on, unless it is about turns and not about the
    /// job.
    pub(super) fn hear(&mut self, notice: Notice, now: Instant) {
        let Some(going) = &mut self.going else {
            return;
        };
        if let Notice::Event(event) = &notice {
            going.failed |= matches!(**event, Event::Failed { .. });
        }
        let Some(visitor) = self
            .visitors
            .get_mut(&going.visitor)
            .filter(|visitor| visitor.session == going.session)
        else {
            return;
        };
        let passed_on = match &notice {
            // The host's device is told once; a run is opened anew for every turn.
            Notice::Ready | Notice::Device { .. } | Notice::Place { .. } => false,
            Notice::NotKept { .. } | Notice::Broken { .. } => true,
            Notice::Event(event) => match &**event {
                Event::Started { .. } => {
                    if going.steps > 0 {
                        let steps = going.steps;
                        steer(&going.steering, Command::Pause);
                        steer(&going.steering, Command::Step { steps });
                    }
                    !going.continued
                }
                Event::Device(_) | Event::Data(_) => !going.continued,
                Event::Phase { phase, .. } => {
                    let known = going.continued && going.phase == Some(*phase);
                    going.phase = Some(*phase);
                    if let Some(job) = visitor.job() {
                        job.phase = Some(*phase);
                    }
                    !known
                }
                Event::Paused => {
                    going.pauses += 1;
                    if going.pauses == 2 {
                        // The granted steps are done.
                        going.intent.get_or_insert(Intent::Pause);
                        steer(&going.steering, Command::Stop);
                    }
                    false
                }
                Event::Stopped => {
                    going.stopped = true;
                    false
                }
                _ => true,
            },
        };
        if passed_on {
            visitor.tell(&notice);
        }
        self.watch(now);
    }

    /// Whether the turn that is taken has met an error.
    pub(super) fn has_failed(&self) -> bool {
        self.going.as_ref().is_some_and(|going| going.failed)
    }

    /// Stops the job that is going if it has had its share.
    pub(super) fn watch(&mut self, now: Instant) {
        let Some(going) = &self.going else {
            return;
        };
        if !going.is_job || going.intent.is_some() {
            return;
        }
        let (id, taken) = (going.visitor, now.saturating_duration_since(going.since));
        let rules = self.rules;
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        let away = visitor
            .away
            .is_some_and(|since| now.saturating_duration_since(since) > rules.absence);
        let spent = visitor.job().map_or(Duration::ZERO, |job| job.spent);
        if spent + taken > rules.job {
            self.stop_going(id, Intent::TooLong);
        } else if away {
            self.stop_going(id, Intent::Away);
        } else if taken > rules.turn && !self.turns.is_empty() {
            self.stop_going(id, Intent::Yield);
        }
    }

    /// The turn is over. `began`: the run has its folder now, and the upload is not needed.
    pub(super) fn end_turn(&mut self, began: bool, now: Instant) {
        let Some(going) = self.going.take() else {
            return;
        };
        let (id, rules, closed) = (going.visitor, self.rules, self.closed);
        let Some(visitor) = self
            .visitors
            .get_mut(&id)
            .filter(|visitor| visitor.session == going.session)
        else {
            // Another page of the visitor, whose orders have waited for this end.
            self.settle(id);
            self.announce();
            return;
        };
        if began && let Some(open) = &mut visitor.open {
            open.upload = None;
        }
        let taken = now.saturating_duration_since(going.since);
        let intent = if closed { None } else { going.intent };
        match intent.filter(|_| going.is_job && going.stopped) {
            Some(Intent::Yield | Intent::Pause) => {
                let paused = intent == Some(Intent::Pause);
                if let Some(job) = visitor.job() {
                    job.begun = true;
                    job.spent += taken;
                    job.held = paused;
                    job.steps = 0;
                }
                if paused {
                    visitor.event(Event::Paused);
                }
            }
            Some(Intent::TooLong) => {
                visitor.tasks.pop_front();
                visitor.event(Event::Warning {
                    message: format!(
                        "this training has had the {} minutes that the server gives to one, and was \
                         stopped; what was done is kept",
                        rules.job.as_secs() / 60
                    ),
                });
                visitor.event(Event::Stopped);
            }
            Some(Intent::Stop | Intent::Away | Intent::Forget) => {
                visitor.tasks.pop_front();
                visitor.event(Event::Stopped);
            }
            None if going.stopped => {
                visitor.tasks.clear();
                visitor.event(Event::Warning {
                    message:
                        "the server is ending; the run is kept, go on with it when the server \
                              is back"
                            .to_owned(),
                });
                visitor.event(Event::Stopped);
            }
            None => {
                visitor.tasks.pop_front();
            }
        }
        self.settle(id);
        self.announce();
    }

    /// Lets no turn begin any more, and stops the one that is taken so that it can be gone on with.
    pub(super) fn close(&mut self) {
        self.closed = true;
        if let Some(going) = &self.going {
            steer(&going.steering, Command::Stop);
        }
    }

    /// Nothing more will be told.
    pub(super) fn rest(&mut self) {
        self.at_rest = true;
        self.visitors.values().for_each(Visitor::ring);
    }

    fn pause(&mut self, id: VisitorId) {
        if self.stop_going(id, Intent::Pause) {
            return;
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        if let Some(job) = visitor.job()
            && !job.held
        {
            job.held = true;
            visitor.event(Event::Paused);
            self.turns.leave(id);
        }
    }

    fn resume(&mut self, id: VisitorId, steps: usize) {
        if let Some(going) = &mut self.going
            && going.visitor == id
            && going.intent == Some(Intent::Pause)
            && steps == 0
        {
            going.intent = Some(Intent::Yield);
            return;
        }
        let job = self.visitors.get_mut(&id).and_then(Visitor::job);
        if let Some(job) = job.filter(|job| job.held) {
            job.held = false;
            job.steps = steps;
        }
    }

    fn stop(&mut self, id: VisitorId) {
        if self.stop_going(id, Intent::Stop) {
            return;
        }
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        if visitor.job().is_some() {
            visitor.tasks.pop_front();
            visitor.event(Event::Stopped);
            self.turns.leave(id);
        }
    }

    /// Whether this visitor's job is going; it is told to stop.
    fn stop_going(&mut self, id: VisitorId, intent: Intent) -> bool {
        let session = self.visitors.get(&id).map(|visitor| &visitor.session);
        let going = self.going.as_mut();
        let Some(going) = going
            .filter(|going| going.visitor == id && going.is_job && Some(&going.session) == session)
        else {
            return false;
        };
        // What the visitor wants outweighs what the server wanted.
        going.intent = Some(intent);
        steer(&going.steering, Command::Stop);
        true
    }

    /// Does what needs no device, and joins the line for what does.
    fn settle(&mut self, id: VisitorId) {
        if self.going.as_ref().is_some_and(|going| going.visitor == id) {
            return;
        }
        let facts = &self.facts;
        let Some(visitor) = self.visitors.get_mut(&id) else {
            return;
        };
        while let Some(Task::Find | Task::Open(_)) = visitor.tasks.front() {
            if let Some(Task::Open(open)) = visitor.tasks.pop_front() {
                visitor.open = Some(open);
            }
            visitor.tell(&Notice::Device {
                facts: facts.clone(),
                reason: None,
            });
        }
        match visitor.lane() {
            Some(lane) => self.turns.join(id, lane),
            None => self.turns.leave(id),
        }
    }

    /// Tells everybody who waits how many are served before, where that has changed.
    fn announce(&mut self) {
        let going = self.going.as_ref().map(|going| going.visitor);
        let order = going.into_iter().chain(self.turns.in_order());
        let places: BTreeMap<_, _> = order.enumerate().map(|(place, id)| (id, place)).collect();
        for (id, visitor) in &mut self.visitors {
            let place = places.get(id).copied();
            if visitor.place != place {
                visitor.place = place;
                if let Some(ahead) = place {
                    visitor.tell(&Notice::Place { ahead });
                }
            }
        }
    }

    /// Forgets who has been away for long. What was begun rests at its checkpoint.
    fn clear(&mut self, now: Instant) {
        let (absence, going) = (self.rules.absence, self.going.as_ref());
        let going = going.map(|going| going.visitor);
        let turns = &mut self.turns;
        self.visitors.retain(|id, visitor| {
            let gone = visitor
                .away
                .is_some_and(|since| now.saturating_duration_since(since) > absence);
            let keep = !gone || going == Some(*id);
            if !keep {
                turns.leave(*id);
            }
            keep
        });
    }

    fn of_line(&mut self, id: VisitorId, line: u64) -> Option<&mut Visitor> {
        self.visitors
            .get_mut(&id)
            .filter(|visitor| visitor.line == line)
    }
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// The same visitor has opened another page.
    Replaced,
    /// It took its notices so slowly that some were forgotten.
    Lost,
    /// The server has ended, and everything is told.
    Ended,
}

fn steer(steering: &Steering, command: Command) {
    // A job that has just ended needs no steering.
    steering.divert(Order::Command(command));
}
