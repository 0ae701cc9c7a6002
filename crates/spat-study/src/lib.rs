//! Experiments over many runs: is SEND right, how far can one prune, and what beats it.

pub mod statistics;
