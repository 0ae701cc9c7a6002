//! End-to-end tests of the program: commands, their output and their files.
#![allow(missing_docs, clippy::unwrap_used)]

mod again;
mod folder;
mod folders;
mod kills;
mod models;
mod refusals;
mod reports;
mod resume;
mod saved;
mod tables;
