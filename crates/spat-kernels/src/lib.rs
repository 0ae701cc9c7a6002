//! What an encoder layer does, on slices of the CPU: forward and backward passes written by hand,
//! each in as few passes over memory as it allows. No tensor library is known here.
//!
//! Matrices are row-major. Sums are taken over blocks whose bounds follow from the shapes alone, so
//! that a result does not depend on how many threads made it.

mod adam;
mod attention;
mod dropout;
mod elementary;
mod gelu;
mod linear;
mod norm;
mod product;
mod softmax;
mod sums;
mod threads;
mod vectorise;

pub use adam::{AdamFactors, AdamState, adam};
pub use attention::{
    Attended, AttentionGradients, AttentionShape, Connections, attend, attend_backward,
};
pub use dropout::Dropout;
pub use gelu::{gelu, gelu_backward};
pub use linear::{LinearGradients, linear, linear_backward};
pub use norm::{NormGradients, Normed, add_norm, add_norm_backward};
