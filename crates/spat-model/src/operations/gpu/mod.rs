//! The operations on a GPU: nodes of Burn's autodiff graph whose forward and backward passes are launches
//! of `spat-gpu`.
//!
//! Each function returns `None` if its tensors are not on a GPU.

mod attend;
mod error;
mod gelu;
mod linear;
mod node;
mod norm;
#[cfg(test)]
mod parity;
mod scan;
mod windows;

pub(super) use attend::attend;
pub(super) use error::mean_squared_error;
pub(super) use gelu::dropout;
pub(super) use linear::linear;
pub(super) use norm::add_norm;
pub(super) use scan::scan;
pub(super) use windows::{Statistics, normalise, restore};
