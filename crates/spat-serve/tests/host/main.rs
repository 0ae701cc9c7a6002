//! Tests of the host's engine with real sockets and trainings.
#![allow(missing_docs, clippy::unwrap_used)]

mod access;
mod reconnect;
mod runs;
mod scheduling;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use spat_engine::{Control, Job, MemoryStore};
use spat_serve::{EngineCommand, Host, Limits, Rules, Secret, ServeError, Server, Settings};
use spat_spec::{
    Command, DeviceFacts, Engine, EngineMessage, EngineRequest, Event, Experiment, Report,
    RunSummary, Window,
};
use spat_testing::table;
use support::client::{Client, connect, event, is_done, is_paused, is_stopped, is_trained};
use support::{TestServer, local, page_folder};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

fn facts() -> DeviceFacts {
    DeviceFacts {
        kind: "cpu".to_owned(),
        name: "test".to_owned(),
        threads: 1,
    }
}

/// The engine process.
fn engine() -> EngineCommand {
    EngineCommand {
        program: env!("CARGO_BIN_EXE_spat-serve-test-engine").into(),
        arguments: Vec::new(),
        variables: Vec::new(),
        timeout: Duration::from_secs(60),
    }
}

/// A server with an engine, its token and its page.
struct Hosted {
    server: TestServer,
    token: String,
    _page: TempDir,
}

fn host(folder: &Path, rules: Rules) -> Hosted {
    host_with(folder, rules, Limits::default())
}

fn host_with(folder: &Path, rules: Rules, limits: Limits) -> Hosted {
    let page = page_folder();
    let secret = Secret::stored_in(folder).unwrap();
    let token = secret.token().to_string();
    let server = TestServer::start(Settings {
        secret: Some(secret),
        host: Some(Host {
            folder: folder.to_owned(),
            facts: facts(),
            name: "Room 7".to_owned(),
            rules,
            engine: engine(),
            report: |_| {},
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
    /// The cookie of a new visitor, as a header line.
    fn join(&self) -> String {
        self.server.join(&self.token).cookie()
    }

    async fn client(&self) -> Client {
        Client::open_page(self.server.address, &self.join()).await
    }
}

/// Upper bound of what must happen soon.
const SOON: Duration = Duration::from_secs(20);

/// A quick experiment on the three channels of [`table`].
fn experiment(seed: u64, epochs: usize) -> Experiment {
    let forecaster = spat_testing::itransformer(Window::new(24, 12, 3), 2, false);
    let mut experiment = spat_testing::experiment(forecaster);
    experiment.training.epochs = epochs;
    experiment.seed = seed;
    experiment
}

fn report(messages: &[EngineMessage]) -> Report {
    match messages.last().and_then(event) {
        Some(Event::Done { report }) => (**report).clone(),
        other => panic!("{other:?}"),
    }
}

/// The report of an engine that is not shared.
fn alone(experiment: &Experiment, bytes: &[u8]) -> Report {
    let data = &experiment.data;
    let series = spat_series::read_table(bytes, &data.read)
        .unwrap()
        .into_series(&data.series)
        .unwrap();
    let job = Job::new(
        experiment.clone(),
        experiment.hash(bytes),
        series,
        "toy.csv".to_owned(),
        String::new(),
        spat_engine::device::choose(spat_engine::device::DeviceChoice::Cpu).unwrap(),
    );
    let (_commands, inbox) = std::sync::mpsc::channel();
    let mut control = Control::new(inbox, drop);
    pollster::block_on(spat_engine::run(
        &job,
        &mut MemoryStore::default(),
        &mut control,
    ))
    .unwrap()
}

/// The report without command, device and timings.
fn figures(report: &Report) -> Report {
    Report {
        command: String::new(),
        device: facts(),
        ..report.clone().without_timings()
    }
}

/// Number of turns.
fn turns(messages: &[EngineMessage]) -> usize {
    let own = |message: &&EngineMessage| matches!(message, EngineMessage::Place { ahead: 0 });
    messages.iter().filter(own).count()
}

fn only_folder(path: &Path) -> std::path::PathBuf {
    let mut folders = path.read_dir().unwrap();
    let only = folders.next().unwrap().unwrap().path();
    assert!(folders.next().is_none());
    only
}

async fn closed_with(client: &mut Client) -> Option<u16> {
    ended_with(&mut client.socket).await
}

/// The code with which the server closes the connection.
async fn ended_with(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Option<u16> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}
