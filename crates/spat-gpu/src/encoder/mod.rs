//! What an encoder layer does, on a GPU: the operations of `spat-cpu`, by the same formulas and with
//! the same dropout masks, each in as few launches as it allows.
//!
//! The functions take and give [`Buffer`](crate::Buffer)s; the [`Dispatch`]es that they launch are plain
//! descriptions, so that a test can launch them elsewhere.

mod adam;
mod attention;
mod dispatch;
mod errors;
mod norm;
mod product;
mod values;
mod windows;

pub use adam::{adam, adam_dispatch};
pub use attention::{
    Attended, AttentionGradients, Mask, attend, attend_backward, attention_dispatches,
};
pub use dispatch::Dispatch;
pub use errors::{error_dispatches, errors_backward, mean_squared_error};
pub use norm::{NormGradients, Normed, add_norm, add_norm_backward, norm_dispatches};
pub use product::{
    LinearDispatches, LinearGradients, Parts, linear, linear_backward, linear_dispatches,
};
pub use values::{drop_values, gelu, gelu_backward, value_dispatches};
pub use windows::{Rows, normalise_windows, restore_backward, restore_windows, window_dispatches};
