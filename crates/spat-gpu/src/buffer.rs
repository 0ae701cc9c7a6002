//! The values of a GPU tensor, without its shape.

use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Shape};
use burn_cubecl::Cube;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use crate::launch::empty;
use crate::place;

/// Burn's backend of a GPU.
pub type Gpu = Cube;

/// Values on a GPU in row-major order; clones share them.
#[derive(Debug, Clone)]
pub struct Buffer(CubeTensor);

impl Buffer {
    /// The values of a tensor, copied only if they are not in row-major order. `None` if they are not f32.
    pub fn of(tensor: FloatTensor<Gpu>) -> Option<Self> {
        let tensor = place::buffer(tensor);
        (tensor.dtype == DType::F32).then(|| Self(into_contiguous(tensor)))
    }

    /// A tensor of these values.
    pub fn tensor(self, shape: impl Into<Shape>) -> FloatTensor<Gpu> {
        let Self(values) = self;
        place::primitive(CubeTensor::new_contiguous(
            values.client,
            values.device,
            shape.into(),
            values.handle,
            values.dtype,
        ))
    }

    /// An uninitialised buffer of `length` values on the same GPU.
    pub fn allocate_like(&self, length: usize) -> Self {
        Self(empty(&self.0, length))
    }

    /// Number of values.
    pub fn length(&self) -> usize {
        self.0.meta.shape().num_elements()
    }

    /// Whether this is the only handle to the values.
    pub(crate) fn is_unique(&self) -> bool {
        self.0.handle.can_mut()
    }

    pub(crate) fn values(&self) -> &CubeTensor {
        &self.0
    }
}
