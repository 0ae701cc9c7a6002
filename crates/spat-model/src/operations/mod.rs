//! The operations that a training step spends its time in, each as one function whichever device
//! holds the tensors: on the CPU one node of the graph with a backward pass written by hand
//! (`spat-kernels`), elsewhere the plain composition of Burn's operations that stands beside it and
//! that a test holds it to.

mod attend;
mod dropout;
mod gelu;
mod linear;
mod node;
mod norm;

pub(crate) use attend::{Attention, attend};
pub(crate) use dropout::dropout;
pub(crate) use gelu::gelu;
pub(crate) use linear::linear;
pub(crate) use norm::add_norm;

#[cfg(test)]
mod parity;
