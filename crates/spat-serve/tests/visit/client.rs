//! A page's end of the socket, as the page in the browser speaks it.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use spat_spec::{
    ClientEnvelope, Command, Engine, EngineMessage, EngineRequest, Event, Experiment, Hello,
    ServerEnvelope,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// No single thing in these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) hello: Hello,
    pub(crate) heard: u64,
    given: u64,
}

/// Connects with these headers; `Err` is the status of the refusal.
pub(crate) async fn dial(
    address: SocketAddr,
    query: &str,
    headers: &[(&'static str, String)],
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, u16> {
    let mut request = format!("ws://{address}/engine{query}")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match timeout(PATIENCE, connect_async(request)).await.unwrap() {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

impl Client {
    /// A page that was just loaded. `cookie` is a line of a header.
    pub(crate) async fn arrive(address: SocketAddr, cookie: &str) -> Self {
        Self::with_query(address, cookie, "").await
    }

    /// The same page after its connection was lost.
    pub(crate) async fn come_back(self, address: SocketAddr, cookie: &str) -> Self {
        let (session, heard, given) = (self.hello.session.clone(), self.heard, self.given);
        drop(self.socket);
        let query = format!("?session={session}&after={heard}");
        let mut back = Self::with_query(address, cookie, &query).await;
        back.heard = heard;
        back.given = given;
        back
    }

    async fn with_query(address: SocketAddr, cookie: &str, query: &str) -> Self {
        let headers = [
            ("origin", format!("http://{address}")),
            (
                "cookie",
                cookie.strip_prefix("cookie: ").unwrap().to_owned(),
            ),
        ];
        let mut socket = dial(address, query, &headers).await.unwrap();
        let Some(Ok(Message::Text(hello))) = timeout(PATIENCE, socket.next()).await.unwrap() else {
            panic!("no hello");
        };
        Self {
            socket,
            hello: serde_json::from_str(&hello).unwrap(),
            heard: 0,
            given: 0,
        }
    }

    pub(crate) async fn order(&mut self, order: EngineRequest) {
        self.order_with(order, None).await;
    }

    /// An order behind its bytes, in pieces.
    pub(crate) async fn order_with(&mut self, order: EngineRequest, bytes: Option<&[u8]>) {
        for piece in bytes.unwrap_or_default().chunks(100_000) {
            // A server that has refused already may have closed.
            self.socket
                .send(Message::Binary(piece.to_vec().into()))
                .await
                .ok();
        }
        self.given += 1;
        let asked = ClientEnvelope {
            number: self.given,
            bytes: bytes.map(|bytes| bytes.len() as u64),
            request: order,
        };
        let text = serde_json::to_string(&asked).unwrap();
        self.socket.send(Message::Text(text.into())).await.ok();
    }

    pub(crate) async fn command(&mut self, command: Command) {
        self.order(EngineRequest::Command(command)).await;
    }

    pub(crate) async fn open(&mut self, run: &str, table: Option<&[u8]>) {
        let order = EngineRequest::Open {
            run: run.to_owned(),
            table: "toy.csv".to_owned(),
            engine: Engine::Auto,
        };
        self.order_with(order, table).await;
    }

    pub(crate) async fn train(&mut self, experiment: &Experiment) {
        let experiment = Box::new(experiment.clone());
        self.command(Command::Train { experiment }).await;
    }

    pub(crate) async fn prune(&mut self, experiment: &Experiment) {
        let experiment = Box::new(experiment.clone());
        self.command(Command::Prune { experiment }).await;
    }

    /// What comes next; `None` once the server has closed, with its code.
    pub(crate) async fn hear(&mut self) -> Result<EngineMessage, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => {
                    let told: ServerEnvelope = serde_json::from_str(&text).unwrap();
                    assert!(told.number > self.heard, "told twice, or out of order");
                    self.heard = told.number;
                    return Ok(told.message);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Everything up to the notice that is waited for. A failure that is not waited for ends the
    /// test.
    pub(crate) async fn until(
        &mut self,
        wanted: impl Fn(&EngineMessage) -> bool,
    ) -> Vec<EngineMessage> {
        let mut heard = Vec::new();
        loop {
            let notice = self.hear().await.unwrap();
            let found = wanted(&notice);
            if let (false, Some(Event::Failed { message })) = (found, event(&notice)) {
                panic!("{message}");
            }
            heard.push(notice);
            if found {
                return heard;
            }
        }
    }

    /// The words of the failure that must come.
    pub(crate) async fn failure(&mut self) -> String {
        let heard = self
            .until(|notice| matches!(event(notice), Some(Event::Failed { .. })))
            .await;
        match heard.last().and_then(event) {
            Some(Event::Failed { message }) => message.clone(),
            _ => unreachable!(),
        }
    }
}

pub(crate) fn event(notice: &EngineMessage) -> Option<&Event> {
    match notice {
        EngineMessage::Event(event) => Some(event),
        _ => None,
    }
}

pub(crate) fn is_trained(notice: &EngineMessage) -> bool {
    matches!(event(notice), Some(Event::Trained { .. }))
}

pub(crate) fn is_done(notice: &EngineMessage) -> bool {
    matches!(event(notice), Some(Event::Done { .. }))
}

pub(crate) fn is_paused(notice: &EngineMessage) -> bool {
    matches!(event(notice), Some(Event::Paused))
}

pub(crate) fn is_stopped(notice: &EngineMessage) -> bool {
    matches!(event(notice), Some(Event::Stopped))
}
