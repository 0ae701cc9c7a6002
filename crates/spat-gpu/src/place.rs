//! Where a tensor lies, and the way to its values there.

use burn::tensor::{Device, Tensor, TensorData};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

#[cfg(not(feature = "fusion"))]
pub(crate) use eager::{buffer, primitive};
#[cfg(feature = "fusion")]
pub(crate) use fused::{buffer, primitive};

/// A tensor's values: a buffer of the GPU, or numbers of the host.
pub(crate) enum Place {
    Gpu(Box<CubeTensor>),
    Host(Vec<f32>),
}

/// Values of a tensor without autodiff, row-major.
pub(crate) fn place<const D: usize>(tensor: Tensor<D>) -> Place {
    match tensor.clone().try_into_primitive::<Cube>() {
        Ok(primitive) => Place::Gpu(Box::new(buffer(primitive))),
        Err(_) => Place::Host(host_values(tensor)),
    }
}

/// A tensor around a buffer of the GPU.
pub(crate) fn on_gpu<const D: usize>(buffer: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<Cube>(primitive(buffer))
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

/// Operations run as they are called: a tensor is its buffer.
#[cfg(not(feature = "fusion"))]
mod eager {
    use super::CubeTensor;

    pub(crate) fn buffer(tensor: CubeTensor) -> CubeTensor {
        tensor
    }

    pub(crate) fn primitive(buffer: CubeTensor) -> CubeTensor {
        buffer
    }
}

/// Operations wait for others to be fused with: a tensor is a promise of its buffer.
#[cfg(feature = "fusion")]
mod fused {
    use burn::backend::TensorMetadata;
    use burn_cubecl::CubeBackend;
    use burn_fusion::stream::StreamId;
    use burn_fusion::{FusionBackend, FusionTensor, NoOp, get_client};
    use burn_ir::{BackendIr, InitOperationIr, OperationIr};

    use super::CubeTensor;

    type Promise = FusionTensor<<CubeBackend as FusionBackend>::FusionRuntime>;

    /// Runs what the tensor waits for.
    pub(crate) fn buffer(tensor: Promise) -> CubeTensor {
        let client = tensor.client.clone();
        client.resolve_tensor_float::<CubeBackend>(tensor)
    }

    /// A promise kept from the start.
    pub(crate) fn primitive(buffer: CubeTensor) -> Promise {
        let client = get_client::<CubeBackend>(&buffer.device);
        let (shape, dtype) = (buffer.shape(), buffer.dtype());
        let handle = CubeBackend::float_tensor_handle(buffer);
        let description =
            InitOperationIr::create(shape, dtype, || client.register_tensor_handle(handle));
        let mut outputs = client.register(
            StreamId::current(),
            OperationIr::Init(description),
            NoOp::<CubeBackend>::new(),
        );
        outputs.remove(0)
    }
}
