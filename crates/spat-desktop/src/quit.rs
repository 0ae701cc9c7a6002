//! The end: a job that is going is stopped first, so that it can be gone on with.

use std::thread;
use std::time::Duration;

use spat_host::EngineThread;
use tauri::{AppHandle, Manager as _};

use crate::session;

/// A job stops after its step or its evaluation; longer than this something is wrong, and the last
/// checkpoint stands anyway.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the program.
pub(crate) fn ask(app: &AppHandle) {
    app.exit(0);
}

/// Whether the desk must be left first. It is then left, and the program ends after that.
pub(crate) fn is_too_early(app: &AppHandle) -> bool {
    let Some(session) = session::leave(app) else {
        return false;
    };
    if let Some(window) = app.get_webview_window("main") {
        // Nothing to see any more; a window that cannot be hidden only stays a moment longer.
        window.hide().ok();
    }
    let app = app.clone();
    thread::spawn(move || {
        bring_to_rest(session);
        app.exit(0);
    });
    true
}

/// The program ends whatever is done here: macOS asks nobody where it is told to quit in the Dock, or
/// as its person logs out. What can be waited for is the desk.
pub(crate) fn at_last(app: &AppHandle) {
    if let Some(session) = session::leave(app) {
        bring_to_rest(session);
    }
}

/// Closes the desk, and waits for it as long as makes sense.
fn bring_to_rest(session: EngineThread) {
    let (at_rest, wait) = std::sync::mpsc::channel();
    thread::spawn(move || {
        session.close();
        at_rest.send(()).ok();
    });
    wait.recv_timeout(PATIENCE).ok();
}

/// Ctrl-C in the terminal and the system's own end of a session do the same.
///
/// # Errors
/// The system has no signals to listen to.
pub(crate) fn on_signals(app: AppHandle) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || ask(&app))
}
