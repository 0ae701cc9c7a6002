//! What went wrong, in a dialog.

use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt as _, MessageDialogKind};

/// Tells the person what went wrong, and does not wait.
pub(crate) fn complain(app: &AppHandle, words: &str) {
    app.dialog()
        .message(words)
        .title("SPAT")
        .kind(MessageDialogKind::Error)
        .show(|_| {});
}
