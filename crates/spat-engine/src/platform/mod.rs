//! Differences between native programs and browsers. No other module of the engine depends on the target.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
pub use native::{
    FolderStore, MAY_BLOCK, NO_GPU, arithmetic, cpu_name, engine_thread, free_memory,
    run_on_threads, sleep, threads, write_atomically, yield_now,
};

#[cfg(target_arch = "wasm32")]
mod web;
#[cfg(target_arch = "wasm32")]
pub use web::{
    MAY_BLOCK, NO_GPU, arithmetic, cpu_name, free_memory, run_on_threads, sleep, threads,
    write_atomically, yield_now,
};
