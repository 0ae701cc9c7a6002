//! The operations that dominate a training step. Each is one function for all devices: an autodiff node
//! with a hand-written backward pass, by `spat-cpu` on the CPU and by `spat-gpu` on a GPU ([`gpu`]), and a
//! plain composition of Burn's operations elsewhere, which tests compare both with.

mod attend;
mod attend_on_cpu;
mod attention;
mod auto_correlation;
mod dropout;
mod gpu;
mod linear;
mod linear_norm;
mod node;
mod norm;
mod pattern;
mod project;
mod scale_mixing;
mod squared_error;
mod state_space;
mod tanh_gelu;
mod windows;

pub(crate) use attend::attend;
pub(crate) use attention::Attention;
pub(crate) use auto_correlation::{AutoCorrelation, auto_correlate};
pub(crate) use dropout::dropout;
pub(crate) use linear::{linear, linear_dropout, linear_gelu, linear_relu, linear_with};
pub(crate) use linear_norm::linear_add_norm;
pub(crate) use norm::add_norm;
pub(crate) use pattern::{Pattern, SparseQueries};
pub(crate) use scale_mixing::{joined, mix_scales};
pub use squared_error::mean_squared_error;
pub(crate) use state_space::{StateSpace, state_space};
pub(crate) use tanh_gelu::tanh_gelu;
pub(crate) use windows::{series_on_cpu, tokens};

#[cfg(test)]
mod parity;
