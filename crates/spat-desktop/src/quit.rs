//! Exit of the program: the running job is stopped first, so that it can be resumed.

use std::thread;
use std::time::Duration;

use spat_host::EngineThread;
use tauri::{AppHandle, Manager as _};

use crate::session;

/// Timeout of the stop. A job stops after its current step or evaluation; a longer wait means that it
/// hangs, and the last checkpoint is valid.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// Ends the program.
pub(crate) fn exit(app: &AppHandle) {
    app.exit(0);
}

/// Whether the engine is still running. If so, stops it and exits afterwards.
pub(crate) fn stops_engine_first(app: &AppHandle) -> bool {
    let Some(session) = session::take(app) else {
        return false;
    };
    if let Some(window) = app.get_webview_window("main") {
        // The window is hidden at once; if that fails, it stays until the exit.
        window.hide().ok();
    }
    let app = app.clone();
    thread::spawn(move || {
        close_with_timeout(session);
        app.exit(0);
    });
    true
}

/// Stops the engine, if it runs, before the process ends. macOS gives no other notice when the user quits
/// in the Dock or logs out.
pub(crate) fn close_engine(app: &AppHandle) {
    if let Some(session) = session::take(app) {
        close_with_timeout(session);
    }
}

/// Closes the engine, with a timeout.
fn close_with_timeout(session: EngineThread) {
    let (closed, wait) = std::sync::mpsc::channel();
    thread::spawn(move || {
        session.close();
        closed.send(()).ok();
    });
    wait.recv_timeout(STOP_TIMEOUT).ok();
}

/// Exits on Ctrl-C and on the end of the desktop session.
///
/// # Errors
/// The signal handler cannot be installed.
pub(crate) fn on_signals(app: AppHandle) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || exit(&app))
}
