//! The WebSocket between a page and the host's engine.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::stream::SplitSink;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use nonzero_ext::nonzero;
use serde::Deserialize;
use spat_spec::{ClientEnvelope, Hello, PROTOCOL};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, timeout};

use super::SharedEngine;
use super::scheduler::{Admission, Connected, Disconnected};
use super::upload::{Upload, UploadError};
use crate::auth::VisitorId;
use crate::client_key::ClientKey;
use crate::connection::ConnectionPermit;
use crate::state::Visit;

/// Largest WebSocket message, in bytes.
const MAX_MESSAGE: usize = 1 << 20;

/// Rate of requests; scrubbing through forecast windows sends many.
const REQUESTS: Quota = Quota::per_second(nonzero!(40u32)).allow_burst(nonzero!(200u32));

/// Rate of table chunks.
const CHUNKS: Quota = Quota::per_second(nonzero!(200u32)).allow_burst(nonzero!(600u32));

/// Close codes of this protocol; the page knows them (`web/app/src/engine/socket.rs`).
const REPLACED: u16 = 4001;
const LOST: u16 = 4002;
const FULL: u16 = 4003;

/// Interval at which a connection asks for a place.
const PLACE_INTERVAL: Duration = Duration::from_millis(500);

/// How long a rejected page may take to close its connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Query of a page that reconnects.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResumeQuery {
    session: Option<String>,
    /// Number of the last message that the page received.
    #[serde(default)]
    after: u64,
}

impl ResumeQuery {
    pub(crate) fn session(&self) -> Option<(&str, u64)> {
        let session = self.session.as_deref()?;
        Some((session, self.after))
    }
}

/// A page's request for a connection to the engine.
pub(crate) struct ConnectRequest {
    pub(crate) visit: Visit,
    /// The address of the visitor.
    pub(crate) client: ClientKey,
    /// The session to continue, if any.
    pub(crate) resume: ResumeQuery,
    /// The name of the session otherwise.
    pub(crate) new_session: String,
}

impl ConnectRequest {
    fn connect(&self) -> Admission {
        let Visit { engine, visitor } = &self.visit;
        let resume = self.resume.session();
        engine.connect(*visitor, self.client, resume, self.new_session.clone())
    }
}

/// Upgrades a connection and registers it with the engine, as soon as there is a place. The WebSocket
/// holds the permit of the connection.
pub(crate) fn serve_socket(
    upgrade: WebSocketUpgrade,
    request: ConnectRequest,
    permit: Arc<ConnectionPermit>,
    ping: Duration,
) -> Response {
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |mut socket| async move {
            let admitted = wait_for_place(&mut socket, &request, ping).await;
            let Visit { engine, visitor } = request.visit;
            match admitted {
                Ok(connected) => {
                    let connection = connected.connection;
                    let page = PageConnection {
                        engine: Arc::clone(&engine),
                        visitor,
                        connection,
                        requests: RateLimiter::direct(REQUESTS),
                        chunks: RateLimiter::direct(CHUNKS),
                        upload: Ok(None),
                    };
                    page.run(socket, connected, ping).await;
                    engine.disconnect(visitor, connection);
                }
                Err(reason) => {
                    engine.leave_queue(visitor);
                    if let Some(reason) = reason {
                        reject(socket, reason).await;
                    }
                }
            }
            drop(permit);
        })
}

/// Waits until the visitor has a place, and sends the position. `Err`: why there will be none; `None` if the page is gone.
async fn wait_for_place(
    socket: &mut WebSocket,
    request: &ConnectRequest,
    ping: Duration,
) -> Result<Connected, Option<CloseReason>> {
    let mut attempts = interval(PLACE_INTERVAL);
    attempts.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The page's pongs keep the connection from its idle timeout.
    let mut pings = interval_at(Instant::now() + ping, ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = None;
    loop {
        tokio::select! {
            _ = attempts.tick() => match request.connect() {
                Admission::Admitted(connected) => return Ok(connected),
                Admission::Full => return Err(Some(CloseReason::FULL)),
                Admission::Waiting { .. } if request.visit.engine.is_closed() => {
                    return Err(Some(CloseReason::ENDED));
                }
                Admission::Waiting { ahead } if sent != Some(ahead) => {
                    sent = Some(ahead);
                    let hello = Hello {
                        protocol: PROTOCOL,
                        session: String::new(),
                        continued: false,
                        received: 0,
                        waiting: sent,
                    };
                    send_hello(socket, &hello).await.map_err(|()| None)?;
                }
                Admission::Waiting { .. } => {}
            },
            _ = pings.tick() => {
                if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return Err(None);
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                // The page sends nothing before the first message of the server.
                Some(Ok(_) | Err(_)) | None => return Err(None),
            },
        }
    }
}

/// `Err`: the page is gone.
async fn send_hello(socket: &mut (impl Sink<Message> + Unpin), hello: &Hello) -> Result<(), ()> {
    let text = serde_json::to_string(hello).map_err(drop)?;
    let sent = socket.send(Message::Text(text.into())).await;
    sent.map_err(drop)
}

/// Closes an accepted connection with the reason: browsers do not show scripts the response to a
/// rejected upgrade.
async fn reject(mut socket: WebSocket, reason: CloseReason) {
    let frame = CloseFrame {
        code: reason.0,
        reason: reason.1.into(),
    };
    let sent = socket.send(Message::Close(Some(frame))).await;
    let closed = async { while let Some(Ok(_)) = socket.recv().await {} };
    if sent.is_ok() {
        timeout(CLOSE_TIMEOUT, closed).await.ok();
    }
}

/// The server's end of a page's connection.
struct PageConnection {
    engine: Arc<SharedEngine>,
    visitor: VisitorId,
    connection: u64,
    requests: DefaultDirectRateLimiter,
    chunks: DefaultDirectRateLimiter,
    /// The bytes that were received ahead of a request, or why they were rejected.
    upload: Result<Option<Upload>, UploadError>,
}

type Outgoing = SplitSink<WebSocket, Message>;

/// Code and text of a close frame.
struct CloseReason(u16, &'static str);

impl CloseReason {
    const REPLACED: Self = Self(REPLACED, "another page of yours has taken over");
    const FULL: Self = Self(FULL, "too many visitors wait for a place; try again later");
    const DISPLACED: Self = Self(
        FULL,
        "your place went to an address with fewer visitors; your runs are kept, try again later",
    );
    const ENDED: Self = Self(close_code::AWAY, "the server has ended");
}

impl PageConnection {
    async fn run(mut self, socket: WebSocket, mut connected: Connected, ping: Duration) {
        let (mut outgoing, mut incoming) = socket.split();
        let mut last_sent = connected.last_received;
        let hello = Hello {
            protocol: PROTOCOL,
            session: connected.session,
            continued: connected.continued,
            received: connected.received,
            waiting: None,
        };
        if send_hello(&mut outgoing, &hello).await.is_err() {
            return;
        }
        // The page's pongs keep the connection from its idle timeout.
        let mut pings = interval(ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reason = loop {
            // Blocks while the page reads nothing, until the idle timeout closes the connection.
            match self.send_pending(&mut outgoing, &mut last_sent).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(reason) => break reason,
            }
            tokio::select! {
                message = incoming.next() => match message {
                    Some(Ok(message)) => {
                        if let Err(reason) = self.handle_frame(message).await {
                            break reason;
                        }
                    }
                    // The page is gone, or it sent an invalid or oversized frame.
                    Some(Err(_)) | None => return,
                },
                // Without a sender, the next loop finds out why the connection has ended.
                _ = connected.updates.changed() => {}
                _ = pings.tick() => {
                    if outgoing.send(Message::Ping(Bytes::new())).await.is_err() {
                        return;
                    }
                }
            }
        };
        let frame = CloseFrame {
            code: reason.0,
            reason: reason.1.into(),
        };
        outgoing.send(Message::Close(Some(frame))).await.ok();
    }

    /// Sends all messages after number `last_sent`. `false`: the page is gone.
    async fn send_pending(
        &self,
        outgoing: &mut Outgoing,
        last_sent: &mut u64,
    ) -> Result<bool, CloseReason> {
        loop {
            let message = self
                .engine
                .next_message(self.visitor, self.connection, *last_sent);
            let message = message.map_err(|disconnected| match disconnected {
                Disconnected::Replaced => CloseReason::REPLACED,
                Disconnected::Displaced => CloseReason::DISPLACED,
                Disconnected::Lost => {
                    CloseReason(LOST, "the page missed too many messages; reload it")
                }
                Disconnected::Ended => CloseReason::ENDED,
            })?;
            let Some((number, text)) = message else {
                return Ok(true);
            };
            *last_sent = number;
            if outgoing.send(Message::Text(text.into())).await.is_err() {
                return Ok(false);
            }
        }
    }

    async fn handle_frame(&mut self, message: Message) -> Result<(), CloseReason> {
        let too_fast = |_| CloseReason(close_code::POLICY, "too many messages at once");
        match message {
            Message::Text(text) => {
                self.requests.check().map_err(too_fast)?;
                let envelope = serde_json::from_str::<ClientEnvelope>(&text).map_err(|_| {
                    let words = "this server's version does not know the request; reload the page";
                    CloseReason(close_code::UNSUPPORTED, words)
                })?;
                self.handle_request(envelope)
            }
            Message::Binary(chunk) => {
                self.chunks.check().map_err(too_fast)?;
                self.write_chunk(chunk).await;
                Ok(())
            }
            // The WebSocket layer answers pings, and a close frame ends the stream.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        }
    }

    fn handle_request(&mut self, envelope: ClientEnvelope) -> Result<(), CloseReason> {
        let upload = std::mem::replace(&mut self.upload, Ok(None));
        let received = match &upload {
            Ok(Some(upload)) => Some(upload.bytes() as u64),
            Ok(None) => None,
            // The response to the request reports the error.
            Err(_) => envelope.bytes,
        };
        if received != envelope.bytes {
            let words = "the table arrived incomplete; reload the page";
            return Err(CloseReason(close_code::INVALID, words));
        }
        self.engine.submit(
            self.visitor,
            self.connection,
            envelope.number,
            envelope.request,
            upload,
        );
        Ok(())
    }

    /// Appends a chunk to the upload, on a thread for blocking operations.
    async fn write_chunk(&mut self, chunk: Bytes) {
        let upload = match std::mem::replace(&mut self.upload, Ok(None)) {
            Ok(upload) => upload,
            // Further chunks of a rejected upload are dropped.
            rejected @ Err(_) => {
                self.upload = rejected;
                return;
            }
        };
        let (engine, visitor) = (Arc::clone(&self.engine), self.visitor);
        let written = tokio::task::spawn_blocking(move || {
            let mut upload = match upload {
                Some(upload) => upload,
                None => engine.start_upload(visitor)?,
            };
            upload.write(&chunk)?;
            Ok(Some(upload))
        });
        self.upload = match written.await {
            Ok(written) => written,
            Err(error) => Err(UploadError::Disk(std::io::Error::other(error))),
        };
    }
}
