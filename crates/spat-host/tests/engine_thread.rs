//! The engine session on its thread with run folders, as in the desktop app.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use spat_engine::session::{MemoryRunStorage, RunStorage};
use spat_host::{EngineThread, RunFolder, RunsFolder};
use spat_spec::{
    Command, Engine, EngineMessage, EngineRequest, Event, Experiment, ModelForecast, Phase, Report,
    RunSummary, Stage, Window,
};

const RUN: &str = "toy-itransformer-1";

fn experiment(epochs: usize) -> Experiment {
    let forecaster = spat_testing::itransformer(Window::new(12, 4, 3), 2, false);
    let mut experiment = spat_testing::experiment(forecaster);
    experiment.training.epochs = epochs;
    experiment
}

fn runs_in(root: &Path) -> RunsFolder {
    RunsFolder::new(root.to_owned(), "a test", None)
}

struct Client {
    engine: EngineThread,
    messages: Receiver<EngineMessage>,
}

impl Client {
    fn with(storage: impl RunStorage + Send + 'static) -> Self {
        let (sender, messages) = channel();
        let engine =
            EngineThread::start(storage, move |message| drop(sender.send(message))).unwrap();
        Self { engine, messages }
    }

    /// A session with the toy table open.
    fn with_table(storage: impl RunStorage + Send + 'static) -> Self {
        let client = Self::with(storage);
        client.open(Some(spat_testing::table(400)));
        client
    }

    fn open(&self, bytes: Option<Vec<u8>>) {
        let request = EngineRequest::Open {
            run: RUN.to_owned(),
            table: "toy.csv".to_owned(),
            engine: Engine::Cpu,
        };
        self.engine.request(request, bytes);
    }

    fn command(&self, command: Command) {
        self.engine.request(EngineRequest::Command(command), None);
    }

    fn train(&self, experiment: &Experiment) {
        self.command(Command::Train {
            experiment: Box::new(experiment.clone()),
        });
    }

    fn prune(&self, experiment: &Experiment) {
        self.command(Command::Prune {
            experiment: Box::new(experiment.clone()),
        });
    }

    /// The first event for which `wanted` returns a value; a failure fails the test.
    fn until<T>(&self, wanted: impl Fn(Event) -> Option<T>) -> T {
        loop {
            match self
                .messages
                .recv_timeout(Duration::from_secs(120))
                .unwrap()
            {
                EngineMessage::Event(event) => {
                    if let Event::Failed { message } = &*event {
                        panic!("{message}");
                    }
                    if let Some(found) = wanted(*event) {
                        return found;
                    }
                }
                EngineMessage::Broken { message } => panic!("{message}"),
                _ => {}
            }
        }
    }

    fn forecast(&self, model: &[u8], table: &[u8]) -> Result<ModelForecast, String> {
        let request = EngineRequest::Forecast {
            engine: Engine::Cpu,
            data: Box::default(),
            model: model.len() as u64,
        };
        self.engine.request(request, Some([model, table].concat()));
        loop {
            match self.messages.recv_timeout(Duration::from_secs(60)).unwrap() {
                EngineMessage::Forecast { forecast } => return Ok(*forecast),
                EngineMessage::NoForecast { reason } => return Err(reason),
                _ => {}
            }
        }
    }

    fn failure(&self) -> String {
        loop {
            if let EngineMessage::Event(event) =
                self.messages.recv_timeout(Duration::from_secs(60)).unwrap()
                && let Event::Failed { message } = *event
            {
                return message;
            }
        }
    }

    fn report(&self) -> Report {
        self.until(|event| match event {
            Event::Done { report } => Some(*report),
            _ => None,
        })
    }

    fn trained(&self) -> usize {
        self.until(|event| match event {
            Event::Trained { test_windows } => Some(test_windows),
            _ => None,
        })
    }
}

fn comparable(report: Report) -> String {
    let report = Report {
        command: String::new(),
        ..report.without_timings()
    };
    serde_json::to_string_pretty(&report).unwrap()
}

#[test]
fn a_session_trains_prunes_and_shows_windows() {
    let root = tempfile::tempdir().unwrap();
    let client = Client::with_table(runs_in(root.path()));
    let experiment = experiment(2);
    client.train(&experiment);
    let windows = client.trained();
    assert!(windows > 0);
    client.command(Command::Window { window: 0 });
    let sample = client.until(|event| match event {
        Event::Window { sample } => Some(sample),
        _ => None,
    });
    assert!(sample.pruned.is_empty(), "nothing was pruned yet");
    client.prune(&experiment);
    let report = client.report();
    client.command(Command::Future);
    let future = client.until(|event| match event {
        Event::Future { forecast } => Some(forecast),
        _ => None,
    });
    assert_eq!(future.first_row, 400);
    client.engine.close();

    // The saved files give the same forecasts in a session without an open run.
    let fresh = Client::with(MemoryRunStorage);
    let stored = runs_in(root.path());
    for (name, values) in [
        ("pruned.safetensors", &future.pruned),
        ("dense.safetensors", &future.dense),
    ] {
        let model = stored.read(RUN, name).unwrap().unwrap();
        let forecast = fresh.forecast(&model, &spat_testing::table(400)).unwrap();
        assert_eq!(&forecast.values, values, "{name}");
        assert_eq!((forecast.first_row, forecast.channels.len()), (400, 3));
        assert_eq!(forecast.csv.lines().count(), 1 + values.len());
        assert!(forecast.doubts.is_empty());
    }
    let model = stored.read(RUN, "pruned.safetensors").unwrap().unwrap();
    assert_eq!(
        fresh
            .forecast(&model, &spat_testing::table(400))
            .unwrap()
            .intervals,
        future.intervals
    );
    let other = fresh.forecast(&model, b"a,b\n1,2\n3,4\n").unwrap_err();
    assert!(
        other.contains("other channels") && other.contains("\"c\""),
        "{other}"
    );
    let short = fresh
        .forecast(&model, b"a,b,c\n1,2,3\n3,4,5\n")
        .unwrap_err();
    assert!(short.contains("looks back 12 rows"), "{short}");
    let cut = fresh
        .forecast(&model[..model.len() / 2], &spat_testing::table(400))
        .unwrap_err();
    assert!(!cut.is_empty());
    fresh.engine.close();

    // The same with a storage that keeps nothing, and in a single request.
    let other = Client::with_table(MemoryRunStorage);
    other.command(Command::Prune {
        experiment: Box::new(experiment),
    });
    assert_eq!(comparable(other.report()), comparable(report));
    other.engine.close();

    let runs = runs_in(root.path());
    let summaries = runs.summaries();
    assert_eq!(summaries.len(), 1);
    assert_eq!(
        (&*summaries[0].0, summaries[0].1.stage),
        (RUN, Stage::Finished)
    );
    assert!(summaries[0].1.mse.is_some());
    assert_eq!(
        runs.read(RUN, "table.csv").unwrap().unwrap(),
        spat_testing::table(400)
    );
    assert!(runs.names(RUN).unwrap().contains(&"report.html".to_owned()));
}

#[test]
fn a_run_that_was_closed_resumes_to_the_same_report() {
    let home = tempfile::tempdir().unwrap();
    let (first, root) = (home.path().join("first"), home.path().join("moved"));
    let mut experiment = experiment(60);
    experiment.training.patience = None;
    let client = Client::with_table(runs_in(&first));
    client.train(&experiment);
    client.until(|event| matches!(event, Event::Epoch { .. }).then_some(()));
    assert!(client.engine.job_control().is_busy());
    client.engine.close();
    let folder = first.join(RUN);
    let mut checkpoint = folder.join("checkpoint").read_dir().unwrap();
    assert!(checkpoint.next().is_some());
    assert!(!folder.join("report.json").exists());

    // Another folder, with its table.
    std::fs::rename(&first, &root).unwrap();
    let client = Client::with(runs_in(&root));
    client.open(None);
    client.prune(&experiment);
    let resumed = client.until(|event| match event {
        Event::Started { resumed, .. } => Some(resumed),
        _ => None,
    });
    assert!(resumed);
    // The epochs of the first session are emitted before any of this one.
    let past = client.until(|event| match event {
        Event::Past { phase, epochs, .. } => Some((phase, epochs.len())),
        Event::Phase { .. } => panic!("no earlier epochs were emitted"),
        _ => None,
    });
    assert!(past.0 == Phase::Pretrain && past.1 >= 1, "{past:?}");
    let report = client.report();
    client.engine.close();

    let whole = Client::with_table(MemoryRunStorage);
    whole.prune(&experiment);
    assert_eq!(comparable(whole.report()), comparable(report));
    whole.engine.close();
}

#[test]
fn a_paused_job_runs_the_granted_steps_only() {
    let client = Client::with_table(MemoryRunStorage);
    client.train(&experiment(40));
    client.until(|event| matches!(event, Event::Phase { .. }).then_some(()));
    let paused = |event| matches!(event, Event::Paused).then_some(());
    client.command(Command::Pause);
    client.until(paused);
    client.command(Command::Step { steps: 1 });
    client.until(paused);
    client.command(Command::Resume);
    client.trained();
    client.engine.close();
}

#[test]
fn a_stop_before_the_training_begins_stops_it() {
    let client = Client::with_table(MemoryRunStorage);
    client.train(&experiment(40));
    client.command(Command::Stop);
    let stopped = client.until(|event| match event {
        Event::Stopped => Some(true),
        Event::Epoch { .. } | Event::Trained { .. } => Some(false),
        _ => None,
    });
    assert!(stopped);
    client.train(&experiment(1));
    client.trained();
    client.engine.close();
}

#[test]
fn impossible_requests_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let client = Client::with(runs_in(root.path()));
    client.train(&experiment(1));
    assert!(client.failure().contains("no table is open"));
    client.open(Some(spat_testing::table(400)));
    client.command(Command::Window { window: 0 });
    assert!(client.failure().contains("train the model first"));
    client.open(None);
    assert!(client.failure().contains("holds no run"));
    client.open(Some(b"a\nx\n".to_vec()));
    client.train(&experiment(1));
    client.failure();
    assert!(
        !root.path().join(RUN).exists(),
        "a bad table leaves nothing"
    );
    client.engine.close();
}

#[test]
fn names_cannot_leave_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let runs = runs_in(&root.path().join("runs"));
    std::fs::write(root.path().join("secret"), b"secret").unwrap();
    for run in [
        "..", ".", "", "../runs", "a/b", "a\\b", "/etc", "c:", ".hidden", "a\0b",
    ] {
        assert!(runs.folder(run).is_err(), "{run:?}");
        assert!(runs.delete(run).is_err(), "{run:?}");
    }
    for name in [
        "../secret",
        "..",
        "",
        "checkpoint/../run.json",
        "/etc/passwd",
        "a/b",
        "a\\b",
    ] {
        assert!(runs.read(RUN, name).is_err(), "{name:?}");
    }
    // Folders may have any valid name; every listed run can be viewed and removed.
    for run in ["Zürich (2. Versuch), 20 %", "a & b + c", "日本"] {
        assert!(runs.folder(run).is_ok(), "{run:?}");
    }
    // A folder that is not a run is not removed, whatever its name.
    std::fs::create_dir_all(root.path().join("runs/photos")).unwrap();
    assert!(runs.delete("photos").is_err());
    assert!(root.path().join("runs/photos").exists());
}

#[test]
fn a_locked_run_is_not_removed_and_summaries_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let experiment = experiment(1);
    let client = Client::with_table(runs_in(root.path()));
    client.train(&experiment);
    client.trained();
    let runs = runs_in(root.path());
    let summary = RunSummary {
        title: "mine".to_owned(),
        stage: Stage::Trained,
        ..runs.summaries()[0].1.clone()
    };
    runs.put_summary(RUN, &summary).unwrap();
    assert_eq!(runs.summaries()[0].1, summary);
    let refused = runs.delete(RUN).unwrap_err();
    assert!(refused.to_string().contains("another process"));
    assert!(RunFolder::open(&root.path().join(RUN)).is_err());
    client.engine.close();
    runs.delete(RUN).unwrap();
    assert!(runs.summaries().is_empty());
}

#[cfg(unix)]
#[test]
fn private_runs_follow_no_links_and_name_no_paths() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let root = tempfile::tempdir().unwrap();
    let runs = runs_in(&root.path().join("visitor")).private();
    let client = Client::with_table(runs.clone());
    client.train(&experiment(1));
    client.trained();
    client.engine.close();
    let run = runs.folder(RUN).unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(runs.root()), mode(&run)), (0o700, 0o700));
    let facts = std::fs::read_to_string(run.join("run.json")).unwrap();
    assert!(!facts.contains(&*root.path().to_string_lossy()), "{facts}");
    assert!(runs.file(RUN, "table.csv").unwrap().is_some());
    assert_eq!(runs.summaries().len(), 1);

    std::fs::write(root.path().join("secret"), "secret").unwrap();
    std::fs::create_dir(root.path().join("elsewhere")).unwrap();
    std::fs::write(root.path().join("elsewhere/secret"), "secret").unwrap();
    symlink(root.path().join("secret"), run.join("link")).unwrap();
    let words = runs.file(RUN, "link").unwrap_err().to_string();
    assert!(words.contains("symbolic link") && !words.contains(&*root.path().to_string_lossy()));
    assert!(runs.read(RUN, "link").is_err());
    assert!(!runs.names(RUN).unwrap().contains(&"link".to_owned()));
    assert!(runs.summaries().is_empty());
    std::fs::remove_file(run.join("link")).unwrap();
    symlink(&run, runs.root().join("other")).unwrap();
    assert!(runs.file("other", "table.csv").is_err());
    assert!(runs.delete("other").is_err());
    assert_eq!(runs.summaries().len(), 1);
    std::fs::rename(run.join("checkpoint"), run.join("kept")).unwrap();
    symlink(root.path().join("elsewhere"), run.join("checkpoint")).unwrap();
    assert!(runs.file(RUN, "checkpoint/secret").is_err());
    assert!(runs.names(RUN).is_err());
    // The folders of the owner's own runs may be links.
    let own = runs_in(runs.root());
    assert!(own.file("other", "table.csv").unwrap().is_some());
}
