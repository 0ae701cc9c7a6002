//! Operations of an encoder layer on a GPU, with the formulas and dropout masks of `spat-cpu`, each in as
//! few launches as possible.
//!
//! Functions take and return [`Buffer`](crate::Buffer)s. The [`Dispatch`]es that they launch are plain
//! descriptions, which tests also launch in a browser.

mod adam;
mod attention;
mod dispatch;
mod errors;
mod norm;
mod product;
mod scan;
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
    LinearDispatches, LinearGradients, Parts, linear, linear_backward, linear_backward_input,
    linear_dispatches,
};
pub use scan::{ScanGradients, ScanShape, scan_dispatches, scan_tokens, scan_tokens_backward};
pub use values::{drop_values, gelu, gelu_backward, value_dispatches};
pub use windows::{Rows, normalise_windows, restore_backward, restore_windows, window_dispatches};
