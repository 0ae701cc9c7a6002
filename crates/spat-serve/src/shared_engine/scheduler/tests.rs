//! Tests of the scheduler with simulated pages, engine and time.

use std::time::{Duration, Instant};

use spat_engine::session::{EngineSession, JobControl, MemoryRunStorage};
use spat_spec::{
    Command, DeviceFacts, Engine, EngineMessage, EngineRequest, Event, Experiment, Phase, Window,
};

use super::running_job::StopReason;
use super::{Admission, Connected, Disconnected, SchedulerState};
use crate::auth::VisitorId;
use crate::client_key::ClientKey;
use crate::shared_engine::rules::Rules;
use crate::shared_engine::visitor::OpenRun;

/// A scheduler with a simulated clock and pages.
struct Simulation {
    scheduler: SchedulerState,
    now: Instant,
    pages: Vec<(VisitorId, Connected, u64)>,
}

impl Simulation {
    fn new(rules: Rules) -> Self {
        let facts = DeviceFacts {
            kind: "cpu".to_owned(),
            name: "test".to_owned(),
            threads: 1,
        };
        Self {
            scheduler: SchedulerState::new(rules, facts),
            now: Instant::now(),
            pages: Vec::new(),
        }
    }

    fn connect(&mut self) -> usize {
        let id = VisitorId::random().unwrap();
        self.connect_from(id, 1).unwrap()
    }

    /// The page of a visitor at an address, if there is a place.
    fn connect_from(&mut self, id: VisitorId, address: u8) -> Option<usize> {
        let session = format!("session {}", self.pages.len());
        let admission = self
            .scheduler
            .connect(id, client(address), None, session, self.now);
        self.pages.push((id, connected(admission)?, 0));
        Some(self.pages.len() - 1)
    }

    fn request(&mut self, page: usize, request: EngineRequest) {
        let (id, connected, requests) = &mut self.pages[page];
        *requests += 1;
        let open = match &request {
            EngineRequest::Open { run, table, .. } => Some(OpenRun {
                run: run.clone(),
                table: table.clone(),
                upload: None,
            }),
            _ => None,
        };
        self.scheduler
            .submit(*id, connected.connection, *requests, request, Ok(open));
    }

    fn train(&mut self, page: usize) {
        self.request(
            page,
            EngineRequest::Open {
                run: "run".to_owned(),
                table: "t.csv".to_owned(),
                engine: Engine::Auto,
            },
        );
        let experiment = Box::new(experiment());
        self.request(page, EngineRequest::Command(Command::Train { experiment }));
    }

    /// Starts the next turn and returns its page.
    fn start_turn(&mut self) -> Option<usize> {
        let turn = self.scheduler.next_turn(self.now)?;
        self.pages.iter().position(|(id, ..)| *id == turn.visitor)
    }

    fn emit(&mut self, event: Event) {
        self.scheduler
            .handle_message(EngineMessage::Event(Box::new(event)), self.now);
    }

    fn advance(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn end_turn(&mut self) {
        self.scheduler.end_turn(true, None, self.now);
    }

    fn fail_turn(&mut self) {
        self.scheduler.end_turn(true, Some("ended"), self.now);
    }

    /// Kinds of the messages that the page has not received yet.
    fn received(&mut self, page: usize) -> Vec<String> {
        let (id, connected, _) = &mut self.pages[page];
        let mut kinds = Vec::new();
        while let Ok(Some((number, text))) =
            self.scheduler
                .next_message(*id, connected.connection, connected.last_received)
        {
            connected.last_received = number;
            let envelope: spat_spec::ServerEnvelope = serde_json::from_str(&text).unwrap();
            kinds.push(match envelope.message {
                EngineMessage::Place { ahead } => format!("place {ahead}"),
                EngineMessage::Event(event) => kind(&*event),
                other => kind(&other),
            });
        }
        kinds
    }
}

fn client(address: u8) -> ClientKey {
    ClientKey::from(std::net::IpAddr::from([10, 0, 0, address]))
}

fn connected(admission: Admission) -> Option<Connected> {
    match admission {
        Admission::Admitted(connected) => Some(connected),
        Admission::Waiting { .. } | Admission::Full => None,
    }
}

/// The variant's name in JSON.
fn kind(message: &impl serde::Serialize) -> String {
    match serde_json::to_value(message).unwrap() {
        serde_json::Value::Object(object) => object.keys().next().unwrap().clone(),
        name => name.as_str().unwrap().to_owned(),
    }
}

fn experiment() -> Experiment {
    spat_testing::experiment(spat_testing::itransformer(Window::new(24, 12, 3), 2, false))
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
fn a_job_yields_to_waiting_visitors_and_resumes_silently() {
    let mut sim = Simulation::new(Rules::default());
    let (first, second) = (sim.connect(), sim.connect());
    sim.train(first);
    assert_eq!(sim.start_turn(), Some(first));
    sim.emit(started());
    sim.emit(phase(Phase::Pretrain));
    sim.advance(60);
    sim.emit(progress());
    // No other visitor waits.
    assert!(
        sim.scheduler
            .running
            .as_ref()
            .unwrap()
            .stop_reason
            .is_none()
    );
    sim.train(second);
    assert_eq!(sim.received(second), ["ready", "device", "place 1"]);
    sim.emit(progress());
    assert_eq!(
        sim.scheduler.running.as_ref().unwrap().stop_reason,
        Some(StopReason::Yield)
    );
    sim.emit(Event::Stopped);
    sim.end_turn();
    assert_eq!(
        sim.received(first),
        [
            "ready", "device", "place 0", "started", "phase", "progress", "place 1"
        ]
    );
    assert_eq!(sim.start_turn(), Some(second));
    sim.emit(started());
    sim.emit(Event::Trained { test_windows: 1 });
    sim.end_turn();
    assert_eq!(sim.received(second), ["place 0", "started", "trained"]);
    assert_eq!(sim.start_turn(), Some(first));
    sim.emit(started());
    sim.emit(phase(Phase::Pretrain));
    sim.emit(progress());
    sim.emit(phase(Phase::Score));
    assert_eq!(sim.received(first), ["place 0", "progress", "phase"]);
}

#[test]
fn a_job_yields_only_after_progress() {
    let rules = Rules {
        turn: Duration::ZERO,
        ..Rules::default()
    };
    let mut sim = Simulation::new(rules);
    let (first, second) = (sim.connect(), sim.connect());
    sim.train(first);
    sim.train(second);
    sim.start_turn();
    sim.advance(1);
    sim.emit(started());
    sim.emit(phase(Phase::Pretrain));
    assert!(
        sim.scheduler
            .running
            .as_ref()
            .unwrap()
            .stop_reason
            .is_none()
    );
    sim.emit(phase(Phase::Score));
    sim.emit(progress());
    assert!(
        sim.scheduler
            .running
            .as_ref()
            .unwrap()
            .stop_reason
            .is_none(),
        "scoring has no checkpoint"
    );
    sim.emit(phase(Phase::Finetune));
    sim.emit(progress());
    assert_eq!(
        sim.scheduler.running.as_ref().unwrap().stop_reason,
        Some(StopReason::Yield)
    );
}

#[test]
fn a_paused_job_is_not_queued() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.train(page);
    sim.start_turn();
    sim.emit(started());
    sim.request(page, EngineRequest::Command(Command::Pause));
    sim.emit(Event::Stopped);
    sim.end_turn();
    assert_eq!(sim.received(page).last().unwrap(), "paused");
    assert_eq!(sim.start_turn(), None);
    sim.request(page, EngineRequest::Command(Command::Step { steps: 2 }));
    assert_eq!(sim.start_turn(), Some(page));
    sim.emit(started());
    for event in [
        Event::Paused,
        progress(),
        Event::Paused,
        progress(),
        Event::Stopped,
    ] {
        sim.emit(event);
    }
    sim.end_turn();
    assert_eq!(sim.received(page), ["place 0", "progress", "paused"]);
    assert_eq!(sim.start_turn(), None);
    sim.request(page, EngineRequest::Command(Command::Stop));
    assert_eq!(sim.received(page), ["stopped"]);
    sim.request(page, EngineRequest::Command(Command::Resume));
    assert_eq!(sim.start_turn(), None, "the job is stopped");
}

#[test]
fn steps_continue_in_the_next_turn_and_add_up() {
    let mut sim = Simulation::new(Rules::default());
    let (page, other) = (sim.connect(), sim.connect());
    let step = |steps| EngineRequest::Command(Command::Step { steps });
    sim.train(page);
    sim.start_turn();
    sim.emit(started());
    sim.request(page, EngineRequest::Command(Command::Pause));
    // Before the engine handles the pause.
    sim.request(page, step(3));
    sim.emit(Event::Stopped);
    sim.end_turn();
    assert!(!sim.received(page).contains(&"paused".to_owned()));

    sim.train(other);
    assert_eq!(sim.start_turn(), Some(page));
    sim.emit(started());
    sim.emit(Event::Paused);
    sim.emit(phase(Phase::Pretrain));
    sim.advance(60);
    sim.emit(progress());
    let stop_reason = |sim: &Simulation| sim.scheduler.running.as_ref().unwrap().stop_reason;
    assert_eq!(stop_reason(&sim), Some(StopReason::Yield));
    sim.emit(Event::Stopped);
    sim.end_turn();
    assert_eq!(sim.start_turn(), Some(other));
    sim.emit(started());
    sim.emit(Event::Trained { test_windows: 1 });
    sim.end_turn();

    assert_eq!(sim.start_turn(), Some(page), "two steps remain");
    assert_eq!(sim.scheduler.running.as_ref().unwrap().steps, 2);
    sim.emit(started());
    for event in [Event::Paused, progress(), Event::Paused, progress()] {
        sim.emit(event);
    }
    assert_eq!(stop_reason(&sim), Some(StopReason::Pause));
    sim.emit(Event::Stopped);
    sim.end_turn();
    assert_eq!(sim.received(page).last().unwrap(), "paused");
    assert_eq!(sim.start_turn(), None, "a paused job is not queued");

    sim.request(page, step(5));
    assert_eq!(sim.start_turn(), Some(page));
    sim.emit(started());
    sim.emit(Event::Paused);
    sim.request(page, EngineRequest::Command(Command::Resume));
    for event in [progress(), Event::Paused, progress()] {
        sim.emit(event);
    }
    assert_eq!(stop_reason(&sim), None, "it continues until its end");
}

#[test]
fn commands_at_the_start_of_a_turn_are_not_lost() {
    for command in [Command::Pause, Command::Stop] {
        let mut sim = Simulation::new(Rules::default());
        let page = sim.connect();
        sim.train(page);
        let turn = sim.scheduler.next_turn(sim.now).unwrap();
        // The engine still reads the table.
        sim.request(page, EngineRequest::Command(command.clone()));
        let control = JobControl::default();
        control.expect();
        for command in turn.commands.try_iter() {
            control.intercept(EngineRequest::Command(command));
        }
        let messages = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let sink = std::rc::Rc::clone(&messages);
        let mut session = EngineSession::new(MemoryRunStorage, control, move |message| {
            sink.borrow_mut().push(message);
        });
        pollster::block_on(async {
            let open = EngineRequest::Open {
                run: turn.open.run.clone(),
                table: turn.open.table.clone(),
                engine: Engine::Cpu,
            };
            session.handle(open, Some(spat_testing::table(400))).await;
            session
                .handle(EngineRequest::Command(turn.command.clone()), None)
                .await;
        });
        for message in messages.take() {
            sim.scheduler.handle_message(message, sim.now);
        }
        sim.end_turn();
        let received = sim.received(page);
        assert!(!received.contains(&"epoch".to_owned()), "{received:?}");
        let last = if command == Command::Pause {
            "paused"
        } else {
            "stopped"
        };
        assert_eq!(received.last().unwrap(), last, "{received:?}");
    }
}

#[test]
fn requests_after_a_rejected_table_do_not_use_the_previous_one() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.train(page);
    assert_eq!(sim.start_turn(), Some(page));
    sim.emit(started());
    let (id, connection) = (sim.pages[page].0, sim.pages[page].1.connection);
    let open = || EngineRequest::Open {
        run: "other".to_owned(),
        table: "t.csv".to_owned(),
        engine: Engine::Auto,
    };
    let open_error = Err("too large".to_owned());
    sim.pages[page].2 += 1;
    let number = sim.pages[page].2;
    sim.scheduler
        .submit(id, connection, number, open(), open_error);
    let experiment = Box::new(experiment());
    sim.request(page, EngineRequest::Command(Command::Train { experiment }));
    sim.emit(Event::Trained { test_windows: 1 });
    sim.end_turn();
    assert_eq!(sim.start_turn(), None);
    let received = sim.received(page);
    let failed = |kinds: &[String]| kinds.iter().filter(|kind| *kind == "failed").count();
    assert_eq!(failed(&received), 2, "{received:?}");
}

#[test]
fn a_repeated_request_is_ignored() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.request(
        page,
        EngineRequest::Find {
            engine: Engine::Auto,
        },
    );
    sim.pages[page].2 = 0;
    sim.request(
        page,
        EngineRequest::Find {
            engine: Engine::Auto,
        },
    );
    assert_eq!(sim.received(page), ["ready", "device"]);
}

#[test]
fn a_page_that_reads_nothing_is_disconnected() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.train(page);
    sim.start_turn();
    sim.emit(started());
    let (id, connection) = (sim.pages[page].0, sim.pages[page].1.connection);
    assert!(
        sim.scheduler
            .next_message(id, connection, 0)
            .unwrap()
            .is_some()
    );
    // More than the journal keeps.
    for _ in 0..17 {
        sim.emit(Event::Warning {
            message: "x".repeat(1 << 20),
        });
    }
    assert_eq!(
        sim.scheduler.next_message(id, connection, 0).unwrap_err(),
        Disconnected::Lost
    );
}

#[test]
fn the_job_of_an_absent_visitor_stops() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.train(page);
    sim.start_turn();
    sim.emit(started());
    let (id, connection) = (sim.pages[page].0, sim.pages[page].1.connection);
    sim.scheduler.disconnect(id, connection, sim.now);
    sim.advance(60);
    sim.emit(progress());
    assert!(
        sim.scheduler
            .running
            .as_ref()
            .unwrap()
            .stop_reason
            .is_none(),
        "the absence is short"
    );
    sim.advance(120);
    sim.emit(progress());
    assert_eq!(
        sim.scheduler.running.as_ref().unwrap().stop_reason,
        Some(StopReason::Away)
    );
    sim.emit(Event::Stopped);
    sim.end_turn();
    assert_eq!(sim.start_turn(), None);
    assert!(sim.scheduler.visitors.is_empty());
}

#[test]
fn a_new_page_waits_for_the_turn_of_the_previous_one() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.train(page);
    sim.start_turn();
    sim.emit(started());
    let id = sim.pages[page].0;
    let admission = sim
        .scheduler
        .connect(id, client(1), None, "new".to_owned(), sim.now);
    let connected = connected(admission).unwrap();
    assert!(!connected.continued);
    assert_eq!(
        sim.scheduler.running.as_ref().unwrap().stop_reason,
        Some(StopReason::Forget)
    );
    let old = sim.pages[page].1.connection;
    assert_eq!(
        sim.scheduler.next_message(id, old, 0).unwrap_err(),
        Disconnected::Replaced
    );
    sim.pages[page] = (id, connected, 0);
    sim.train(page);
    sim.emit(progress());
    sim.emit(Event::Stopped);
    assert_eq!(
        sim.received(page),
        ["ready"],
        "no messages of the previous page's job"
    );
    sim.end_turn();
    assert_eq!(sim.start_turn(), Some(page));
    assert_eq!(sim.received(page), ["device", "place 0"]);
}

#[test]
fn one_address_cannot_hold_all_places() {
    let rules = Rules {
        visitors: 8,
        ..Rules::default()
    };
    let mut sim = Simulation::new(rules);
    let crowd: Vec<_> = (0..8).map(|_| sim.connect()).collect();
    for page in &crowd {
        sim.train(*page);
    }
    assert_eq!(sim.start_turn(), Some(crowd[0]));
    let same_address = VisitorId::random().unwrap();
    assert_eq!(sim.connect_from(same_address, 1), None, "it waits");
    // Another address gets the place of the newest visitor, and the second turn.
    let single = sim.connect_from(VisitorId::random().unwrap(), 2).unwrap();
    let (id, connection) = (sim.pages[crowd[7]].0, sim.pages[crowd[7]].1.connection);
    assert_eq!(
        sim.scheduler.next_message(id, connection, 0).unwrap_err(),
        Disconnected::Displaced
    );
    sim.train(single);
    sim.emit(started());
    sim.emit(Event::Trained { test_windows: 1 });
    sim.end_turn();
    assert_eq!(sim.start_turn(), Some(single));
    // Both addresses end with half of the places.
    for _ in 0..3 {
        sim.connect_from(VisitorId::random().unwrap(), 2).unwrap();
    }
    assert_eq!(sim.connect_from(VisitorId::random().unwrap(), 2), None);
    assert_eq!(sim.scheduler.visitors.len(), 8);
    assert!(sim.connect_from(VisitorId::random().unwrap(), 3).is_some());
}

#[test]
fn waiting_visitors_see_how_many_are_admitted_earlier() {
    let rules = Rules {
        visitors: 3,
        waiting: 8,
        ..Rules::default()
    };
    let mut sim = Simulation::new(rules);
    sim.connect();
    sim.connect();
    sim.connect_from(VisitorId::random().unwrap(), 2).unwrap();
    let ahead = |sim: &mut Simulation, id, address| {
        let admission = sim
            .scheduler
            .connect(id, client(address), None, String::new(), sim.now);
        match admission {
            Admission::Waiting { ahead } => Some(ahead),
            Admission::Admitted(_) | Admission::Full => None,
        }
    };
    let [first, second, other] = [1, 1, 2].map(|_| VisitorId::random().unwrap());
    assert_eq!(ahead(&mut sim, first, 1), Some(0));
    assert_eq!(ahead(&mut sim, second, 1), Some(1));
    // The other address has fewer places.
    assert_eq!(ahead(&mut sim, other, 2), Some(0));
    assert_eq!(ahead(&mut sim, second, 1), Some(2));
}

#[test]
fn places_are_free_soon_after_their_visitors_left() {
    let rules = Rules {
        visitors: 2,
        waiting: 2,
        ..Rules::default()
    };
    let mut sim = Simulation::new(rules);
    let (idle, busy) = (sim.connect(), sim.connect());
    sim.train(busy);
    let next = VisitorId::random().unwrap();
    assert_eq!(sim.connect_from(next, 1), None);
    for page in [idle, busy] {
        let (id, connection) = (sim.pages[page].0, sim.pages[page].1.connection);
        sim.scheduler.disconnect(id, connection, sim.now);
    }
    sim.advance(4);
    assert_eq!(sim.connect_from(next, 1), None, "the page may reconnect");
    let refused = sim.scheduler.connect(
        VisitorId::random().unwrap(),
        client(1),
        None,
        String::new(),
        sim.now,
    );
    assert!(
        matches!(refused, Admission::Full),
        "one address waits once of two"
    );
    sim.advance(2);
    assert!(sim.connect_from(next, 1).is_some(), "six seconds later");
    let last = VisitorId::random().unwrap();
    assert_eq!(
        sim.connect_from(last, 1),
        None,
        "the job of the other continues"
    );
    sim.advance(120);
    assert!(sim.connect_from(last, 1).is_some());
}

#[test]
fn a_job_continues_once_after_the_engine_failed_and_others_come_first() {
    let mut sim = Simulation::new(Rules::default());
    let (first, second) = (sim.connect(), sim.connect());
    sim.train(first);
    sim.start_turn();
    sim.emit(started());
    sim.emit(phase(Phase::Pretrain));
    sim.train(second);
    sim.fail_turn();
    let received = sim.received(first);
    assert_eq!(received[received.len() - 2..], ["warning", "place 1"]);
    assert_eq!(sim.start_turn(), Some(second));
    sim.emit(started());
    sim.emit(Event::Trained { test_windows: 1 });
    sim.end_turn();

    assert_eq!(sim.start_turn(), Some(first));
    sim.emit(started());
    sim.emit(phase(Phase::Pretrain));
    // The page receives the beginning again.
    assert_eq!(sim.received(first), ["place 0", "started", "phase"]);
    sim.scheduler.end_turn(true, Some("ended (again)"), sim.now);
    let (id, connected, _) = &sim.pages[first];
    let after = connected.last_received;
    let message = sim.scheduler.next_message(*id, connected.connection, after);
    let (_, text) = message.unwrap().unwrap();
    for part in ["failed", "`run`", "ended (again)", "second time"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(sim.start_turn(), None);
}

#[test]
fn a_job_that_was_told_to_end_is_not_resumed_after_a_failure() {
    for command in [Command::Stop, Command::Pause] {
        let mut sim = Simulation::new(Rules::default());
        let page = sim.connect();
        sim.train(page);
        sim.start_turn();
        sim.emit(started());
        sim.request(page, EngineRequest::Command(command.clone()));
        sim.fail_turn();
        let received = sim.received(page);
        let last = if command == Command::Stop {
            "stopped"
        } else {
            "paused"
        };
        assert_eq!(received.last().unwrap(), last);
        assert_eq!(sim.start_turn(), None);
        if command == Command::Pause {
            sim.request(page, EngineRequest::Command(Command::Resume));
            assert_eq!(sim.start_turn(), Some(page));
        }
    }
}

#[test]
fn a_query_fails_with_the_engine() {
    let mut sim = Simulation::new(Rules::default());
    let page = sim.connect();
    sim.train(page);
    sim.start_turn();
    sim.emit(Event::Trained { test_windows: 1 });
    sim.end_turn();
    sim.request(page, EngineRequest::Command(Command::Future));
    assert_eq!(sim.start_turn(), Some(page));
    sim.fail_turn();
    assert_eq!(sim.received(page).last().unwrap(), "failed");
    assert_eq!(sim.start_turn(), None);
}
