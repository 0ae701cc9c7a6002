//! The floor on a stage of its own, with its own clock.

use std::time::{Duration, Instant};

use spat_engine::session::{EngineSession, JobControl, MemoryRunStorage};
use spat_spec::{
    Command, DeviceFacts, Engine, EngineMessage, EngineRequest, Event, Experiment,
    ForecasterConfig, Phase, TrainingConfig, preset,
};

use super::going::Intent;
use super::{Arrival, Behind, Floor};
use crate::gate::VisitorId;
use crate::hall::rules::Rules;
use crate::hall::visitor::Open;

/// A floor with its own clock, and pages that remember what they were told.
struct Stage {
    floor: Floor,
    steering: JobControl,
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
            steering: JobControl::default(),
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

    fn order(&mut self, page: usize, order: EngineRequest) {
        let (id, arrival, given) = &mut self.pages[page];
        *given += 1;
        let open = match &order {
            EngineRequest::Open { run, table, .. } => Some(Open {
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
            EngineRequest::Open {
                run: "run".to_owned(),
                table: "t.csv".to_owned(),
                engine: Engine::Auto,
            },
        );
        let experiment = Box::new(experiment());
        self.order(page, EngineRequest::Command(Command::Train { experiment }));
    }

    /// The page whose turn begins.
    fn turn(&mut self) -> Option<usize> {
        let turn = self.floor.next_turn(&self.steering, self.now)?;
        self.pages.iter().position(|(id, ..)| *id == turn.visitor)
    }

    fn say(&mut self, event: Event) {
        self.floor
            .hear(EngineMessage::Event(Box::new(event)), self.now);
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
            let told: spat_spec::ServerEnvelope = serde_json::from_str(&text).unwrap();
            kinds.push(match told.message {
                EngineMessage::Place { ahead } => format!("place {ahead}"),
                EngineMessage::Event(event) => {
                    let json = serde_json::to_value(&*event).unwrap();
                    json["event"].as_str().unwrap().to_owned()
                }
                other => serde_json::to_value(&other).unwrap()["type"]
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
    stage.order(page, EngineRequest::Command(Command::Pause));
    stage.say(Event::Stopped);
    stage.end();
    assert_eq!(stage.told(page).last().unwrap(), "paused");
    assert_eq!(stage.turn(), None);
    stage.order(page, EngineRequest::Command(Command::Step { steps: 2 }));
    assert_eq!(stage.turn(), Some(page));
    stage.say(started());
    for event in [
        Event::Paused,
        progress(),
        Event::Paused,
        progress(),
        Event::Stopped,
    ] {
        stage.say(event);
    }
    stage.end();
    assert_eq!(stage.told(page), ["place 0", "progress", "paused"]);
    assert_eq!(stage.turn(), None);
    stage.order(page, EngineRequest::Command(Command::Stop));
    assert_eq!(stage.told(page), ["stopped"]);
    stage.order(page, EngineRequest::Command(Command::Resume));
    assert_eq!(stage.turn(), None, "there is nothing to go on with");
}

#[test]
fn steps_outlast_a_turn_and_can_be_added_to() {
    let mut stage = Stage::new(Rules::default());
    let (page, other) = (stage.arrive(), stage.arrive());
    let step = |steps| EngineRequest::Command(Command::Step { steps });
    stage.train(page);
    stage.turn();
    stage.say(started());
    stage.order(page, EngineRequest::Command(Command::Pause));
    // Before the pause has taken effect.
    stage.order(page, step(3));
    stage.say(Event::Stopped);
    stage.end();
    assert!(!stage.told(page).contains(&"paused".to_owned()));

    stage.train(other);
    assert_eq!(stage.turn(), Some(page));
    stage.say(started());
    stage.say(Event::Paused);
    stage.say(phase(Phase::Pretrain));
    stage.pass(60);
    stage.say(progress());
    let intent = |stage: &Stage| stage.floor.going.as_ref().unwrap().intent;
    assert_eq!(intent(&stage), Some(Intent::Yield));
    stage.say(Event::Stopped);
    stage.end();
    assert_eq!(stage.turn(), Some(other));
    stage.say(started());
    stage.say(Event::Trained { test_windows: 1 });
    stage.end();

    assert_eq!(stage.turn(), Some(page), "two steps are left");
    assert_eq!(stage.floor.going.as_ref().unwrap().steps, 2);
    stage.say(started());
    for event in [Event::Paused, progress(), Event::Paused, progress()] {
        stage.say(event);
    }
    assert_eq!(intent(&stage), Some(Intent::Pause));
    stage.say(Event::Stopped);
    stage.end();
    assert_eq!(stage.told(page).last().unwrap(), "paused");
    assert_eq!(stage.turn(), None, "a paused job does not go on by itself");

    stage.order(page, step(5));
    assert_eq!(stage.turn(), Some(page));
    stage.say(started());
    stage.say(Event::Paused);
    stage.order(page, EngineRequest::Command(Command::Resume));
    for event in [progress(), Event::Paused, progress()] {
        stage.say(event);
    }
    assert_eq!(intent(&stage), None, "it goes on for good");
}

#[test]
fn what_is_said_while_a_turn_begins_is_not_lost() {
    for command in [Command::Pause, Command::Stop] {
        let mut stage = Stage::new(Rules::default());
        let page = stage.arrive();
        stage.train(page);
        let turn = stage.floor.next_turn(&stage.steering, stage.now).unwrap();
        // The desk has not begun yet: it still reads the table.
        stage.order(page, EngineRequest::Command(command.clone()));
        let said = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let heard = std::rc::Rc::clone(&said);
        let mut session =
            EngineSession::new(MemoryRunStorage, stage.steering.clone(), move |notice| {
                heard.borrow_mut().push(notice);
            });
        pollster::block_on(async {
            let open = EngineRequest::Open {
                run: turn.open.run.clone(),
                table: turn.open.table.clone(),
                engine: Engine::Cpu,
            };
            session.handle(open, Some(table())).await;
            session
                .handle(EngineRequest::Command(turn.command.clone()), None)
                .await;
        });
        for notice in said.take() {
            stage.floor.hear(notice, stage.now);
        }
        stage.end();
        let told = stage.told(page);
        assert!(!told.contains(&"epoch".to_owned()), "{told:?}");
        let last = if command == Command::Pause {
            "paused"
        } else {
            "stopped"
        };
        assert_eq!(told.last().unwrap(), last, "{told:?}");
    }
}

/// Enough rows for a window or two in every part.
fn table() -> Vec<u8> {
    let rows = (0..400).map(|row| format!("{},{},{}\n", row % 7, row % 5, row % 3));
    std::iter::once("a,b,c\n".to_owned())
        .chain(rows)
        .collect::<String>()
        .into_bytes()
}

#[test]
fn what_follows_a_table_that_was_not_taken_is_not_done_with_another() {
    let mut stage = Stage::new(Rules::default());
    let page = stage.arrive();
    stage.train(page);
    assert_eq!(stage.turn(), Some(page));
    stage.say(started());
    let (id, line) = (stage.pages[page].0, stage.pages[page].1.line);
    let open = || EngineRequest::Open {
        run: "other".to_owned(),
        table: "t.csv".to_owned(),
        engine: Engine::Auto,
    };
    let refused = Err("too large".to_owned());
    stage.pages[page].2 += 1;
    let number = stage.pages[page].2;
    stage.floor.order(id, line, number, open(), refused);
    let experiment = Box::new(experiment());
    stage.order(page, EngineRequest::Command(Command::Train { experiment }));
    stage.say(Event::Trained { test_windows: 1 });
    stage.end();
    assert_eq!(stage.turn(), None);
    let told = stage.told(page);
    let failed = |kinds: &[String]| kinds.iter().filter(|kind| *kind == "failed").count();
    assert_eq!(failed(&told), 2, "{told:?}");
}

#[test]
fn orders_that_come_twice_count_once() {
    let mut stage = Stage::new(Rules::default());
    let page = stage.arrive();
    stage.order(
        page,
        EngineRequest::Find {
            engine: Engine::Auto,
        },
    );
    stage.pages[page].2 = 0;
    stage.order(
        page,
        EngineRequest::Find {
            engine: Engine::Auto,
        },
    );
    assert_eq!(stage.told(page), ["ready", "device"]);
}

#[test]
fn who_takes_nothing_is_behind_at_last() {
    let mut stage = Stage::new(Rules::default());
    let page = stage.arrive();
    stage.train(page);
    stage.turn();
    stage.say(started());
    let (id, line) = (stage.pages[page].0, stage.pages[page].1.line);
    assert!(stage.floor.told(id, line, 0).unwrap().is_some());
    // More than 16 MB, of which not one is taken.
    for _ in 0..17 {
        stage.say(Event::Warning {
            message: "x".repeat(1 << 20),
        });
    }
    assert_eq!(stage.floor.told(id, line, 0).unwrap_err(), Behind::Lost);
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
