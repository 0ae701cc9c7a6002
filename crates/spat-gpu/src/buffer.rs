//! Values of a tensor on a GPU, without its shape.

use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Shape};
use burn_cubecl::Cube;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use crate::launch::empty;
use crate::place;

/// Burn's backend of a GPU.
pub type Gpu = Cube;

/// Numbers of a GPU in row-major order; a clone shares them.
#[derive(Debug, Clone)]
pub struct Buffer(CubeTensor);

impl Buffer {
    /// The values of a tensor, moved only where they are not in row-major order. `None` if they are no
    /// 32-bit numbers.
    pub fn of(tensor: FloatTensor<Gpu>) -> Option<Self> {
        let tensor = place::buffer(tensor);
        (tensor.dtype == DType::F32).then(|| Self(into_contiguous(tensor)))
    }

    /// The tensor of these values.
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

    /// A buffer of `length` values on the same GPU, with whatever it holds.
    pub fn beside(&self, length: usize) -> Self {
        Self(empty(&self.0, length))
    }

    /// Values.
    pub fn length(&self) -> usize {
        self.0.meta.shape().num_elements()
    }

    /// Whether nobody else shares the values.
    pub(crate) fn is_own(&self) -> bool {
        self.0.handle.can_mut()
    }

    pub(crate) fn values(&self) -> &CubeTensor {
        &self.0
    }
}
