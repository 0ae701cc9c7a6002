//! Studies whose tasks are executed by queueing systems: Slurm and HyperQueue on this machine, and a stand-in for the
//! cases that need no cluster.
// Tests that are skipped print why.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

mod hyperqueue;
mod merge;
mod processes;
mod slurm;
mod stand_in;
mod study;
