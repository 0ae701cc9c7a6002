//! Differences between native programs and browsers. No other module of the engine depends on the target.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
pub use native::{
    FolderStore, MAY_BLOCK, NO_GPU, run_on_threads, cpu_name, engine_thread, free_memory, sleep, threads,
    write_atomically, yield_now,
};

#[cfg(target_arch = "wasm32")]
mod web;
#[cfg(target_arch = "wasm32")]
pub use web::{MAY_BLOCK, NO_GPU, run_on_threads, cpu_name, sleep, threads, write_atomically, yield_now};
