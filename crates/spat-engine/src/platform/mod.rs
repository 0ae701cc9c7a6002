//! What differs between a native program and a browser. Nothing else in the engine names the target.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
pub use native::{
    FolderStore, MAY_BLOCK, NO_GPU, at_once, cpu_name, engine_thread, free_memory, sleep, threads,
    write_whole, yield_now,
};

#[cfg(target_arch = "wasm32")]
mod web;
#[cfg(target_arch = "wasm32")]
pub use web::{MAY_BLOCK, NO_GPU, at_once, cpu_name, sleep, threads, write_whole, yield_now};
