//! The shared engine of `spat serve --engine host`, over a WebSocket.
//!
//! After a lost connection the session continues: missed messages are received, and requests that did not
//! arrive are sent again. Runs are stored on the host.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_net::http::{Method, RequestBuilder};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::{Set as _, document};
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use spat_spec::{ClientEnvelope, EngineRequest, Hello, ServerEnvelope};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::EngineConnection;
use crate::state::{EngineState, Page};

/// Largest part of a table in one message, in bytes.
const CHUNK_BYTES: usize = 512 << 10;

/// Milliseconds before each retry. After the last one the connection has failed.
const RETRY_DELAYS_MS: [u32; 8] = [300, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000];

/// The server's close codes after which there is no retry.
const REPLACED: u16 = 4001;
const LOST: u16 = 4002;
const FULL: u16 = 4003;

/// The host's name, if its engine is to be used.
pub(crate) fn host() -> Option<String> {
    document()
        .query_selector("meta[name=spat-host]")
        .ok()
        .flatten()?
        .get_attribute("content")
}

/// A session with the host, over one or more connections.
pub(super) struct Socket {
    page: Page,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    socket: Option<WebSocket>,
    /// The session's name, from the host's first message.
    session: Option<String>,
    /// The number of the last message received.
    last_received: u64,
    /// The number of the last request sent.
    last_sent: u64,
    /// Requests that the host has not acknowledged.
    waiting: VecDeque<(ClientEnvelope, Rc<[u8]>)>,
    /// Whether the host's first message has arrived on this connection.
    established: bool,
    tries: usize,
    closed: bool,
}

impl Socket {
    /// Starts to connect.
    pub(super) fn start(page: Page) -> Option<Rc<Self>> {
        let connection = Rc::new(Self {
            page,
            state: RefCell::default(),
        });
        connection.connect();
        Some(connection)
    }

    fn connect(self: &Rc<Self>) {
        let socket = match WebSocket::new(&self.address()) {
            Ok(socket) => socket,
            Err(_) => {
                return self
                    .page
                    .on_broken("this browser could not open a connection to the host".to_owned());
            }
        };
        let connection = Rc::clone(self);
        let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(text) = message.data().as_string() {
                connection.receive(&text);
            }
        });
        let connection = Rc::clone(self);
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            connection.on_close(event.code(), &event.reason());
        });
        socket.set_onmessage(Some(receive.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        // Leaked once per connection; few are made.
        receive.forget();
        close.forget();
        let mut state = self.state.borrow_mut();
        state.established = false;
        state.socket = Some(socket);
    }

    fn address(&self) -> String {
        let base = document().base_uri().ok().flatten().unwrap_or_default();
        let at = web_sys::Url::new_with_base("engine", &base);
        let at = at.map(|url| url.href()).unwrap_or_default();
        // `http` becomes `ws`, `https` becomes `wss`.
        let at = at.replacen("http", "ws", 1);
        let state = self.state.borrow();
        match &state.session {
            Some(session) => format!("{at}?session={session}&after={}", state.last_received),
            None => at,
        }
    }

    fn receive(&self, text: &str) {
        if self.state.borrow().closed {
            return;
        }
        if !self.state.borrow().established {
            return match serde_json::from_str(text) {
                Ok(hello) => self.on_hello(hello),
                Err(error) => self.give_up(format!(
                    "The first message of the host cannot be read ({error}); reload the page."
                )),
            };
        }
        match serde_json::from_str::<ServerEnvelope>(text) {
            Ok(envelope) => {
                {
                    let mut state = self.state.borrow_mut();
                    state.last_received = envelope.number;
                    state.arrived(envelope.received);
                }
                self.page.handle_message(envelope.message);
            }
            Err(error) => self.give_up(error.to_string()),
        }
    }

    fn on_hello(&self, hello: Hello) {
        if let Some(reason) = hello.reload_reason() {
            return self.give_up(reason.to_owned());
        }
        if let Some(ahead) = hello.waiting {
            self.state.borrow_mut().tries = 0;
            return self.page.worker.set(EngineState::Waiting(ahead));
        }
        let known = self.state.borrow().session.is_some();
        if known && !hello.continued {
            let words = "the host was restarted, or the connection was lost for too long";
            return self.give_up(words.to_owned());
        }
        {
            let mut state = self.state.borrow_mut();
            state.session = Some(hello.session);
            state.established = true;
            state.tries = 0;
            state.arrived(hello.received);
            for (envelope, bytes) in &state.waiting {
                state.post(envelope, bytes);
            }
        }
        self.page.worker.set(EngineState::Ready);
    }

    fn on_close(self: &Rc<Self>, code: u16, reason: &str) {
        let tries = {
            let mut state = self.state.borrow_mut();
            if state.closed {
                return;
            }
            state.established = false;
            state.tries += 1;
            state.tries
        };
        match code {
            REPLACED | LOST => return self.give_up(reason.to_owned()),
            FULL => {
                return self.give_up(format!("the host accepts no more visitors now: {reason}"));
            }
            1003 | 1007 | 1008 | 1009 => {
                return self.give_up(format!("the host ended the connection ({reason})"));
            }
            _ => {}
        }
        let Some(wait) = RETRY_DELAYS_MS.get(tries - 1) else {
            let words = "the host does not answer: it was stopped, or its network is unreachable";
            return self.give_up(words.to_owned());
        };
        self.page.worker.set(EngineState::Loading);
        let connection = Rc::clone(self);
        spawn_local(async move {
            TimeoutFuture::new(*wait).await;
            if !connection.state.borrow().closed {
                connection.connect();
            }
        });
    }

    fn give_up(&self, reason: String) {
        self.close();
        self.page.on_broken(reason);
    }
}

impl State {
    fn arrived(&mut self, number: u64) {
        while self
            .waiting
            .front()
            .is_some_and(|(envelope, _)| envelope.number <= number)
        {
            self.waiting.pop_front();
        }
    }

    /// Sends a request after its bytes. If it does not arrive, it is sent again on the next connection.
    fn post(&self, envelope: &ClientEnvelope, bytes: &[u8]) {
        let Some(socket) = &self.socket else {
            return;
        };
        for piece in bytes.chunks(CHUNK_BYTES) {
            socket.send_with_u8_array(piece).ok();
        }
        if let Ok(text) = serde_json::to_string(envelope) {
            socket.send_with_str(&text).ok();
        }
    }
}

impl EngineConnection for Socket {
    fn send(&self, request: &EngineRequest, bytes: Option<&[u8]>) {
        let mut state = self.state.borrow_mut();
        state.last_sent += 1;
        let envelope = ClientEnvelope {
            number: state.last_sent,
            bytes: bytes.map(|bytes| bytes.len() as u64),
            request: request.clone(),
        };
        let bytes: Rc<[u8]> = bytes.unwrap_or_default().into();
        if state.established {
            state.post(&envelope, &bytes);
        }
        state.waiting.push_back((envelope, bytes));
    }

    fn close(&self) {
        let mut state = self.state.borrow_mut();
        state.closed = true;
        if let Some(socket) = state.socket.take() {
            socket.set_onmessage(None);
            socket.set_onclose(None);
            socket.close().ok();
        }
    }
}

/// A value that the host stores.
pub(super) async fn value<T: DeserializeOwned>(path: &str) -> Result<T, String> {
    let answer = ask(Method::GET, path, None).await?;
    let bytes = answer.ok_or_else(|| "the host no longer has it".to_owned())?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// Sends an HTTP request about runs; `None` for status 404.
pub(super) async fn ask(
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<Option<Vec<u8>>, String> {
    let request = RequestBuilder::new(path).method(method);
    let request = match body {
        Some(body) => request.body(body),
        None => request.build(),
    };
    let unreachable = |_| "the host does not answer".to_owned();
    let answer = match request {
        Ok(request) => request.send().await.map_err(unreachable)?,
        Err(error) => return Err(error.to_string()),
    };
    if answer.status() == 404 {
        return Ok(None);
    }
    if !answer.ok() {
        return Err(answer
            .text()
            .await
            .unwrap_or_else(|error| error.to_string()));
    }
    let bytes = answer.binary().await.map_err(|error| error.to_string())?;
    Ok(Some(bytes))
}

/// A run's path on the host.
pub(super) fn run_path(run: &str) -> String {
    format!("runs/{}", String::from(js_sys::encode_uri_component(run)))
}
