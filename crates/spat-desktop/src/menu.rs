//! The window's menu and its shortcuts.

use std::thread;

use spat_spec::{Command, Notice, Order, Wish};
use tauri::menu::{MenuBuilder, MenuItemBuilder, Submenu, SubmenuBuilder};
use tauri::{AppHandle, Manager as _, WebviewWindow, Wry};

use crate::settings::Settings;
use crate::{desk, dialogs, quit, tables};

/// Before the number of a table among the recent ones.
const RECENT: &str = "recent-";

/// Steps of the page's size.
const ZOOM: [f64; 9] = [0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0];

/// The step at which the page has its own size.
const PLAIN: usize = 4;

/// Where the page's size stands.
#[derive(Default)]
struct Zoom(std::sync::atomic::AtomicIsize);

/// Puts the menu up, or anew with other recent tables.
///
/// # Errors
/// The system refuses.
pub(crate) fn build(app: &AppHandle) -> tauri::Result<()> {
    app.manage(Zoom::default());
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
                .quit()
                .build()?,
        );
    }
    menu = menu.item(&file(app)?);
    if cfg!(target_os = "macos") {
        // Elsewhere the web view has these shortcuts by itself.
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
        .item(&item(app, "resume", "Go On", "CmdOrCtrl+Shift+G")?)
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
    words: &str,
    shortcut: &str,
) -> tauri::Result<tauri::menu::MenuItem<Wry>> {
    MenuItemBuilder::with_id(id, words)
        .accelerator(shortcut)
        .build(app)
}

/// Does what was chosen.
pub(crate) fn chosen(app: &AppHandle, id: &str) {
    match id {
        "open" => beside(app, dialogs::pick_table),
        "forget" => beside(app, |app| {
            let forgotten = app.state::<Settings>().forget_recent();
            complain_of(
                app,
                forgotten.and_then(|()| build(app).map_err(|e| e.to_string())),
            );
        }),
        "save" => wish(app, Wish::Save),
        "show-runs" => {
            complain_of(app, dialogs::show_folder(desk::runs(app).root()));
        }
        "quit" => quit::ask(app),
        "train" => wish(app, Wish::Train),
        "prune" => wish(app, Wish::Prune),
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
fn beside(app: &AppHandle, work: impl FnOnce(&AppHandle) + Send + 'static) {
    let app = app.clone();
    thread::spawn(move || work(&app));
}

fn wish(app: &AppHandle, wish: Wish) {
    desk::tell(app, &Notice::Wish { wish }, &[]);
}

fn steer(app: &AppHandle, command: Command) {
    complain_of(app, desk::order(app, Order::Command(command), None));
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
        dialogs::complain(app, &reason);
    }
}
