//! Where a tensor lies, and the way to its values there.

use burn::tensor::{Device, Tensor, TensorData};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

/// A tensor's values: a buffer of the GPU, or numbers of the host.
pub(crate) enum Place {
    Gpu(Box<CubeTensor>),
    Host(Vec<f32>),
}

/// Values of a tensor without autodiff, row-major.
pub(crate) fn place<const D: usize>(tensor: Tensor<D>) -> Place {
    match tensor.clone().try_into_primitive::<Cube>() {
        Ok(buffer) => Place::Gpu(Box::new(buffer)),
        Err(_) => Place::Host(host_values(tensor)),
    }
}

/// A tensor around a buffer of the GPU.
pub(crate) fn on_gpu<const D: usize>(buffer: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<Cube>(buffer)
}

/// A tensor of values of the host.
pub(crate) fn on_host<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The CPU backend's values are at hand: this reads no device.
fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .convert::<f32>()
        .try_into_vec()
        .unwrap_or_default()
}
