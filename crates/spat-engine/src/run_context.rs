//! Shared inputs of all parts of a job.

use burn::tensor::Device;

use crate::dataset::Dataset;

/// The data, the device and the seed.
#[derive(Clone, Copy)]
pub(crate) struct RunContext<'a> {
    pub(crate) dataset: &'a Dataset,
    /// Without autodiff.
    pub(crate) device: &'a Device,
    pub(crate) seed: u64,
}
