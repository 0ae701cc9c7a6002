//! The desktop app's process: its engine, system dialogs, and runs on disk.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use spat_spec::{EngineMessage, EngineRequest, MenuAction, frame, unframe};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::EngineConnection;
use crate::class::file_handler;
use crate::state::Page;

/// Tauri's API object, which the desktop app injects.
fn core() -> Option<JsValue> {
    let global = Reflect::get(&window(), &JsValue::from_str("__TAURI__")).ok()?;
    let core = Reflect::get(&global, &JsValue::from_str("core")).ok()?;
    core.is_object().then_some(core)
}

/// Whether this is the desktop app.
pub(crate) fn is_native() -> bool {
    core().is_some()
}

fn part(name: &str) -> Result<Function, String> {
    let core = core().ok_or("this is not the desktop app")?;
    Reflect::get(&core, &JsValue::from_str(name))
        .ok()
        .and_then(|part| part.dyn_into().ok())
        .ok_or_else(|| format!("the desktop app has no `{name}`"))
}

/// Calls a command of the desktop app's process.
pub(super) async fn call(command: &str, arguments: &JsValue) -> Result<JsValue, String> {
    let promise: Promise = part("invoke")?
        .call2(&JsValue::NULL, &JsValue::from_str(command), arguments)
        .map_err(|error| words(&error))?
        .unchecked_into();
    JsFuture::from(promise).await.map_err(|error| words(&error))
}

/// Calls a command with a frame of `value` and `bytes`.
pub(super) async fn call_framed(
    command: &str,
    value: &impl serde::Serialize,
    bytes: &[u8],
) -> Result<Vec<u8>, String> {
    let frame = frame(value, bytes).map_err(|error| error.to_string())?;
    let answer = call(command, &Uint8Array::from(frame.as_slice())).await?;
    Ok(Uint8Array::new(&answer).to_vec())
}

/// The value in a command's answer.
pub(super) fn value<T: DeserializeOwned>(frame: &[u8]) -> Result<T, String> {
    let (value, _) = unframe(frame).map_err(|error| error.to_string())?;
    Ok(value)
}

fn words(error: &JsValue) -> String {
    error.as_string().unwrap_or_else(|| {
        error
            .dyn_ref::<js_sys::Error>()
            .map(|error| String::from(error.message()))
            .unwrap_or_else(|| "the desktop app's process does not answer".to_owned())
    })
}

/// The connection. Requests are sent one after the other, since concurrent calls may be reordered.
pub(super) struct Native {
    page: Page,
    waiting: RefCell<VecDeque<Vec<u8>>>,
    sending: Cell<bool>,
    closed: Cell<bool>,
    itself: RefCell<std::rc::Weak<Self>>,
}

impl Native {
    /// Starts a new engine.
    pub(super) fn start(page: Page) -> Option<Rc<Self>> {
        let connection = Rc::new(Self {
            page,
            waiting: RefCell::default(),
            sending: Cell::new(false),
            closed: Cell::new(false),
            itself: RefCell::default(),
        });
        *connection.itself.borrow_mut() = Rc::downgrade(&connection);
        let arguments = match channel(Rc::clone(&connection)) {
            Ok(arguments) => arguments,
            Err(reason) => {
                page.on_broken(reason);
                return None;
            }
        };
        // Requests are queued until the engine is ready.
        connection.sending.set(true);
        let sender = Rc::clone(&connection);
        spawn_local(async move {
            match call("listen", &arguments).await {
                Ok(_) => sender.send_waiting().await,
                Err(reason) => page.on_broken(reason),
            }
        });
        Some(connection)
    }

    async fn send_waiting(&self) {
        self.sending.set(true);
        loop {
            let Some(frame) = self.waiting.borrow_mut().pop_front() else {
                break;
            };
            if let Err(reason) = call("send_request", &Uint8Array::from(frame.as_slice())).await {
                self.page.on_broken(reason);
            }
        }
        self.sending.set(false);
    }

    fn receive(&self, message: &JsValue) {
        if self.closed.get() {
            return;
        }
        let message = Uint8Array::new(message).to_vec();
        match unframe(&message) {
            Ok((EngineMessage::Table { name }, bytes)) => {
                if !file_handler::handle(&name, bytes) {
                    self.page.load_file(name, bytes.to_vec());
                }
            }
            Ok((EngineMessage::MenuAction { action }, _)) => run_menu_action(self.page, action),
            Ok((message, _)) => self.page.handle_message(message),
            Err(error) => self.page.on_broken(error.to_string()),
        }
    }
}

impl EngineConnection for Native {
    fn send(&self, request: &EngineRequest, bytes: Option<&[u8]>) {
        let Ok(frame) = frame(request, bytes.unwrap_or_default()) else {
            // Requests are plain data and always have JSON.
            return;
        };
        self.waiting.borrow_mut().push_back(frame);
        if !self.sending.get()
            && let Some(connection) = self.itself.borrow().upgrade()
        {
            spawn_local(async move { connection.send_waiting().await });
        }
    }

    /// The next `start` replaces the engine in the process.
    fn close(&self) {
        self.closed.set(true);
    }
}

/// The arguments of `listen`: a channel whose messages `connection` receives.
fn channel(connection: Rc<Native>) -> Result<JsValue, String> {
    let channel = Reflect::construct(&part("Channel")?, &js_sys::Array::new())
        .map_err(|error| words(&error))?;
    let receive =
        Closure::<dyn FnMut(JsValue)>::new(move |message: JsValue| connection.receive(&message));
    let set = |object: &JsValue, name: &str, value: &JsValue| {
        Reflect::set(object, &JsValue::from_str(name), value).map_err(|error| words(&error))
    };
    set(&channel, "onmessage", receive.as_ref())?;
    // Leaked once per engine; few engines are started.
    receive.forget();
    let arguments = Object::new();
    set(&arguments, "messages", &channel)?;
    Ok(arguments.into())
}

/// Runs an action of the menu, if its button in the app is enabled.
fn run_menu_action(page: Page, action: MenuAction) {
    let button = match action {
        MenuAction::Train => "train-start",
        MenuAction::Prune => "prune-start",
        MenuAction::Save => "save-zip",
    };
    let found = window()
        .document()
        .and_then(|document| {
            document
                .query_selector(&format!("[data-testid={button}]:enabled"))
                .ok()
        })
        .flatten()
        .and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok());
    match found {
        Some(button) => button.click(),
        None => page.notify(match action {
            MenuAction::Train => "Load a table first; then it can be trained on.",
            MenuAction::Prune => "Train a model first; then it can be pruned.",
            MenuAction::Save => "Finish a run first; then there are files to save.",
        }),
    }
}

/// Opens the system's dialog for a table.
pub(crate) fn pick_table(page: Page) {
    ask(page, "pick_table");
}

/// Opens the system's dialog for the runs folder, and reloads the history.
pub(crate) fn change_runs_folder(page: Page) {
    spawn_local(async move {
        match call("change_runs_folder", &JsValue::UNDEFINED).await {
            Ok(_) => page.load_summaries(),
            Err(reason) => page.notify(reason),
        }
    });
}

/// Shows the runs folder in the system's file manager.
pub(crate) fn show_runs(page: Page) {
    ask(page, "show_runs");
}

fn ask(page: Page, command: &'static str) {
    spawn_local(async move {
        if let Err(reason) = call(command, &JsValue::UNDEFINED).await {
            page.notify(reason);
        }
    });
}

/// The path of the runs folder.
pub(crate) async fn runs_folder() -> Result<String, String> {
    let path = call("runs_folder", &JsValue::UNDEFINED).await?;
    path.as_string().ok_or_else(|| "no folder".to_owned())
}

/// Saves a file by the system's dialog, which also reports errors.
pub(crate) fn save(name: &str, bytes: Vec<u8>) {
    let name = name.to_owned();
    spawn_local(async move {
        if let Err(reason) = call_framed("save", &name, &bytes).await {
            web_sys::console::error_1(&JsValue::from_str(&reason));
        }
    });
}
