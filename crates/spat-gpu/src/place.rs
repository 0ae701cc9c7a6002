//! Access to the values of a tensor on its device.

use burn::tensor::{Device, Tensor, TensorData};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

#[cfg(not(feature = "fusion"))]
pub(crate) use eager::{buffer, primitive};
#[cfg(feature = "fusion")]
pub(crate) use fused::{buffer, primitive};

/// A tensor's values: a GPU buffer, or host memory.
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

/// A tensor of a GPU buffer.
pub(crate) fn on_gpu<const D: usize>(buffer: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<Cube>(primitive(buffer))
}

/// A tensor of host values.
pub(crate) fn on_host<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// On the CPU backend this does not block on a device.
fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .convert::<f32>()
        .try_into_vec()
        .unwrap_or_default()
}

/// Without fusion a tensor is its buffer.
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

/// With fusion a tensor is lazy: its operations wait to be fused with others.
#[cfg(feature = "fusion")]
mod fused {
    use burn::backend::TensorMetadata;
    use burn_cubecl::CubeBackend;
    use burn_fusion::stream::StreamId;
    use burn_fusion::{FusionBackend, FusionTensor, NoOp, get_client};
    use burn_ir::{BackendIr, InitOperationIr, OperationIr};

    use super::CubeTensor;

    type LazyTensor = FusionTensor<<CubeBackend as FusionBackend>::FusionRuntime>;

    /// Executes the operations that the tensor depends on.
    pub(crate) fn buffer(tensor: LazyTensor) -> CubeTensor {
        let client = tensor.client.clone();
        client.resolve_tensor_float::<CubeBackend>(tensor)
    }

    /// A lazy tensor that is already computed.
    pub(crate) fn primitive(buffer: CubeTensor) -> LazyTensor {
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
