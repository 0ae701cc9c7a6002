//! One engine for many: the same figures as alone, fair turns, and a bounded share.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_gets_what_an_own_engine_gives() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(3, 2), table(400));
    let mut client = hosted.client().await;
    assert!(!client.hello.continued);
    client
        .order(EngineRequest::Find {
            engine: Engine::Gpu,
        })
        .await;
    client.open("first", Some(&bytes)).await;
    client.train(&experiment).await;
    let heard = client.until(is_trained).await;
    assert_eq!(heard[0], EngineMessage::Ready);
    assert!(matches!(&heard[1], EngineMessage::Device { facts, .. } if facts.name == "test"));
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
                if notice == (EngineMessage::Place { ahead: 0 }) {
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
    let step = |notices: &[EngineMessage]| {
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
    // Browsers hide the answer to a connection that was refused, so this one is taken and ended.
    let mut full = dial(hosted.server.address, "", &headers).await.unwrap();
    assert_eq!(ended_with(&mut full).await, Some(4003), "the house is full");

    client.open("second", Some(&bytes)).await;
    client.train(&experiment(1, 1)).await;
    client.until(is_trained).await;
    client.open("third", Some(&bytes)).await;
    let words = client.failure().await;
    assert!(words.contains("delete"), "{words}");
}
