//! The program as a user meets it: a folder, a command, what it says and what it leaves.
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
