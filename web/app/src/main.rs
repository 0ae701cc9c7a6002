//! SPAT's web app: trains on a table, scores attention, prunes, and compares forecasts before and after.
//!
//! The app's module contains no tensors; the engine is loaded separately in a worker. See
//! `ARCHITECTURE.md`.

// Leptos's macro makes components public in their modules, and they take their properties by value.
#![allow(unreachable_pub, clippy::needless_pass_by_value)]

mod charts;
mod class;
mod download;
mod engine;
mod example;
mod focus;
mod lessons;
mod route;
mod sections;
mod shell;
mod show;
mod state;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(shell::Shell);
}
