//! The menu of the window and its shortcuts.

use tauri::menu::{MenuBuilder, MenuItemBuilder, Submenu, SubmenuBuilder};
use tauri::{AppHandle, Manager as _, Wry};

use crate::settings::Settings;

/// Prefix of the identifiers of recent tables.
pub(crate) const RECENT: &str = "recent-";

/// Builds the menu, with the current recent tables.
///
/// # Errors
/// The system refuses to create it.
pub(crate) fn build(app: &AppHandle) -> tauri::Result<()> {
    let mut menu = MenuBuilder::new(app);
    if cfg!(target_os = "macos") {
        let own = SubmenuBuilder::new(app, "SPAT")
            .about(None)
            .separator()
            .services();
        menu = menu.item(
            &own.separator()
                .hide()
                .hide_others()
                .separator()
                // A custom item: the predefined one would end the process while the engine is still
                // stopping.
                .item(&item(app, "quit", "Quit SPAT", "CmdOrCtrl+Q")?)
                .build()?,
        );
    }
    menu = menu.item(&file(app)?);
    if cfg!(target_os = "macos") {
        // On other systems the web view has these shortcuts itself.
        let edit = SubmenuBuilder::new(app, "Edit").undo().redo().separator();
        menu = menu.item(&edit.cut().copy().paste().select_all().build()?);
    }
    let menu = menu.item(&run(app)?).item(&view(app)?).build()?;
    app.set_menu(menu)?;
    Ok(())
}

fn file(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    let mut recent = SubmenuBuilder::new(app, "Open Recent");
    let tables = app.state::<Settings>().recent();
    for (number, table) in tables.iter().enumerate() {
        recent = recent.text(format!("{RECENT}{number}"), table.display().to_string());
    }
    if tables.is_empty() {
        recent = recent.enabled(false);
    } else {
        recent = recent.separator().text("forget", "Clear This List");
    }
    let mut file = SubmenuBuilder::new(app, "File")
        .item(&item(app, "open", "Open Table…", "CmdOrCtrl+O")?)
        .item(&recent.build()?)
        .separator()
        .item(&item(app, "save", "Save Everything…", "CmdOrCtrl+S")?)
        .text("show-runs", "Show the Folder of Runs");
    if !cfg!(target_os = "macos") {
        file = file
            .separator()
            .item(&item(app, "quit", "Quit", "CmdOrCtrl+Q")?);
    }
    file.build()
}

fn run(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "Run")
        .item(&item(app, "train", "Train", "CmdOrCtrl+Enter")?)
        .item(&item(app, "prune", "Prune", "CmdOrCtrl+Shift+Enter")?)
        .separator()
        .item(&item(app, "pause", "Pause", "CmdOrCtrl+Shift+P")?)
        .item(&item(app, "resume", "Resume", "CmdOrCtrl+Shift+G")?)
        .item(&item(app, "stop", "Stop", "CmdOrCtrl+.")?)
        .build()
}

fn view(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, "View")
        .item(&item(app, "larger", "Larger", "CmdOrCtrl+=")?)
        .item(&item(app, "smaller", "Smaller", "CmdOrCtrl+-")?)
        .item(&item(app, "plain", "Actual Size", "CmdOrCtrl+0")?)
        .separator()
        .item(&item(app, "full", "Full Screen", "F11")?)
        .build()
}

fn item(
    app: &AppHandle,
    id: &str,
    text: &str,
    shortcut: &str,
) -> tauri::Result<tauri::menu::MenuItem<Wry>> {
    MenuItemBuilder::with_id(id, text)
        .accelerator(shortcut)
        .build(app)
}
