//! The connection of one page to the host's engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use spat_spec::{ClientEnvelope, Hello};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Hall;
use super::floor::{Arrival, Behind};
use super::upload::{Upload, UploadError};
use crate::gate::VisitorId;
use crate::guard::{Bucket, Rate};

/// Largest message, bytes: an order, or a piece of a table.
const LARGEST: usize = 1 << 20;

/// Orders of one page: scrubbing through windows gives many.
const ORDERS: Rate = Rate {
    burst: 200.0,
    per_second: 40.0,
};

/// Pieces of tables.
const PIECES: Rate = Rate {
    burst: 600.0,
    per_second: 200.0,
};

/// Close codes of our own, which a page understands.
const REPLACED: u16 = 4001;
const LOST: u16 = 4002;
const FULL: u16 = 4003;

/// How long one who is turned away may take to go.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a page that comes back asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    session: Option<String>,
    #[serde(default)]
    after: u64,
}

/// Takes the connection in. `arrival` was given a place by the hall.
pub(crate) fn socket(
    upgrade: WebSocketUpgrade,
    hall: Arc<Hall>,
    visitor: VisitorId,
    arrival: Arrival,
    ping: Duration,
) -> Response {
    let (line, gone) = (arrival.line, Arc::clone(&hall));
    upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .on_failed_upgrade(move |_| gone.leave(visitor, line))
        .on_upgrade(move |socket| async move {
            let page = Page {
                hall: Arc::clone(&hall),
                visitor,
                line,
                orders: Bucket::full(ORDERS, Instant::now()),
                pieces: Bucket::full(PIECES, Instant::now()),
                upload: Ok(None),
            };
            page.talk(socket, arrival, ping).await;
            hall.leave(visitor, line);
        })
}

/// Tells a page that there is no room, in the only way that it can hear: browsers hide the answer to a
/// connection that was refused.
pub(crate) fn turn_away(upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .on_upgrade(async move |mut socket| {
            let frame = CloseFrame {
                code: FULL,
                reason: "it has as many visitors as it takes; try again later".into(),
            };
            let told = socket.send(Message::Close(Some(frame))).await;
            let gone = async { while let Some(Ok(_)) = socket.recv().await {} };
            if told.is_ok() {
                timeout(FAREWELL, gone).await.ok();
            }
        })
}

impl Wanted {
    pub(crate) fn session(&self) -> Option<(&str, u64)> {
        let session = self.session.as_deref()?;
        Some((session, self.after))
    }
}

/// What is known of the page at the other end.
struct Page {
    hall: Arc<Hall>,
    visitor: VisitorId,
    line: u64,
    orders: Bucket,
    pieces: Bucket,
    /// The bytes that came ahead of an order, or why they were not taken.
    upload: Result<Option<Upload>, UploadError>,
}

type Outwards = SplitSink<WebSocket, Message>;

/// Why we end a connection.
struct Goodbye(u16, &'static str);

impl Page {
    async fn talk(mut self, socket: WebSocket, mut arrival: Arrival, ping: Duration) {
        let (mut outwards, mut inwards) = socket.split();
        let mut heard = arrival.heard;
        let hello = Hello {
            session: arrival.session,
            continued: arrival.continued,
            received: arrival.received,
        };
        let Ok(hello) = serde_json::to_string(&hello) else {
            return;
        };
        if outwards.send(Message::Text(hello.into())).await.is_err() {
            return;
        }
        // The answer keeps the connection alive.
        let mut pings = interval(ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let goodbye = loop {
            // A page that takes nothing stops here, and its connection's patience ends it.
            match self.tell(&mut outwards, &mut heard).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(goodbye) => break goodbye,
            }
            tokio::select! {
                message = inwards.next() => match message {
                    Some(Ok(message)) => match self.take(message).await {
                        Ok(()) => {}
                        Err(goodbye) => break goodbye,
                    },
                    // Gone, or what it sent is no message of the protocol's size and form.
                    Some(Err(_)) | None => return,
                },
                rung = arrival.bell.changed() => if rung.is_err() {
                    break Goodbye(REPLACED, "another page of yours has taken over");
                },
                _ = pings.tick() => {
                    if outwards.send(Message::Ping(Bytes::new())).await.is_err() {
                        return;
                    }
                }
            }
        };
        let frame = CloseFrame {
            code: goodbye.0,
            reason: goodbye.1.into(),
        };
        outwards.send(Message::Close(Some(frame))).await.ok();
    }

    /// Sends what there is. `false`: the page is gone.
    async fn tell(&self, outwards: &mut Outwards, heard: &mut u64) -> Result<bool, Goodbye> {
        loop {
            let told = self.hall.told(self.visitor, self.line, *heard);
            let told = told.map_err(|behind| match behind {
                Behind::Replaced => Goodbye(REPLACED, "another page of yours has taken over"),
                Behind::Lost => Goodbye(LOST, "too much was missed; begin again"),
                Behind::Ended => Goodbye(close_code::AWAY, "the server has ended"),
            })?;
            let Some((number, text)) = told else {
                return Ok(true);
            };
            *heard = number;
            if outwards.send(Message::Text(text.into())).await.is_err() {
                return Ok(false);
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), Goodbye> {
        let too_fast = |_| Goodbye(close_code::POLICY, "too many messages at once");
        match message {
            Message::Text(text) => {
                self.orders.take(ORDERS, Instant::now()).map_err(too_fast)?;
                let Ok(asked) = serde_json::from_str::<ClientEnvelope>(&text) else {
                    let words = "no order of this server's version; reload the page";
                    return Err(Goodbye(close_code::UNSUPPORTED, words));
                };
                return self.ask(asked);
            }
            Message::Binary(piece) => {
                self.pieces.take(PIECES, Instant::now()).map_err(too_fast)?;
                self.add(piece).await;
            }
            // Pings are answered below us, and a close ends the stream.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
        }
        Ok(())
    }

    fn ask(&mut self, asked: ClientEnvelope) -> Result<(), Goodbye> {
        let upload = std::mem::replace(&mut self.upload, Ok(None));
        let came = match &upload {
            Ok(Some(upload)) => Some(upload.bytes() as u64),
            Ok(None) => None,
            // Why is told as the answer.
            Err(_) => asked.bytes,
        };
        if came != asked.bytes {
            let words = "a table did not arrive as it was sent; reload the page";
            return Err(Goodbye(close_code::INVALID, words));
        }
        self.hall
            .order(self.visitor, self.line, asked.number, asked.request, upload);
        Ok(())
    }

    /// Writes a piece away from the threads that serve.
    async fn add(&mut self, piece: Bytes) {
        let upload = match std::mem::replace(&mut self.upload, Ok(None)) {
            Ok(upload) => upload,
            // The rest of what was not taken.
            refused @ Err(_) => {
                self.upload = refused;
                return;
            }
        };
        let (hall, visitor) = (Arc::clone(&self.hall), self.visitor);
        let written = tokio::task::spawn_blocking(move || {
            let mut upload = match upload {
                Some(upload) => upload,
                None => hall.upload(visitor)?,
            };
            upload.add(&piece)?;
            Ok(Some(upload))
        });
        self.upload = match written.await {
            Ok(written) => written,
            Err(_) => Err(UploadError::Disk(std::io::Error::other("it broke down"))),
        };
    }
}
