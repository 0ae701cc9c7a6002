//! Sharing of the engine: the same results as alone, fair turns, and limits.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_engine_gives_the_same_report() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(3, 2), table(400));
    let mut client = hosted.client().await;
    assert!(!client.hello.continued);
    client
        .send(EngineRequest::Find {
            engine: Engine::Gpu,
        })
        .await;
    client.open("first", Some(&bytes)).await;
    client.train(&experiment).await;
    let messages = client.until(is_trained).await;
    assert_eq!(messages[0], EngineMessage::Ready);
    assert!(matches!(&messages[1], EngineMessage::Device { facts, .. } if facts.name == "test"));
    let own_hash = experiment.hash(&bytes);
    let started = messages
        .iter()
        .filter_map(event)
        .find_map(|event| match event {
            Event::Started { hash, resumed, .. } => Some((hash.clone(), *resumed)),
            _ => None,
        });
    assert_eq!(started, Some((own_hash, false)));
    let epochs = messages.iter().filter_map(event);
    assert_eq!(
        epochs
            .filter(|event| matches!(event, Event::Epoch { .. }))
            .count(),
        2
    );

    client.command(Command::Window { window: 3 }).await;
    let messages = client
        .until(|message| matches!(event(message), Some(Event::Window { .. })))
        .await;
    assert!(matches!(messages.last().and_then(event),
        Some(Event::Window { sample }) if sample.pruned.is_empty() && !sample.dense.is_empty()));

    client.prune(&experiment).await;
    let report = report(&client.until(is_done).await);
    assert_eq!(figures(&report), figures(&alone(&experiment, &bytes)));

    client.command(Command::Future).await;
    client
        .until(|message| matches!(event(message), Some(Event::Future { .. })))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_runs_end_with_the_same_report() {
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        // Every training yields after its first reported step.
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
            let messages = client.until(is_done).await;
            let count = |wanted: fn(&Event) -> bool| {
                messages
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
            let shared = figures(&report(&messages));
            assert_eq!(shared, figures(&alone(&experiment, &bytes)), "seed {seed}");
            turns(&messages)
        });
    }
    let turns: Vec<_> = jobs.join_all().await;
    assert!(
        turns.iter().all(|turns| *turns > 2),
        "no run was interrupted: {turns:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_visitors_are_all_served_fairly() {
    const VISITORS: usize = 50;
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        turn: Duration::from_millis(50),
        ..Rules::default()
    };
    // The endless visitor reads nothing while the others are served, which takes long on a busy machine.
    let limits = Limits {
        idle_timeout: Duration::from_secs(600),
        ..Limits::default()
    };
    let hosted = host_with(folder.path(), rules, limits);
    let bytes: Arc<[u8]> = table(200).into();

    // A training without end.
    let mut endless = hosted.client().await;
    endless.open("endless", Some(&bytes)).await;
    endless.train(&experiment(99, 100_000)).await;
    endless
        .until(|message| matches!(event(message), Some(Event::Progress { .. })))
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
            let messages = loop {
                let message = client.next_message().await.unwrap();
                match event(&message) {
                    Some(Event::Failed { message }) => panic!("{message}"),
                    Some(Event::Started { hash, .. }) => {
                        assert_eq!(*hash, experiment.hash(&bytes), "another visitor's run");
                    }
                    _ => {}
                }
                if message == (EngineMessage::Place { ahead: 0 }) {
                    let now = served.fetch_add(1, Ordering::SeqCst);
                    longest_wait = longest_wait.max(now.saturating_sub(last_turn));
                    last_turn = now;
                }
                if is_done(&message) {
                    break message;
                }
            };
            let report = report(&[messages]);
            assert_eq!(report.seed, number as u64);
            longest_wait
        });
    }
    let waits = visits.join_all().await;
    assert_eq!(waits.len(), VISITORS, "all are served");
    // A fair queue lets every other visitor pass at most once. The clients count with some delay, so
    // twice is allowed.
    let longest = waits.iter().max().unwrap();
    assert!(
        *longest <= 2 * VISITORS,
        "a visitor waited for {longest} turns of others"
    );

    endless.command(Command::Stop).await;
    endless.until(is_stopped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_training_can_be_paused_stepped_and_stopped() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(5, 4000), table(300));
    let mut client = hosted.client().await;
    client.open("controlled", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|message| matches!(event(message), Some(Event::Progress { .. })))
        .await;
    client.command(Command::Pause).await;
    let before = client.until(is_paused).await;
    let step = |messages: &[EngineMessage]| {
        messages
            .iter()
            .filter_map(event)
            .filter_map(|event| match event {
                Event::Progress { step, .. } => Some(*step),
                _ => None,
            })
            .next_back()
    };
    // Other visitors are served while it is paused.
    let mut other = hosted.client().await;
    other.open("other", Some(&bytes)).await;
    other.train(&self::experiment(1, 1)).await;
    other.until(is_trained).await;

    client.command(Command::Step { steps: 3 }).await;
    let stepped = client.until(is_paused).await;
    let steps: Vec<_> = stepped
        .iter()
        .filter_map(event)
        .filter_map(|event| match event {
            Event::Progress { step, .. } => Some(*step),
            _ => None,
        })
        .collect();
    let last = *steps.last().unwrap();
    if let Some(before) = step(&before) {
        assert!(last >= before + 3, "{before} {steps:?}");
    }
    client.command(Command::Step { steps: 1 }).await;
    let again = client.until(is_paused).await;
    assert_eq!(step(&again), Some(last + 1), "exactly one step");

    client.command(Command::Resume).await;
    let running = client
        .until(|message| matches!(event(message), Some(Event::Progress { .. })))
        .await;
    assert!(step(&running).unwrap() > last + 1);
    client.command(Command::Stop).await;
    client.until(is_stopped).await;

    // It resumes from its checkpoint.
    client.open("controlled", None).await;
    client.train(&experiment).await;
    let resumed = client
        .until(|message| matches!(event(message), Some(Event::Progress { .. })))
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
async fn limits_of_time_visitors_and_runs_apply() {
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        job: Duration::from_secs(3),
        visitors: 1,
        waiting: 1,
        runs: 2,
        ..Rules::default()
    };
    let hosted = host(folder.path(), rules);
    let bytes = table(300);
    let cookie = hosted.join();
    let mut client = Client::open_page(hosted.server.address, &cookie).await;
    client.open("long", Some(&bytes)).await;
    client.train(&experiment(1, 100_000)).await;
    let messages = client.until(is_stopped).await;
    assert!(
        messages
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Warning { message } if message.contains("kept")))
    );

    // Another visitor waits for the place.
    let (address, other) = (hosted.server.address, hosted.join());
    let waiting = tokio::spawn(async move { Client::open_page(address, &other).await });
    sleep(Duration::from_secs(2)).await;
    assert!(!waiting.is_finished(), "there is one place");
    // With one who waits, the queue is full.
    let headers = [
        ("origin", format!("http://{address}")),
        (
            "cookie",
            hosted.join().strip_prefix("cookie: ").unwrap().to_owned(),
        ),
    ];
    let mut full = connect(address, "", &headers).await.unwrap();
    // The server accepts the connection and closes it with the reason.
    assert_eq!(
        ended_with(&mut full).await,
        Some(4003),
        "no room for another visitor"
    );

    client.open("second", Some(&bytes)).await;
    client.train(&experiment(1, 1)).await;
    client.until(is_trained).await;
    client.open("third", Some(&bytes)).await;
    let message = client.failure().await;
    assert!(message.contains("delete"), "{message}");
    client.socket.close(None).await.ok();
    drop(client);
    let admitted = timeout(Duration::from_secs(20), waiting).await;
    let admitted = admitted.unwrap().unwrap();
    assert!(!admitted.hello.continued);
    assert_eq!(admitted.waited, [0], "it knows that it is the next");
}
