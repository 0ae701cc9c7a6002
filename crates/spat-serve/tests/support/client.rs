//! A client of the WebSocket that behaves as the page does.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use spat_spec::{
    ClientEnvelope, Command, Engine, EngineMessage, EngineRequest, Event, Experiment, Hello,
    PROTOCOL, ServerEnvelope,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Upper bound of every wait.
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) hello: Hello,
    /// The positions that were received while there was no place.
    pub(crate) waited: Vec<usize>,
    /// Number of the last message that was received.
    pub(crate) last_received: u64,
    /// Number of the last request that was sent.
    sent: u64,
}

/// Connects with these headers. `Err`: the status of the response.
pub(crate) async fn connect(
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
    match timeout(TIMEOUT, connect_async(request)).await.unwrap() {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

impl Client {
    /// A newly loaded page. `cookie` is a header line.
    pub(crate) async fn open_page(address: SocketAddr, cookie: &str) -> Self {
        Self::with_query(address, cookie, "").await
    }

    /// The same page, reconnecting.
    pub(crate) async fn reconnect(self, address: SocketAddr, cookie: &str) -> Self {
        let (session, last_received, sent) =
            (self.hello.session.clone(), self.last_received, self.sent);
        drop(self.socket);
        let query = format!("?session={session}&after={last_received}");
        let mut client = Self::with_query(address, cookie, &query).await;
        client.last_received = last_received;
        client.sent = sent;
        client
    }

    async fn with_query(address: SocketAddr, cookie: &str, query: &str) -> Self {
        let headers = [
            ("origin", format!("http://{address}")),
            (
                "cookie",
                cookie.strip_prefix("cookie: ").unwrap().to_owned(),
            ),
        ];
        let mut socket = connect(address, query, &headers).await.unwrap();
        let mut waited = Vec::new();
        let hello = loop {
            let hello = match timeout(TIMEOUT, socket.next()).await.unwrap() {
                Some(Ok(Message::Text(hello))) => hello,
                Some(Ok(Message::Ping(_))) => continue,
                other => panic!("no hello: {other:?}"),
            };
            let hello: Hello = serde_json::from_str(&hello).unwrap();
            assert_eq!(hello.protocol, PROTOCOL);
            match hello.waiting {
                Some(ahead) => waited.push(ahead),
                None => break hello,
            }
        };
        Self {
            socket,
            hello,
            waited,
            last_received: 0,
            sent: 0,
        }
    }

    pub(crate) async fn send(&mut self, request: EngineRequest) {
        self.send_with_bytes(request, None).await;
    }

    /// Sends a request after its bytes, in chunks.
    pub(crate) async fn send_with_bytes(&mut self, request: EngineRequest, bytes: Option<&[u8]>) {
        for chunk in bytes.unwrap_or_default().chunks(100_000) {
            // A server that rejects the upload may have closed the connection.
            self.socket
                .send(Message::Binary(chunk.to_vec().into()))
                .await
                .ok();
        }
        self.sent += 1;
        let envelope = ClientEnvelope {
            number: self.sent,
            bytes: bytes.map(|bytes| bytes.len() as u64),
            request,
        };
        let text = serde_json::to_string(&envelope).unwrap();
        self.socket.send(Message::Text(text.into())).await.ok();
    }

    pub(crate) async fn command(&mut self, command: Command) {
        self.send(EngineRequest::Command(command)).await;
    }

    pub(crate) async fn open(&mut self, run: &str, table: Option<&[u8]>) {
        let request = EngineRequest::Open {
            run: run.to_owned(),
            table: "toy.csv".to_owned(),
            engine: Engine::Auto,
        };
        self.send_with_bytes(request, table).await;
    }

    pub(crate) async fn train(&mut self, experiment: &Experiment) {
        let experiment = Box::new(experiment.clone());
        self.command(Command::Train { experiment }).await;
    }

    pub(crate) async fn prune(&mut self, experiment: &Experiment) {
        let experiment = Box::new(experiment.clone());
        self.command(Command::Prune { experiment }).await;
    }

    /// The next message. `Err`: the code with which the server closed the connection, if any.
    pub(crate) async fn next_message(&mut self) -> Result<EngineMessage, Option<u16>> {
        loop {
            match timeout(TIMEOUT, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => {
                    let envelope: ServerEnvelope = serde_json::from_str(&text).unwrap();
                    assert!(
                        envelope.number > self.last_received,
                        "repeated or out of order"
                    );
                    self.last_received = envelope.number;
                    return Ok(envelope.message);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// All messages up to the wanted one. Any other failure message panics.
    pub(crate) async fn until(
        &mut self,
        wanted: impl Fn(&EngineMessage) -> bool,
    ) -> Vec<EngineMessage> {
        let mut messages = Vec::new();
        loop {
            let message = self.next_message().await.unwrap();
            let found = wanted(&message);
            if let (false, Some(Event::Failed { message })) = (found, event(&message)) {
                panic!("{message}");
            }
            messages.push(message);
            if found {
                return messages;
            }
        }
    }

    /// The text of the next failure message.
    pub(crate) async fn failure(&mut self) -> String {
        let messages = self
            .until(|message| matches!(event(message), Some(Event::Failed { .. })))
            .await;
        match messages.last().and_then(event) {
            Some(Event::Failed { message }) => message.clone(),
            _ => unreachable!(),
        }
    }
}

pub(crate) fn event(message: &EngineMessage) -> Option<&Event> {
    match message {
        EngineMessage::Event(event) => Some(event),
        _ => None,
    }
}

pub(crate) fn is_trained(message: &EngineMessage) -> bool {
    matches!(event(message), Some(Event::Trained { .. }))
}

pub(crate) fn is_done(message: &EngineMessage) -> bool {
    matches!(event(message), Some(Event::Done { .. }))
}

pub(crate) fn is_paused(message: &EngineMessage) -> bool {
    matches!(event(message), Some(Event::Paused))
}

pub(crate) fn is_stopped(message: &EngineMessage) -> bool {
    matches!(event(message), Some(Event::Stopped))
}
