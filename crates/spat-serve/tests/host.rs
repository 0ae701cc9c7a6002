//! The host's engine: what its visitors get, how they share it, and what bad ones cannot do.
#![allow(missing_docs, clippy::unwrap_used)]

mod visit;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use spat_engine::{Control, Job, MemoryStore};
use spat_serve::{Host, Limits, Rules, Secret, Settings};
use spat_spec::{Card, Command, DeviceFacts, Engine, Event, Experiment, Notice, Order, Report};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;
use visit::client::{Client, dial, event, is_done, is_paused, is_stopped, is_trained};
use visit::toy::{experiment, table};
use visit::{Running, local, page_folder};

fn facts() -> DeviceFacts {
    DeviceFacts {
        kind: "cpu".to_owned(),
        name: "test".to_owned(),
        threads: 1,
    }
}

/// A server with an engine, its token, and its folders.
struct Hosted {
    server: Running,
    token: String,
    _page: TempDir,
}

fn host(folder: &Path, rules: Rules) -> Hosted {
    host_with(folder, rules, Limits::default())
}

fn host_with(folder: &Path, rules: Rules, limits: Limits) -> Hosted {
    let page = page_folder();
    let secret = Secret::kept_in(folder).unwrap();
    let token = secret.token().to_string();
    let server = Running::start(Settings {
        secret: Some(secret),
        host: Some(Host {
            folder: folder.to_owned(),
            facts: facts(),
            name: "Room 7".to_owned(),
            rules,
        }),
        limits,
        ..local(&page)
    });
    Hosted {
        server,
        token,
        _page: page,
    }
}

impl Hosted {
    /// A new visitor's pass.
    fn join(&self) -> String {
        self.server.join(&self.token).cookie()
    }

    async fn client(&self) -> Client {
        Client::arrive(self.server.address, &self.join()).await
    }
}

fn report(notices: &[Notice]) -> Report {
    match notices.last().and_then(event) {
        Some(Event::Done { report }) => (**report).clone(),
        other => panic!("{other:?}"),
    }
}

/// What an engine of one's own makes of the same.
fn alone(experiment: &Experiment, bytes: &[u8]) -> Report {
    let data = &experiment.data;
    let series = spat_series::read_table(bytes, &data.read)
        .unwrap()
        .into_series(&data.series)
        .unwrap();
    let (device, device_facts) =
        spat_engine::device::choose(spat_engine::device::DeviceChoice::Cpu).unwrap();
    let job = Job {
        hash: experiment.hash(bytes),
        experiment: experiment.clone(),
        series,
        data_name: "toy.csv".to_owned(),
        command: String::new(),
        device,
        device_facts,
    };
    let (_commands, inbox) = std::sync::mpsc::channel();
    let mut control = Control::new(inbox, drop);
    pollster::block_on(spat_engine::run(
        &job,
        &mut MemoryStore::default(),
        &mut control,
    ))
    .unwrap()
}

/// What does not depend on who has computed it and when.
fn figures(report: &Report) -> Report {
    Report {
        command: String::new(),
        device: facts(),
        ..report.clone().without_timings()
    }
}

/// How often the engine had to be shared.
fn turns(notices: &[Notice]) -> usize {
    let own = |notice: &&Notice| matches!(notice, Notice::Place { ahead: 0 });
    notices.iter().filter(own).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_gets_what_an_own_engine_gives() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(3, 2), table(400));
    let mut client = hosted.client().await;
    assert!(!client.hello.continued);
    client
        .order(Order::Find {
            engine: Engine::Gpu,
        })
        .await;
    client.open("first", Some(&bytes)).await;
    client.train(&experiment).await;
    let heard = client.until(is_trained).await;
    assert_eq!(heard[0], Notice::Ready);
    assert!(matches!(&heard[1], Notice::Device { facts, .. } if facts.name == "test"));
    let own_hash = experiment.hash(&bytes);
    let started = heard
        .iter()
        .filter_map(event)
        .find_map(|event| match event {
            Event::Started { hash, resumed, .. } => Some((hash.clone(), *resumed)),
            _ => None,
        });
    assert_eq!(started, Some((own_hash, false)));
    let epochs = heard.iter().filter_map(event);
    assert_eq!(
        epochs
            .filter(|event| matches!(event, Event::Epoch { .. }))
            .count(),
        2
    );

    client.command(Command::Window { window: 3 }).await;
    let looked = client
        .until(|notice| matches!(event(notice), Some(Event::Window { .. })))
        .await;
    assert!(matches!(looked.last().and_then(event),
        Some(Event::Window { sample }) if sample.pruned.is_empty() && !sample.dense.is_empty()));

    client.prune(&experiment).await;
    let report = report(&client.until(is_done).await);
    assert_eq!(figures(&report), figures(&alone(&experiment, &bytes)));

    client.command(Command::Future).await;
    client
        .until(|notice| matches!(event(notice), Some(Event::Future { .. })))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_run_ends_as_an_undisturbed_one() {
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        // Every training yields after its first step that is told of.
        turn: Duration::ZERO,
        ..Rules::default()
    };
    let hosted = host(folder.path(), rules);
    let bytes = table(400);
    let mut jobs = JoinSet::new();
    for seed in 0..3 {
        let (mut client, bytes) = (hosted.client().await, bytes.clone());
        jobs.spawn(async move {
            let experiment = experiment(seed, 6);
            client.open("run", Some(&bytes)).await;
            client.train(&experiment).await;
            client.prune(&experiment).await;
            let heard = client.until(is_done).await;
            let count = |wanted: fn(&Event) -> bool| {
                heard
                    .iter()
                    .filter_map(event)
                    .filter(|event| wanted(event))
                    .count()
            };
            assert_eq!(count(|event| matches!(event, Event::Epoch { .. })), 6 + 1);
            assert_eq!(
                count(|event| matches!(event, Event::Stopped | Event::Paused)),
                0
            );
            assert_eq!(count(|event| matches!(event, Event::Started { .. })), 2);
            let shared = figures(&report(&heard));
            assert_eq!(shared, figures(&alone(&experiment, &bytes)), "seed {seed}");
            turns(&heard)
        });
    }
    let turns: Vec<_> = jobs.join_all().await;
    assert!(
        turns.iter().all(|turns| *turns > 2),
        "nobody had to share: {turns:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_are_all_served_and_none_starves() {
    const VISITORS: usize = 50;
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        turn: Duration::from_millis(50),
        ..Rules::default()
    };
    let hosted = host(folder.path(), rules);
    let bytes: Arc<[u8]> = table(200).into();

    // One who would keep the device for ever.
    let mut greedy = hosted.client().await;
    greedy.open("endless", Some(&bytes)).await;
    greedy.train(&experiment(99, 100_000)).await;
    greedy
        .until(|notice| matches!(event(notice), Some(Event::Progress { .. })))
        .await;

    let mut clients = Vec::new();
    for _ in 0..VISITORS {
        clients.push(hosted.client().await);
    }
    let served = Arc::new(AtomicUsize::new(0));
    let mut visits = JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        let (bytes, served) = (Arc::clone(&bytes), Arc::clone(&served));
        visits.spawn(async move {
            let experiment = experiment(number as u64, 1);
            client.open(&format!("run {number}"), Some(&bytes)).await;
            client.train(&experiment).await;
            client.prune(&experiment).await;
            let mut longest_wait = 0;
            let mut last_turn = served.load(Ordering::SeqCst);
            let heard = loop {
                let notice = client.hear().await.unwrap();
                match event(&notice) {
                    Some(Event::Failed { message }) => panic!("{message}"),
                    Some(Event::Started { hash, .. }) => {
                        assert_eq!(*hash, experiment.hash(&bytes), "another visitor's run");
                    }
                    _ => {}
                }
                if notice == (Notice::Place { ahead: 0 }) {
                    let now = served.fetch_add(1, Ordering::SeqCst);
                    longest_wait = longest_wait.max(now.saturating_sub(last_turn));
                    last_turn = now;
                }
                if is_done(&notice) {
                    break notice;
                }
            };
            let report = report(&[heard]);
            assert_eq!(report.seed, number as u64);
            longest_wait
        });
    }
    let waits = visits.join_all().await;
    assert_eq!(waits.len(), VISITORS, "all are served");
    // In a fair line nobody is overtaken twice by everybody; the count is of what clients heard,
    // which may lag a little behind what happened.
    let longest = waits.iter().max().unwrap();
    assert!(
        *longest <= 2 * VISITORS,
        "somebody waited for {longest} turns of others"
    );

    greedy.command(Command::Stop).await;
    greedy.until(is_stopped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_training_is_steered() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(5, 4000), table(300));
    let mut client = hosted.client().await;
    client.open("steered", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|notice| matches!(event(notice), Some(Event::Progress { .. })))
        .await;
    client.command(Command::Pause).await;
    let before = client.until(is_paused).await;
    let step = |notices: &[Notice]| {
        notices
            .iter()
            .filter_map(event)
            .filter_map(|event| match event {
                Event::Progress { step, .. } => Some(*step),
                _ => None,
            })
            .next_back()
    };
    // Others may be served while it rests.
    let mut other = hosted.client().await;
    other.open("other", Some(&bytes)).await;
    other.train(&self::experiment(1, 1)).await;
    other.until(is_trained).await;

    client.command(Command::Step { steps: 3 }).await;
    let stepped = client.until(is_paused).await;
    let told: Vec<_> = stepped
        .iter()
        .filter_map(event)
        .filter_map(|event| match event {
            Event::Progress { step, .. } => Some(*step),
            _ => None,
        })
        .collect();
    let last = *told.last().unwrap();
    if let Some(before) = step(&before) {
        assert!(last >= before + 3, "{before} {told:?}");
    }
    client.command(Command::Step { steps: 1 }).await;
    let again = client.until(is_paused).await;
    assert_eq!(step(&again), Some(last + 1), "exactly one step");

    client.command(Command::Resume).await;
    let running = client
        .until(|notice| matches!(event(notice), Some(Event::Progress { .. })))
        .await;
    assert!(step(&running).unwrap() > last + 1);
    client.command(Command::Stop).await;
    client.until(is_stopped).await;

    // It goes on from where it was.
    client.open("steered", None).await;
    client.train(&experiment).await;
    let resumed = client
        .until(|notice| matches!(event(notice), Some(Event::Progress { .. })))
        .await;
    assert!(
        resumed
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert!(step(&resumed).unwrap() > last + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_taken_up_where_it_ended() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let (experiment, bytes) = (experiment(8, 30), table(400));
    let cookie = hosted.join();
    let mut client = Client::arrive(address, &cookie).await;
    client.open("lossy", Some(&bytes)).await;
    client.train(&experiment).await;
    client.prune(&experiment).await;
    let mut heard = client
        .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
        .await;
    for _ in 0..3 {
        client = client.come_back(address, &cookie).await;
        assert!(client.hello.continued);
        assert_eq!(client.hello.received, 3);
        heard.extend(
            client
                .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
                .await,
        );
        sleep(Duration::from_millis(30)).await;
    }
    heard.extend(client.until(is_done).await);
    let epochs: Vec<_> = heard
        .iter()
        .filter_map(event)
        .filter_map(|event| match event {
            Event::Epoch { result, .. } => Some(result.epoch),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (1..=30).chain([1]).collect();
    assert_eq!(epochs, expected, "nothing is missed and nothing told twice");

    // A page that is loaded anew is a new one to the host, and sees what is kept.
    let fresh = Client::arrive(address, &cookie).await;
    assert!(!fresh.hello.continued);
    assert!(
        matches!(client.hear().await, Err(Some(4001) | None)),
        "the older page rests"
    );
    drop(fresh);
    let back = client.come_back(address, &cookie).await;
    assert!(!back.hello.continued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reloaded_page_goes_on_with_its_run() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let (experiment, bytes) = (experiment(12, 60), table(400));
    let cookie = hosted.join();
    let mut client = Client::arrive(address, &cookie).await;
    client.open("reloaded", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
        .await;
    drop(client);

    let mut page = Client::arrive(address, &cookie).await;
    page.open("reloaded", None).await;
    page.train(&experiment).await;
    page.prune(&experiment).await;
    let heard = page.until(is_done).await;
    assert!(
        heard
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert_eq!(
        figures(&report(&heard)),
        figures(&alone(&experiment, &bytes))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_in_mid_run_leaves_what_the_next_goes_on_with() {
    let folder = TempDir::new().unwrap();
    let mut hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(21, 80), table(400));
    let cookie = hosted.join();
    let mut client = Client::arrive(hosted.server.address, &cookie).await;
    client.open("kept", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
        .await;
    let end = tokio::task::spawn_blocking(move || {
        hosted.server.end();
        hosted
    });
    hosted = end.await.unwrap();
    assert_eq!(
        closed_with(&mut client).await,
        Some(1001),
        "the page hears that it is over"
    );

    let visitor = only_folder(&folder.path().join("visitors"));
    assert!(visitor.join("kept/checkpoint").read_dir().unwrap().count() > 0);
    let again = host(folder.path(), Rules::default());
    assert_eq!(again.token, hosted.token, "the join link stays");
    // The pass is of the same secret; the cookie is named after the port.
    let (_, pass) = cookie.split_once('=').unwrap();
    let cookie = format!("cookie: spat-{}={pass}", again.server.address.port());
    let mut page = Client::arrive(again.server.address, &cookie).await;
    page.open("kept", None).await;
    page.train(&experiment).await;
    page.prune(&experiment).await;
    let heard = page.until(is_done).await;
    assert!(
        heard
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert_eq!(
        figures(&report(&heard)),
        figures(&alone(&experiment, &bytes))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_reach_the_engine() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let origin = ("origin", format!("http://{address}"));
    let cookie = hosted.join();
    let pass = (
        "cookie",
        cookie.strip_prefix("cookie: ").unwrap().to_owned(),
    );
    let status = |headers: Vec<(&'static str, String)>| async move {
        dial(address, "", &headers).await.map(drop).unwrap_err()
    };
    assert_eq!(status(vec![origin.clone()]).await, 401, "no pass");
    let mut forged = pass.clone();
    forged.1.pop();
    assert_eq!(status(vec![origin.clone(), forged]).await, 401);
    assert_eq!(status(vec![pass.clone()]).await, 403, "no origin");
    let foreign = ("origin", "http://evil.example".to_owned());
    assert_eq!(status(vec![foreign, pass.clone()]).await, 403);
    let named = ("host", "evil.example".to_owned());
    assert_eq!(status(vec![named, origin.clone(), pass.clone()]).await, 421);
    assert!(dial(address, "", &[origin, pass]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_clients_stop_nobody() {
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        patience: Duration::from_secs(3),
        ping: Duration::from_millis(500),
        ..Limits::default()
    };
    let rules = Rules {
        table: 1 << 20,
        turn: Duration::from_millis(300),
        ..Rules::default()
    };
    let hosted = host_with(folder.path(), rules, limits);
    let (experiment, bytes) = (experiment(2, 3), table(400));

    // Words that are no order, binary rubbish behind them, a frame that is too large.
    let mut rubbish = hosted.client().await;
    rubbish
        .socket
        .send(Message::Text("{\"order\":".into()))
        .await
        .unwrap();
    assert_eq!(closed_with(&mut rubbish).await, Some(1003));
    let mut large = hosted.client().await;
    large
        .socket
        .send(Message::Binary(vec![0; 3 << 20].into()))
        .await
        .ok();
    assert!(matches!(closed_with(&mut large).await, None | Some(1009)));
    let mut hasty = hosted.client().await;
    for _ in 0..2000 {
        if hasty
            .socket
            .feed(Message::Text(
                "{\"number\":1,\"order\":{\"order\":\"find\",\"engine\":\"cpu\"}}".into(),
            ))
            .await
            .is_err()
        {
            break;
        }
    }
    hasty.socket.flush().await.ok();
    assert!(matches!(closed_with(&mut hasty).await, Some(1008) | None));

    // A table that is larger than the server takes.
    let mut greedy = hosted.client().await;
    greedy.open("large", Some(&vec![b'1'; 2 << 20])).await;
    let words = greedy.failure().await;
    assert!(words.contains("1 MB"), "{words}");
    // A model that would take the machine.
    let mut vast = experiment.clone();
    if let spat_spec::ForecasterConfig::ITransformer(config) = &mut vast.forecaster {
        config.d_model = 1 << 20;
        config.layers = 1 << 20;
    }
    greedy.open("vast", Some(&bytes)).await;
    greedy.train(&vast).await;
    let words = greedy.failure().await;
    assert!(words.contains("parameters"), "{words}");
    // Names that lead elsewhere.
    for name in ["../outside", "/etc/x", "..", "a/b", "", "a\\b"] {
        greedy.open(name, Some(&bytes)).await;
        let words = greedy.failure().await;
        assert!(words.contains("no name of a run"), "{name}: {words}");
    }
    // A table that is none, and no table at all.
    greedy.open("text", Some(b"no table at all")).await;
    greedy.train(&experiment).await;
    greedy.failure().await;
    let mut early = hosted.client().await;
    early.train(&experiment).await;
    assert!(early.failure().await.contains("open one first"));
    early.open("never begun", None).await;
    assert!(early.failure().await.contains("not on the server"));

    // One that takes nothing, one that goes in mid-upload, one that goes in mid-run.
    let mut deaf = hosted.client().await;
    deaf.open("deaf", Some(&bytes)).await;
    deaf.train(&self::experiment(1, 2000)).await;
    let mut gone = hosted.client().await;
    gone.socket
        .send(Message::Binary(vec![b'1'; 1000].into()))
        .await
        .unwrap();
    drop(gone);
    let mut left = hosted.client().await;
    left.open("left", Some(&bytes)).await;
    left.train(&experiment).await;
    drop(left);

    let mut good = hosted.client().await;
    good.open("good", Some(&bytes)).await;
    good.train(&experiment).await;
    good.prune(&experiment).await;
    let report = report(&good.until(is_done).await);
    assert_eq!(figures(&report), figures(&alone(&experiment, &bytes)));
    drop(deaf);
    assert!(!folder.path().join("outside").exists());
    assert!(!folder.path().join("visitors/outside").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_its_share_and_no_more() {
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        job: Duration::from_secs(3),
        visitors: 1,
        runs: 2,
        ..Rules::default()
    };
    let hosted = host(folder.path(), rules);
    let bytes = table(300);
    let cookie = hosted.join();
    let mut client = Client::arrive(hosted.server.address, &cookie).await;
    client.open("long", Some(&bytes)).await;
    client.train(&experiment(1, 100_000)).await;
    let heard = client.until(is_stopped).await;
    assert!(
        heard
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Warning { message } if message.contains("kept")))
    );

    let headers = [
        ("origin", format!("http://{}", hosted.server.address)),
        (
            "cookie",
            hosted.join().strip_prefix("cookie: ").unwrap().to_owned(),
        ),
    ];
    let full = dial(hosted.server.address, "", &headers).await;
    assert_eq!(full.map(drop).unwrap_err(), 503, "the house is full");

    client.open("second", Some(&bytes)).await;
    client.train(&experiment(1, 1)).await;
    client.until(is_trained).await;
    client.open("third", Some(&bytes)).await;
    let words = client.failure().await;
    assert!(words.contains("delete"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_kept_for_their_visitor_alone() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let server = &hosted.server;
    let (experiment, bytes) = (experiment(4, 1), table(300));
    let cookie = hosted.join();
    let mut client = Client::arrive(server.address, &cookie).await;
    client.open("mine", Some(&bytes)).await;
    client.train(&experiment).await;
    client.prune(&experiment).await;
    let report = report(&client.until(is_done).await);

    let cards = server.get("/runs", &[&cookie]);
    assert_eq!(cards.header("cache-control"), Some("no-store"));
    let cards: Vec<(String, Card)> = serde_json::from_slice(&cards.body).unwrap();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0].0, "mine");
    assert_eq!(
        cards[0].1.mse,
        Some((report.dense.test.mse, report.pruned.test.mse))
    );
    let names: Vec<String> =
        serde_json::from_slice(&server.get("/runs/mine", &[&cookie]).body).unwrap();
    assert!(names.iter().any(|name| name == "report.html"));
    let file = server.get("/runs/mine/files/report.html", &[&cookie]);
    assert_eq!(
        file.header("content-type"),
        Some("application/octet-stream"),
        "nothing runs here"
    );
    assert_eq!(file.header("content-disposition"), Some("attachment"));
    assert!(file.text().starts_with("<!DOCTYPE html>"));
    assert_eq!(
        server.get("/runs/mine/files/table.csv", &[&cookie]).body,
        bytes
    );
    assert_eq!(
        server.get("/runs/mine/files/nothing", &[&cookie]).status,
        404
    );

    let card = Card {
        title: "renamed".to_owned(),
        ..cards[0].1.clone()
    };
    let text = serde_json::to_string(&card).unwrap();
    let origin = format!("origin: http://{}", server.address);
    assert_eq!(
        server
            .ask("PUT", "/runs/mine/card", &[&cookie], &text)
            .status,
        403,
        "no origin"
    );
    assert_eq!(
        server
            .ask("PUT", "/runs/mine/card", &[&cookie, &origin], &text)
            .status,
        204
    );
    assert!(server.get("/runs", &[&cookie]).text().contains("renamed"));
    let huge = "x".repeat(300 << 10);
    // A server that has refused may close before all of it was sent, and its answer be lost.
    let refused = server.ask("PUT", "/runs/mine/card", &[&cookie, &origin], &huge);
    assert!(matches!(refused.status, 413 | 0), "{refused:?}");
    assert!(server.get("/runs", &[&cookie]).text().contains("renamed"));

    let other = hosted.join();
    assert_eq!(server.get("/runs", &[&other]).text(), "[]");
    assert_ne!(
        server.get("/runs/mine/files/report.html", &[&other]).status,
        200
    );
    assert_eq!(server.get("/runs", &[]).status, 401);
    let visitor = only_folder(&folder.path().join("visitors"));
    let name = visitor.file_name().unwrap().to_string_lossy().into_owned();
    for path in [
        format!("/runs/..%2f{name}%2fmine/files/report.html"),
        "/runs/mine/files/..%2f..%2fsecret.json".to_owned(),
        "/runs/..%2f../files/secret.json".to_owned(),
        "/runs/mine/files/%2fetc%2fpasswd".to_owned(),
    ] {
        let answer = server.get(&path, &[&other]);
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains(&hosted.token));
        let own = server.get(&path, &[&cookie]);
        assert!(
            !own.text().contains(&hosted.token) && !own.text().contains("root:"),
            "{path}"
        );
    }
    assert_eq!(
        server
            .ask("DELETE", "/runs/mine", &[&other, &origin], "")
            .status,
        204,
        "there is none"
    );
    assert!(visitor.join("mine").exists());
    let deleted = server.ask("DELETE", "/runs/mine", &[&cookie, &origin], "");
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert!(!visitor.join("mine").exists());

    let index = server.get("/", &[&cookie]);
    assert!(
        index
            .text()
            .contains("<meta name=\"spat-host\" content=\"Room 7\">")
    );
}

fn only_folder(path: &Path) -> std::path::PathBuf {
    let mut folders = path.read_dir().unwrap();
    let only = folders.next().unwrap().unwrap().path();
    assert!(folders.next().is_none());
    only
}

async fn closed_with(client: &mut Client) -> Option<u16> {
    loop {
        match client.socket.next().await {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}
