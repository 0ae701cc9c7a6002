//! What the window does when something is chosen from its menu.

use std::thread;

use spat_spec::{Command, EngineMessage, EngineRequest, MenuAction};
use tauri::{AppHandle, Manager as _, WebviewWindow};

use crate::menu::{self, RECENT};
use crate::settings::Settings;
use crate::{complaint, dialogs, quit, session, tables};

/// Steps of the page's size.
const ZOOM: [f64; 9] = [0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0];

/// The step at which the page has its own size.
const PLAIN: usize = 4;

/// Where the page's size stands.
#[derive(Default)]
pub(crate) struct Zoom(std::sync::atomic::AtomicIsize);

/// Does what was chosen.
pub(crate) fn chosen(app: &AppHandle, id: &str) {
    match id {
        "open" => beside(app, dialogs::pick_table),
        "forget" => beside(app, |app| {
            let forgotten = app.state::<Settings>().forget_recent();
            complain_of(
                app,
                forgotten.and_then(|()| menu::build(app).map_err(|e| e.to_string())),
            );
        }),
        "save" => action(app, MenuAction::Save),
        "show-runs" => {
            complain_of(app, dialogs::show_folder(session::runs(app).root()));
        }
        "quit" => quit::ask(app),
        "train" => action(app, MenuAction::Train),
        "prune" => action(app, MenuAction::Prune),
        "pause" => steer(app, Command::Pause),
        "resume" => steer(app, Command::Resume),
        "stop" => steer(app, Command::Stop),
        "larger" => zoom(app, |step| step + 1),
        "smaller" => zoom(app, |step| step - 1),
        "plain" => zoom(app, |_| 0),
        "full" => complain_of(app, full_screen(app).map_err(|error| error.to_string())),
        other => {
            let number = other
                .strip_prefix(RECENT)
                .and_then(|number| number.parse().ok());
            let table = number
                .and_then(|number: usize| app.state::<Settings>().recent().get(number).cloned());
            if let Some(table) = table {
                beside(app, move |app| tables::open(app, &table));
            }
        }
    }
}

/// Beside the main thread, which must not wait.
pub(crate) fn beside(app: &AppHandle, work: impl FnOnce(&AppHandle) + Send + 'static) {
    let app = app.clone();
    thread::spawn(move || work(&app));
}

fn action(app: &AppHandle, action: MenuAction) {
    session::send_message(app, &EngineMessage::MenuAction { action }, &[]);
}

fn steer(app: &AppHandle, command: Command) {
    complain_of(
        app,
        session::send_request(app, EngineRequest::Command(command), None),
    );
}

fn window(app: &AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window("main")
}

fn zoom(app: &AppHandle, change: impl FnOnce(isize) -> isize) {
    use std::sync::atomic::Ordering::Relaxed;

    let zoom = app.state::<Zoom>();
    let most = (ZOOM.len() - 1 - PLAIN) as isize;
    let step = change(zoom.0.load(Relaxed)).clamp(-(PLAIN as isize), most);
    zoom.0.store(step, Relaxed);
    let size = ZOOM[PLAIN.saturating_add_signed(step)];
    if let Some(window) = window(app) {
        complain_of(
            app,
            window.set_zoom(size).map_err(|error| error.to_string()),
        );
    }
}

fn full_screen(app: &AppHandle) -> tauri::Result<()> {
    match window(app) {
        Some(window) => window.set_fullscreen(!window.is_fullscreen()?),
        None => Ok(()),
    }
}

fn complain_of(app: &AppHandle, result: Result<(), String>) {
    if let Err(reason) = result {
        complaint::complain(app, &reason);
    }
}
