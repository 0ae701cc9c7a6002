//! Actions of the menu items.

use std::thread;

use spat_spec::{Command, EngineMessage, EngineRequest, MenuAction};
use tauri::{AppHandle, Manager as _, WebviewWindow};

use crate::menu::{self, RECENT};
use crate::settings::Settings;
use crate::{dialogs, error_dialog, quit, session, tables};

/// Zoom factors.
const ZOOM: [f64; 9] = [0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0];

/// Index of the factor 1.
const PLAIN: usize = 4;

/// Current zoom, relative to [`PLAIN`].
#[derive(Default)]
pub(crate) struct Zoom(std::sync::atomic::AtomicIsize);

/// Performs the action of a menu item.
pub(crate) fn perform(app: &AppHandle, id: &str) {
    match id {
        "open" => spawn(app, dialogs::pick_table),
        "forget" => spawn(app, |app| {
            let forgotten = app.state::<Settings>().forget_recent();
            show_failure(
                app,
                forgotten.and_then(|()| menu::build(app).map_err(|e| e.to_string())),
            );
        }),
        "save" => action(app, MenuAction::Save),
        "show-runs" => {
            show_failure(app, dialogs::show_folder(session::runs(app).root()));
        }
        "quit" => quit::exit(app),
        "train" => action(app, MenuAction::Train),
        "prune" => action(app, MenuAction::Prune),
        "pause" => steer(app, Command::Pause),
        "resume" => steer(app, Command::Resume),
        "stop" => steer(app, Command::Stop),
        "larger" => zoom(app, |step| step + 1),
        "smaller" => zoom(app, |step| step - 1),
        "plain" => zoom(app, |_| 0),
        "full" => show_failure(app, full_screen(app).map_err(|error| error.to_string())),
        other => {
            let number = other
                .strip_prefix(RECENT)
                .and_then(|number| number.parse().ok());
            let table = number
                .and_then(|number: usize| app.state::<Settings>().recent().get(number).cloned());
            if let Some(table) = table {
                spawn(app, move |app| tables::open(app, &table));
            }
        }
    }
}

/// Runs `work` on another thread, because the main thread must not block.
pub(crate) fn spawn(app: &AppHandle, work: impl FnOnce(&AppHandle) + Send + 'static) {
    let app = app.clone();
    thread::spawn(move || work(&app));
}

fn action(app: &AppHandle, action: MenuAction) {
    session::send_message(app, &EngineMessage::MenuAction { action }, &[]);
}

fn steer(app: &AppHandle, command: Command) {
    show_failure(
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
        show_failure(
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

fn show_failure(app: &AppHandle, result: Result<(), String>) {
    if let Err(reason) = result {
        error_dialog::show(app, &reason);
    }
}
