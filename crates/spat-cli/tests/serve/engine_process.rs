//! Failures of the process that computes: it hangs, aborts, or needs too much memory.

use spat_spec::{EngineMessage, Experiment, ForecasterConfig, ITransformerConfig, TrainingConfig};
use tokio::runtime::Runtime;

use super::*;

const HOST: &[&str] = &[
    "--port",
    "0",
    "--engine",
    "host",
    "--device",
    "cpu",
    "--threads",
    "1",
];

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn experiment(epochs: usize) -> Experiment {
    let forecaster = spat_testing::itransformer(Window::new(24, 12, 3), 2, false);
    let mut experiment = spat_testing::experiment(forecaster);
    experiment.training.epochs = epochs;
    experiment
}

/// The process of the server's engine.
fn engine_of(server: &Serving) -> u32 {
    let parent = format!(") S {} ", server.child.id());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let name = entry.file_name();
            let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // `process (name) state parent …`
            let status = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let status = status.replace(") R ", ") S ").replace(") T ", ") S ");
            if status.contains(&parent) {
                return process;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the server has no engine");
}

fn assert_ends(process: u32) {
    let begun = Instant::now();
    while Path::new("/proc").join(process.to_string()).exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_epoch(message: &EngineMessage, epoch: usize) -> bool {
    matches!(event(message), Some(Event::Epoch { result, .. }) if result.epoch == epoch)
}

fn is_resumed(message: &EngineMessage) -> bool {
    matches!(event(message), Some(Event::Started { resumed: true, .. }))
}

fn is_trained(message: &EngineMessage) -> bool {
    matches!(event(message), Some(Event::Trained { .. }))
}

fn warnings(messages: &[EngineMessage]) -> Vec<&str> {
    let events = messages.iter().filter_map(event);
    events
        .filter_map(|event| match event {
            Event::Warning { message } => Some(message.as_str()),
            _ => None,
        })
        .collect()
}

fn figures(messages: &[EngineMessage]) -> Report {
    let Some(Event::Done { report }) = messages.last().and_then(event) else {
        panic!("no report");
    };
    Report {
        command: String::new(),
        ..report.clone().without_timings()
    }
}

#[test]
fn a_run_continues_after_its_engine_aborted_or_hung() {
    let folder = folder();
    let server = serve(folder.path(), &[HOST, &["--engine-timeout", "6"]].concat());
    let address = server.address;
    let bytes = spat_testing::table(400);
    let runtime = runtime();
    let whole = runtime.block_on(async {
        let mut client = Client::open_page(address, &server.join()).await;
        client.open("whole", Some(&bytes)).await;
        client.train(&experiment(40)).await;
        client.prune(&experiment(40)).await;
        figures(&client.until(is_done).await)
    });
    for (run, signal_name, reason) in [
        ("aborted", "-ABRT", "ended unexpectedly (signal: 6"),
        ("hung", "-STOP", "gave no sign of life for 6 seconds"),
    ] {
        let engine = engine_of(&server);
        runtime.block_on(async {
            let mut client = Client::open_page(address, &server.join()).await;
            client.open(run, Some(&bytes)).await;
            client.train(&experiment(40)).await;
            client.prune(&experiment(40)).await;
            // The first epoch's checkpoint is written before the second epoch is reported.
            client.until(|message| is_epoch(message, 2)).await;
            let mut other = Client::open_page(address, &server.join()).await;
            other.open("other", Some(&bytes)).await;
            other.train(&experiment(1)).await;
            signal(engine, signal_name);

            let messages = other.until(is_trained).await;
            let turn = |message: &&EngineMessage| matches!(message, EngineMessage::Place { .. });
            let places: Vec<_> = messages.iter().filter(turn).collect();
            assert!(places.len() <= 2, "served within two turns: {places:?}");

            let messages = client.until(is_done).await;
            let warnings = warnings(&messages);
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].contains(reason), "{warnings:?}");
            assert!(warnings[0].contains("is resumed"), "{warnings:?}");
            assert!(messages.iter().any(is_resumed));
            assert_eq!(figures(&messages), whole, "{run}");
        });
        assert_ne!(engine_of(&server), engine);
        assert_ends(engine);
    }
    let engine = engine_of(&server);
    server.signal("-INT");
    let (code, printed) = server.ended();
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(
        printed.matches("another one is started").count(),
        2,
        "{printed}"
    );
    assert_ends(engine);
}

#[test]
fn a_run_whose_engine_fails_twice_is_ended_by_name() {
    let folder = folder();
    let server = serve(folder.path(), HOST);
    let address = server.address;
    let bytes = spat_testing::table(400);
    runtime().block_on(async {
        let mut client = Client::open_page(address, &server.join()).await;
        client.open("unlucky", Some(&bytes)).await;
        client.train(&experiment(100_000)).await;
        client.until(|message| is_epoch(message, 2)).await;
        signal(engine_of(&server), "-KILL");
        client.until(is_resumed).await;
        client
            .until(|message| matches!(event(message), Some(Event::Epoch { .. })))
            .await;
        signal(engine_of(&server), "-KILL");
        let message = client.failure().await;
        for part in [
            "`unlucky`",
            "signal: 9",
            "second time",
            "checkpoint is kept",
        ] {
            assert!(message.contains(part), "{message}");
        }
        // Its visitor and others go on.
        client.open("unlucky", None).await;
        client.train(&experiment(100_000)).await;
        client.until(is_resumed).await;
        client.command(spat_spec::Command::Stop).await;
        let mut other = Client::open_page(address, &server.join()).await;
        other.open("other", Some(&bytes)).await;
        other.train(&experiment(1)).await;
        other.until(is_trained).await;
    });
    let engine = engine_of(&server);
    server.signal("-KILL");
    assert_ends(engine);
}

#[test]
fn a_run_that_needs_too_much_memory_is_ended_by_name() {
    let folder = folder();
    let server = serve(folder.path(), &[HOST, &["--engine-memory", "300"]].concat());
    let address = server.address;
    let bytes = spat_testing::table(400);
    let mut large = Experiment {
        forecaster: ForecasterConfig::ITransformer(ITransformerConfig {
            d_model: 1024,
            d_ff: 1024,
            heads: 8,
            layers: 3,
            ..ITransformerConfig::new(Window::new(24, 12, 3), false)
        }),
        training: TrainingConfig::default(),
        ..experiment(1)
    };
    large.finetune = Experiment::finetune_like(&large.training);
    runtime().block_on(async {
        let mut client = Client::open_page(address, &server.join()).await;
        client.open("large", Some(&bytes)).await;
        client.train(&large).await;
        let mut other = Client::open_page(address, &server.join()).await;
        other.open("small", Some(&bytes)).await;
        other.train(&experiment(1)).await;
        let message = client.failure().await;
        for part in ["`large`", "signal: 6", "second time", "smaller"] {
            assert!(message.contains(part), "{message}");
        }
        other.until(is_trained).await;
    });
    server.signal("-INT");
    let (_, printed) = server.ended();
    assert!(printed.contains("memory allocation of"), "{printed}");
}
