//! The operations that a training step spends its time in, each as one function whichever device
//! holds the tensors: one node of the graph with a backward pass written by hand, by `spat-kernels` on
//! the CPU and by `spat-shaders` on a GPU ([`gpu`]), and elsewhere the plain composition of Burn's
//! operations that stands beside it and that tests hold both to.

mod attend;
mod dropout;
mod error;
mod gelu;
mod gpu;
mod linear;
mod node;
mod norm;
mod windows;

pub(crate) use attend::{Attention, attend};
pub(crate) use dropout::dropout;
pub use error::mean_squared_error;
pub(crate) use gelu::gelu;
pub(crate) use linear::linear;
pub(crate) use norm::add_norm;
pub(crate) use windows::{normalise, restore};

#[cfg(test)]
mod parity;
