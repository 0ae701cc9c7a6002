//! The host's engine: what its visitors get, how they share it, and what bad ones cannot do.
#![allow(missing_docs, clippy::unwrap_used)]

mod connections;
mod kept;
mod sharing;
mod strangers;
#[path = "../visit/mod.rs"]
mod visit;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use spat_engine::{Control, Job, MemoryStore};
use spat_serve::{Host, Limits, Rules, Secret, ServeError, Server, Settings};
use spat_spec::{
    Command, DeviceFacts, Engine, EngineMessage, EngineRequest, Event, Experiment, Report,
    RunSummary,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
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

fn report(notices: &[EngineMessage]) -> Report {
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
    let job = Job::new(
        experiment.clone(),
        bytes,
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

/// What does not depend on who has computed it and when.
fn figures(report: &Report) -> Report {
    Report {
        command: String::new(),
        device: facts(),
        ..report.clone().without_timings()
    }
}

/// How often the engine had to be shared.
fn turns(notices: &[EngineMessage]) -> usize {
    let own = |notice: &&EngineMessage| matches!(notice, EngineMessage::Place { ahead: 0 });
    notices.iter().filter(own).count()
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

/// The code with which the server closes.
async fn ended_with(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Option<u16> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}
