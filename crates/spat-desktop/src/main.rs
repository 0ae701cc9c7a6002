//! SPAT in a window of its own: the page of the browser, with the engine in this process.
//!
//! The page comes out of the program, no port is opened. What the page may ask for is in
//! `commands`; what the engine says goes through one channel into the page.
#![cfg_attr(windows, windows_subsystem = "windows")]

mod choices;
mod commands;
mod complaint;
mod dialogs;
mod drawing;
mod menu;
mod pace;
mod quit;
mod session;
mod settings;
mod survey;
mod tables;
mod words;

use std::process::ExitCode;

use anyhow::Context as _;
use tauri::plugin::TauriPlugin;
use tauri::{DragDropEvent, Manager as _, RunEvent, WindowEvent, Wry};
use tauri_plugin_window_state::StateFlags;

use session::EngineHandle;
use settings::Settings;

/// The window comes again where it was. That it was hidden on the way out is no state of it.
fn window_state() -> TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::default()
        .with_state_flags(StateFlags::all() - StateFlags::VISIBLE)
        .build()
}

/// The window shows its own page only; an address that leads elsewhere opens in the browser.
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
    if let Some(answer) = survey::asked() {
        return Ok(answer);
    }
    if let Some(code) = words::answered() {
        return Ok(code);
    }
    drawing::settle();
    spat_memory::release_freed_memory();
    open()?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the window and ends with it.
fn open() -> anyhow::Result<()> {
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(window_state())
        .plugin(stay())
        .invoke_handler(commands::handler())
        .on_menu_event(|app, event| choices::chosen(app, event.id().as_ref()))
        .setup(|app| {
            let handle = app.handle();
            app.manage(Settings::load(handle));
            app.manage(EngineHandle::default());
            app.manage(choices::Zoom::default());
            menu::build(handle)?;
            quit::on_signals(handle.clone())?;
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the window cannot be opened; is the system's web view installed?")?;
    app.run(|app, event| match event {
        RunEvent::ExitRequested { api, .. } if quit::is_too_early(app) => api.prevent_exit(),
        RunEvent::WindowEvent {
            event: WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }),
            ..
        } => {
            choices::beside(app, move |app| {
                paths.iter().for_each(|path| tables::open(app, path));
            });
        }
        RunEvent::Exit => quit::at_last(app),
        _ => {}
    });
    Ok(())
}
