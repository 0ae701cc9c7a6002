//! CPU kernels of a Transformer encoder on slices: hand-written forward and backward passes, each in as few
//! passes over memory as possible. Independent of any tensor library.
//!
//! Matrices are row-major. Block bounds follow from the shapes alone, so a result does not depend on the
//! number of threads.

mod activation;
mod adam;
mod attention;
mod dispersion;
mod dropout;
mod elementary;
mod fresh;
mod linear;
mod linear_norm;
mod norm;
#[cfg(feature = "threads")]
mod pool;
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
mod portable_product;
mod product;
mod profile;
mod projections;
mod scale_mixing;
mod selective_scan;
mod small_product;
mod softmax;
mod squared_error;
mod state_space;
mod sums;
mod threads;
mod transpose;
mod vectorise;
mod window_norm;

pub use activation::Activation;
pub use adam::{AdamFactors, AdamParameter, adam};
pub use attention::{
    Attended, AttentionGradients, AttentionMaps, AttentionPattern, AttentionShape, Connections,
    MapOptions, MemoryAttentionGradients, SparsePattern, attend, attend_backward, attend_memory,
    attend_memory_backward,
};
pub use dispersion::{Dispersion, Spread, disperse_rows, spreads};
pub use dropout::Dropout;
pub use linear::{
    Finish, LinearGradients, LinearOutput, linear, linear_backward, linear_backward_input,
};
pub use linear_norm::{
    LinearNormGradients, LinearNormInputs, linear_add_norm, linear_add_norm_backward,
};
pub use norm::{NormGradients, Normed, add_norm, add_norm_backward};
#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
pub use portable_product::{StripProduct, has_strip_product, set_strip_product};
pub use profile::{start_profile, take_profile};
pub use projections::{
    ProjectGradients, Projection, ProjectionGradients, project, project_backward,
};
pub use scale_mixing::{
    LayerPlace, MixedScales, ScaleMixingGradients, ScaleMixingLayers, ScaleMixingShape, mix_scales,
    mix_scales_backward,
};
pub use selective_scan::StateSpaceShape;
pub use squared_error::{mean_squared_error, mean_squared_error_backward};
pub use state_space::{
    StateSpaceGradients, StateSpaceInputs, StateSpaceKept, state_space, state_space_backward,
};
pub use vectorise::{has_fused_operations, limit_vectors};
pub use window_norm::{
    WindowShape, WindowStatistics, restore_windows, restore_windows_backward, window_tokens,
};
