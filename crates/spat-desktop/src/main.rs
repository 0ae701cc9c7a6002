//! The desktop app of SPAT: the web app in a Tauri window, with the engine in the same process.
//!
//! The web app's files are embedded in the program, and no port is opened. The web app calls `commands`;
//! the engine's messages go through one channel to the web app.
#![cfg_attr(windows, windows_subsystem = "windows")]

mod command_line;
mod commands;
mod dialogs;
mod error_dialog;
mod gpu_probe;
mod menu;
mod menu_actions;
mod progress_limit;
mod quit;
mod session;
mod settings;
mod tables;
mod web_view_rendering;

use std::process::ExitCode;

use anyhow::Context as _;
use tauri::plugin::TauriPlugin;
use tauri::{DragDropEvent, Manager as _, RunEvent, WindowEvent, Wry};
use tauri_plugin_window_state::StateFlags;

use session::EngineHandle;
use settings::Settings;

/// Restores position and size of the window, but not that it was hidden on exit.
fn window_state() -> TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::default()
        .with_state_flags(StateFlags::all() - StateFlags::VISIBLE)
        .build()
}

/// The window only shows the embedded web app; other addresses open in the default browser.
fn stay() -> TauriPlugin<Wry> {
    tauri::plugin::Builder::new("stay")
        .on_navigation(|webview, address| {
            let own = address.scheme() == "tauri"
                || address.scheme() == "about"
                || address.host_str() == Some("tauri.localhost");
            if !own && matches!(address.scheme(), "http" | "https") {
                dialogs::browse(webview.app_handle(), address.as_str());
            }
            own
        })
        .build()
}

fn main() -> anyhow::Result<ExitCode> {
    if let Some(code) = gpu_probe::child_exit_code() {
        return Ok(code);
    }
    if let Some(code) = command_line::exit_code() {
        return Ok(code);
    }
    web_view_rendering::use_cpu_without_card();
    spat_memory::release_freed_memory();
    open()?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the window and runs until it is closed.
fn open() -> anyhow::Result<()> {
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(window_state())
        .plugin(stay())
        .invoke_handler(commands::handler())
        .on_menu_event(|app, event| menu_actions::perform(app, event.id().as_ref()))
        .setup(|app| {
            let handle = app.handle();
            app.manage(Settings::load(handle));
            app.manage(EngineHandle::default());
            app.manage(menu_actions::Zoom::default());
            menu::build(handle)?;
            quit::on_signals(handle.clone())?;
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the window cannot be opened; is the system's web view installed?")?;
    app.run(|app, event| match event {
        RunEvent::ExitRequested { api, .. } if quit::stops_engine_first(app) => api.prevent_exit(),
        RunEvent::WindowEvent {
            event: WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }),
            ..
        } => {
            menu_actions::spawn(app, move |app| {
                paths.iter().for_each(|path| tables::open(app, path));
            });
        }
        RunEvent::Exit => quit::close_engine(app),
        _ => {}
    });
    Ok(())
}
