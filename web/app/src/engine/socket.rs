//! The engine of the machine that this page came from, shared with other visitors.
//!
//! A lost connection is taken up again where it ended: notices that were missed are heard, orders
//! that did not arrive are sent again. The runs lie on that machine.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_net::http::{Method, RequestBuilder};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::{Set as _, document};
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use spat_spec::{Asked, Hello, Order};
use spat_wire::{read, read_told, write};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::Line;
use crate::state::{EngineState, Page};

/// Bytes of a table that go in one message.
const PIECE: usize = 512 << 10;

/// Milliseconds before each new try; with the last of them the page gives up.
const WAITS: [u32; 8] = [300, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000];

/// The server's reasons to end a connection for good.
const REPLACED: u16 = 4001;
const LOST: u16 = 4002;
const FULL: u16 = 4003;

/// What the host calls itself, if this page is to use its engine.
pub(crate) fn host() -> Option<String> {
    document()
        .query_selector("meta[name=spat-host]")
        .ok()
        .flatten()?
        .get_attribute("content")
}

/// The line to the host, over however many connections it takes.
pub(super) struct Socket {
    page: Page,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    socket: Option<WebSocket>,
    /// The session's name, once the host has given it.
    session: Option<String>,
    /// The number of the last notice that was heard.
    heard: u64,
    /// The number of the last order that was given.
    given: u64,
    /// Orders of which the host has not said that they arrived.
    waiting: VecDeque<(Asked, Rc<[u8]>)>,
    /// The host has said hello on this connection.
    talking: bool,
    tries: usize,
    hung_up: bool,
}

impl Socket {
    /// Starts to connect.
    pub(super) fn start(page: Page) -> Option<Rc<Self>> {
        let line = Rc::new(Self {
            page,
            state: RefCell::default(),
        });
        line.connect();
        Some(line)
    }

    fn connect(self: &Rc<Self>) {
        let socket = match WebSocket::new(&self.address()) {
            Ok(socket) => socket,
            Err(_) => {
                return self
                    .page
                    .broken("this browser opens no connection to the host".to_owned());
            }
        };
        let line = Rc::clone(self);
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(text) = message.data().as_string() {
                line.hear(&text);
            }
        });
        let line = Rc::clone(self);
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            line.closed(event.code(), &event.reason());
        });
        socket.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        // They live as long as the connection, of which there are few in a page's life.
        hear.forget();
        close.forget();
        let mut state = self.state.borrow_mut();
        state.talking = false;
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
            Some(session) => format!("{at}?session={session}&heard={}", state.heard),
            None => at,
        }
    }

    fn hear(&self, text: &str) {
        if self.state.borrow().hung_up {
            return;
        }
        if !self.state.borrow().talking {
            return match read(text.as_bytes()) {
                Ok(hello) => self.greet(hello),
                Err(error) => self.give_up(error.to_string()),
            };
        }
        match read_told(text.as_bytes()) {
            Ok(told) => {
                {
                    let mut state = self.state.borrow_mut();
                    state.heard = told.number;
                    state.arrived(told.received);
                }
                self.page.hear(told.notice);
            }
            Err(error) => self.give_up(error.to_string()),
        }
    }

    fn greet(&self, hello: Hello) {
        let known = self.state.borrow().session.is_some();
        if known && !hello.continued {
            let words = "the host was started anew, or this page was away for too long";
            return self.give_up(words.to_owned());
        }
        {
            let mut state = self.state.borrow_mut();
            state.session = Some(hello.session);
            state.talking = true;
            state.tries = 0;
            state.arrived(hello.received);
            for (asked, bytes) in &state.waiting {
                state.post(asked, bytes);
            }
        }
        self.page.worker.set(EngineState::Ready);
    }

    fn closed(self: &Rc<Self>, code: u16, reason: &str) {
        let tries = {
            let mut state = self.state.borrow_mut();
            if state.hung_up {
                return;
            }
            state.talking = false;
            state.tries += 1;
            state.tries
        };
        match code {
            REPLACED | LOST => return self.give_up(reason.to_owned()),
            FULL => return self.give_up(format!("the host takes nobody else now: {reason}")),
            1003 | 1007 | 1008 | 1009 => {
                return self.give_up(format!("the host ended the connection ({reason})"));
            }
            _ => {}
        }
        let Some(wait) = WAITS.get(tries - 1) else {
            let words = "the host does not answer: it was ended, or its network is out of reach";
            return self.give_up(words.to_owned());
        };
        self.page.worker.set(EngineState::Loading);
        let line = Rc::clone(self);
        spawn_local(async move {
            TimeoutFuture::new(*wait).await;
            if !line.state.borrow().hung_up {
                line.connect();
            }
        });
    }

    fn give_up(&self, reason: String) {
        self.hang_up();
        self.page.broken(reason);
    }
}

impl State {
    fn arrived(&mut self, number: u64) {
        while self
            .waiting
            .front()
            .is_some_and(|(asked, _)| asked.number <= number)
        {
            self.waiting.pop_front();
        }
    }

    /// Sends an order behind its bytes. What does not arrive is sent again on the next connection.
    fn post(&self, asked: &Asked, bytes: &[u8]) {
        let Some(socket) = &self.socket else {
            return;
        };
        for piece in bytes.chunks(PIECE) {
            socket.send_with_u8_array(piece).ok();
        }
        if let Ok(text) = write(asked) {
            socket.send_with_str(&text).ok();
        }
    }
}

impl Line for Socket {
    fn send(&self, order: &Order, bytes: Option<&[u8]>) {
        let mut state = self.state.borrow_mut();
        state.given += 1;
        let asked = Asked {
            number: state.given,
            bytes: bytes.map(|bytes| bytes.len() as u64),
            order: order.clone(),
        };
        let bytes: Rc<[u8]> = bytes.unwrap_or_default().into();
        if state.talking {
            state.post(&asked, &bytes);
        }
        state.waiting.push_back((asked, bytes));
    }

    fn hang_up(&self) {
        let mut state = self.state.borrow_mut();
        state.hung_up = true;
        if let Some(socket) = state.socket.take() {
            socket.set_onmessage(None);
            socket.set_onclose(None);
            socket.close().ok();
        }
    }
}

/// A value that the host keeps.
pub(super) async fn value<T: DeserializeOwned>(path: &str) -> Result<T, String> {
    let answer = ask(Method::GET, path, None).await?;
    let bytes = answer.ok_or_else(|| "the host does not have it any more".to_owned())?;
    read(&bytes).map_err(|error| error.to_string())
}

/// Asks the host about runs; `None`: it has no such thing.
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

/// A run's address at the host.
pub(super) fn run_path(run: &str) -> String {
    format!("runs/{}", String::from(js_sys::encode_uri_component(run)))
}
