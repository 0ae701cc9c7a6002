//! SPAT's page: a table in, attention scores and forecasts before and after out.
//!
//! The page itself is small; the engine lives in a worker that arrives later. See
//! `ARCHITECTURE.md` for the whole.

// Components are made public in their modules by their macro, and take their properties by value.
#![allow(unreachable_pub, clippy::needless_pass_by_value)]

mod charts;
mod class;
mod download;
mod engine;
mod example;
mod lessons;
mod place;
mod sections;
mod shell;
mod show;
mod state;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(shell::Shell);
}
