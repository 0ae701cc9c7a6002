//! The operations that a training step spends its time in, each as one function whichever device
//! holds the tensors: on the CPU one node of the graph with a backward pass written by hand
//! (`spat-kernels`), elsewhere the plain composition of Burn's operations that stands beside it and
//! that a test holds it to.

mod attend;
mod dropout;
mod linear;
mod linear_norm;
mod node;
mod norm;
mod project;
mod squared_error;
mod windows;

pub(crate) use attend::{Attention, attend};
pub(crate) use dropout::dropout;
pub(crate) use linear::{linear, linear_dropout, linear_gelu};
pub(crate) use linear_norm::linear_add_norm;
pub(crate) use norm::add_norm;
pub use squared_error::mean_squared_error;
pub(crate) use windows::tokens;

#[cfg(test)]
mod parity;
