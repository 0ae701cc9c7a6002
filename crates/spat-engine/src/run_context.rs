//! What every part of a job shares.

use burn::tensor::Device;

use crate::dataset::Dataset;

/// The data, the device and the seed.
pub(crate) struct RunContext<'a> {
    pub(crate) dataset: &'a Dataset,
    /// Without autodiff.
    pub(crate) device: &'a Device,
    pub(crate) seed: u64,
}
