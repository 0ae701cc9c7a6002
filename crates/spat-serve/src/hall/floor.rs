//! Who is here, who waits for what, and who is served: everything that is decided, nothing that is
//! computed. Time comes from outside, so that tests have their own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use spat_engine::desk::Steering;
use spat_spec::{Command, DeviceFacts, Event, Notice, Order, Phase};
use tokio::sync::watch;

use super::rules::Rules;
use super::turns::Turns;
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
    /// It has come further in this turn.
    moved: bool,
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
            (Order::Forecast { .. }, _) => visitor.tell(&Notice::NoForecast {
                reason:
                    "This host trains, and takes no saved models; forecast with `spat forecast` on \
                         the command line, or in a page of your own."
                        .to_owned(),
            }),
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
                moved: false,
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
    #[expect(
        clippy::needless_pass_by_value,
        reason = "whoever tells keeps nothing of it"
    )]
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
            // A window's own.
            Notice::Table { .. } | Notice::Wish { .. } => false,
            Notice::Forecast { .. } | Notice::NoForecast { .. } => true,
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
                Event::Device(_) | Event::Data(_) | Event::Past { .. } => !going.continued,
                Event::Phase { phase, .. } => {
                    let known = going.continued && going.phase == Some(*phase);
                    going.phase = Some(*phase);
                    if let Some(job) = visitor.job() {
                        job.phase = Some(*phase);
                    }
                    !known
                }
                Event::Progress { .. } | Event::Epoch { .. } => {
                    going.moved = true;
                    true
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
        // A turn that ends before its first step would come again and again for nothing; and the pass
        // that only scores has no checkpoint to go on from.
        let may_yield = going.moved && going.phase != Some(Phase::Score);
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
        } else if taken > rules.turn && may_yield && !self.turns.is_empty() {
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
        let going = self.going.as_ref();
        let first = going.map(|going| going.visitor);
        let order = first.into_iter().chain(self.turns.in_order());
        let places: BTreeMap<_, _> = order.enumerate().map(|(place, id)| (id, place)).collect();
        for (id, visitor) in &mut self.visitors {
            // A turn that the visitor's last page had is not this page's.
            let of_last_page =
                going.is_some_and(|going| going.visitor == *id && going.session != visitor.session);
            let place = places.get(id).copied().filter(|_| !of_last_page);
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

#[cfg(test)]
mod tests {
    use spat_spec::{Engine, Experiment, ForecasterConfig, TrainingConfig, preset};

    use super::*;

    /// A floor with its own clock, and pages that remember what they were told.
    struct Stage {
        floor: Floor,
        steering: Steering,
        now: Instant,
        pages: Vec<(VisitorId, Arrival, u64)>,
    }

    impl Stage {
        fn new(rules: Rules) -> Self {
            let facts = DeviceFacts {
                kind: "cpu".to_owned(),
                name: "test".to_owned(),
                threads: 1,
            };
            Self {
                floor: Floor::new(rules, facts),
                steering: Steering::default(),
                now: Instant::now(),
                pages: Vec::new(),
            }
        }

        fn arrive(&mut self) -> usize {
            let id = VisitorId::random().unwrap();
            let fresh = format!("session {}", self.pages.len());
            let arrival = self.floor.arrive(id, None, fresh, self.now).unwrap();
            self.pages.push((id, arrival, 0));
            self.pages.len() - 1
        }

        fn order(&mut self, page: usize, order: Order) {
            let (id, arrival, given) = &mut self.pages[page];
            *given += 1;
            let open = match &order {
                Order::Open { run, table, .. } => Some(Open {
                    run: run.clone(),
                    table: table.clone(),
                    upload: None,
                }),
                _ => None,
            };
            self.floor.order(*id, arrival.line, *given, order, Ok(open));
        }

        fn train(&mut self, page: usize) {
            self.order(
                page,
                Order::Open {
                    run: "run".to_owned(),
                    table: "t.csv".to_owned(),
                    engine: Engine::Auto,
                },
            );
            let experiment = Box::new(experiment());
            self.order(page, Order::Command(Command::Train { experiment }));
        }

        /// The page whose turn begins.
        fn turn(&mut self) -> Option<usize> {
            let turn = self.floor.next_turn(&self.steering, self.now)?;
            self.pages.iter().position(|(id, ..)| *id == turn.visitor)
        }

        fn say(&mut self, event: Event) {
            self.floor.hear(Notice::Event(Box::new(event)), self.now);
        }

        fn pass(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        fn end(&mut self) {
            self.floor.end_turn(true, self.now);
        }

        /// What the page has not heard yet, by kind.
        fn told(&mut self, page: usize) -> Vec<String> {
            let (id, arrival, _) = &mut self.pages[page];
            let mut kinds = Vec::new();
            while let Ok(Some((number, text))) = self.floor.told(*id, arrival.line, arrival.heard) {
                arrival.heard = number;
                let told: spat_spec::Told = serde_json::from_str(&text).unwrap();
                kinds.push(match told.notice {
                    Notice::Place { ahead } => format!("place {ahead}"),
                    Notice::Event(event) => {
                        let json = serde_json::to_value(&*event).unwrap();
                        json["event"].as_str().unwrap().to_owned()
                    }
                    other => serde_json::to_value(&other).unwrap()["notice"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                });
            }
            kinds
        }
    }

    fn experiment() -> Experiment {
        let training = TrainingConfig::default();
        Experiment {
            data: Default::default(),
            forecaster: ForecasterConfig::ITransformer(preset::itransformer(24, 12, 3, false)),
            finetune: Experiment::finetune_like(&training),
            training,
            send: Default::default(),
            prune: Default::default(),
            controls: Default::default(),
            seed: 1,
        }
    }

    fn started() -> Event {
        Event::Started {
            protocol: 2,
            version: String::new(),
            hash: String::new(),
            resumed: false,
        }
    }

    fn phase(phase: Phase) -> Event {
        Event::Phase {
            phase,
            epochs: 1,
            steps_per_epoch: 10,
        }
    }

    fn progress() -> Event {
        Event::Progress {
            phase: Phase::Pretrain,
            epoch: 1,
            step: 1,
            steps: 10,
            loss: None,
            steps_per_second: 1.0,
            eta_seconds: 1.0,
        }
    }

    #[test]
    fn a_turn_ends_when_others_wait_and_goes_on_unseen() {
        let mut stage = Stage::new(Rules::default());
        let (first, second) = (stage.arrive(), stage.arrive());
        stage.train(first);
        assert_eq!(stage.turn(), Some(first));
        stage.say(started());
        stage.say(phase(Phase::Pretrain));
        stage.pass(60);
        stage.say(progress());
        // Alone, one may compute as long as one likes.
        assert!(stage.floor.going.as_ref().unwrap().intent.is_none());
        stage.train(second);
        assert_eq!(stage.told(second), ["ready", "device", "place 1"]);
        stage.say(progress());
        assert_eq!(
            stage.floor.going.as_ref().unwrap().intent,
            Some(Intent::Yield)
        );
        stage.say(Event::Stopped);
        stage.end();
        assert_eq!(
            stage.told(first),
            [
                "ready", "device", "place 0", "started", "phase", "progress", "place 1"
            ]
        );
        assert_eq!(stage.turn(), Some(second));
        stage.say(started());
        stage.say(Event::Trained { test_windows: 1 });
        stage.end();
        assert_eq!(stage.told(second), ["place 0", "started", "trained"]);
        assert_eq!(stage.turn(), Some(first));
        stage.say(started());
        stage.say(phase(Phase::Pretrain));
        stage.say(progress());
        stage.say(phase(Phase::Score));
        assert_eq!(stage.told(first), ["place 0", "progress", "phase"]);
    }

    #[test]
    fn no_turn_ends_before_it_has_come_further() {
        let rules = Rules {
            turn: Duration::ZERO,
            ..Rules::default()
        };
        let mut stage = Stage::new(rules);
        let (first, second) = (stage.arrive(), stage.arrive());
        stage.train(first);
        stage.train(second);
        stage.turn();
        stage.pass(1);
        stage.say(started());
        stage.say(phase(Phase::Pretrain));
        assert!(stage.floor.going.as_ref().unwrap().intent.is_none());
        stage.say(phase(Phase::Score));
        stage.say(progress());
        assert!(
            stage.floor.going.as_ref().unwrap().intent.is_none(),
            "no checkpoint there"
        );
        stage.say(phase(Phase::Finetune));
        stage.say(progress());
        assert_eq!(
            stage.floor.going.as_ref().unwrap().intent,
            Some(Intent::Yield)
        );
    }

    #[test]
    fn a_paused_job_stands_in_no_line() {
        let mut stage = Stage::new(Rules::default());
        let page = stage.arrive();
        stage.train(page);
        stage.turn();
        stage.say(started());
        stage.order(page, Order::Command(Command::Pause));
        stage.say(Event::Stopped);
        stage.end();
        assert_eq!(stage.told(page).last().unwrap(), "paused");
        assert_eq!(stage.turn(), None);
        stage.order(page, Order::Command(Command::Step { steps: 2 }));
        assert_eq!(stage.turn(), Some(page));
        stage.say(started());
        for event in [
            Event::Paused,
            progress(),
            progress(),
            Event::Paused,
            Event::Stopped,
        ] {
            stage.say(event);
        }
        stage.end();
        assert_eq!(stage.told(page), ["place 0", "progress", "paused"]);
        assert_eq!(stage.turn(), None);
        stage.order(page, Order::Command(Command::Stop));
        assert_eq!(stage.told(page), ["stopped"]);
        stage.order(page, Order::Command(Command::Resume));
        assert_eq!(stage.turn(), None, "there is nothing to go on with");
    }

    #[test]
    fn orders_that_come_twice_count_once() {
        let mut stage = Stage::new(Rules::default());
        let page = stage.arrive();
        stage.order(
            page,
            Order::Find {
                engine: Engine::Auto,
            },
        );
        stage.pages[page].2 = 0;
        stage.order(
            page,
            Order::Find {
                engine: Engine::Auto,
            },
        );
        assert_eq!(stage.told(page), ["ready", "device"]);
    }

    #[test]
    fn who_stays_away_gives_the_device_back() {
        let mut stage = Stage::new(Rules::default());
        let page = stage.arrive();
        stage.train(page);
        stage.turn();
        stage.say(started());
        let (id, line) = (stage.pages[page].0, stage.pages[page].1.line);
        stage.floor.leave(id, line, stage.now);
        stage.pass(60);
        stage.say(progress());
        assert!(
            stage.floor.going.as_ref().unwrap().intent.is_none(),
            "a short absence"
        );
        stage.pass(120);
        stage.say(progress());
        assert_eq!(
            stage.floor.going.as_ref().unwrap().intent,
            Some(Intent::Away)
        );
        stage.say(Event::Stopped);
        stage.end();
        assert_eq!(stage.turn(), None);
        assert!(stage.floor.visitors.is_empty());
    }

    #[test]
    fn another_page_of_a_visitor_waits_for_the_end_of_the_last_ones_turn() {
        let mut stage = Stage::new(Rules::default());
        let page = stage.arrive();
        stage.train(page);
        stage.turn();
        stage.say(started());
        let id = stage.pages[page].0;
        let arrival = stage
            .floor
            .arrive(id, None, "new".to_owned(), stage.now)
            .unwrap();
        assert!(!arrival.continued);
        assert_eq!(
            stage.floor.going.as_ref().unwrap().intent,
            Some(Intent::Forget)
        );
        let old = stage.pages[page].1.line;
        assert_eq!(stage.floor.told(id, old, 0).unwrap_err(), Behind::Replaced);
        stage.pages[page] = (id, arrival, 0);
        stage.train(page);
        stage.say(progress());
        stage.say(Event::Stopped);
        assert_eq!(stage.told(page), ["ready"], "nothing of the old page's job");
        stage.end();
        assert_eq!(stage.turn(), Some(page));
        assert_eq!(stage.told(page), ["device", "place 0"]);
    }
}
