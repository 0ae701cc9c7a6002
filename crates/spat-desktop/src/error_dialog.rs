//! Error dialogs.

use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt as _, MessageDialogKind};

/// Shows an error message, without waiting for it to be closed.
pub(crate) fn show(app: &AppHandle, message: &str) {
    app.dialog()
        .message(message)
        .title("SPAT")
        .kind(MessageDialogKind::Error)
        .show(|_| {});
}
