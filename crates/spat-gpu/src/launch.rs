//! Launches of stages in Burn's queue.
//!
//! A launch reads what earlier operations wrote, and later operations read what it writes. Pipelines are
//! cached by stage. If the device rejects a shader, reading any tensor that it should have written returns
//! an error with the shader's name. In a browser CubeCL only logs the error; the tests therefore run every
//! shader in Chromium.

use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::attributes::BufferIOAttr;
use cubecl::ir::metadata::Info;
use cubecl::ir::{ElemType, UIntKind};
use cubecl::prelude::*;
use cubecl::server::{KernelArguments, MetadataBindingInfo};
use cubecl::{CubeKernel, PrecompiledSource};

use crate::stage::Stage;

/// Threads per workgroup, as in `shaders/workgroup.wgsl` (checked by `tests/naga.rs`).
pub const WORKGROUP: u32 = 64;
/// Maximum number of workgroups along one axis of a dispatch (WebGPU's `maxComputeWorkgroupsPerDimension`).
pub(crate) const MOST_GROUPS: u32 = 65_535;

/// Buffers of a launch in binding order, with their access.
pub(crate) enum Binding<'a> {
    /// Read.
    In(&'a CubeTensor),
    /// Written completely.
    Out(&'a CubeTensor),
    /// Read and written.
    InPlace(&'a CubeTensor),
}

/// Queues one stage; the uniform is its last binding.
pub(crate) fn launch(
    stage: Stage,
    bindings: &[Binding<'_>],
    uniform: &[u32],
    [groups_x, groups_y]: [u32; 2],
) {
    let mut arguments = KernelArguments::new();
    let mut client = None;
    for binding in bindings {
        let (buffer, use_of_it) = match binding {
            Binding::In(buffer) => (buffer, BufferIOAttr::ReadOnly),
            Binding::Out(buffer) => (buffer, BufferIOAttr::WriteOnly),
            Binding::InPlace(buffer) => (buffer, BufferIOAttr::ReadWrite),
        };
        client = Some(&buffer.client);
        arguments = arguments.with_buffer_io(buffer.handle.clone().binding(), use_of_it);
    }
    let Some(client) = client else {
        return;
    };
    // CubeCL takes the words in pairs.
    let words = uniform
        .chunks(2)
        .map(|pair| u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or(0)) << 32)
        .collect();
    client.launch(
        Box::new(WgslKernel(stage)),
        CubeCount::Static(groups_x, groups_y, 1),
        arguments.with_info(MetadataBindingInfo::custom(words)),
    );
}

/// An uninitialised f32 buffer of `length` values on the device of `like`.
pub(crate) fn empty(like: &CubeTensor, length: usize) -> CubeTensor {
    CubeTensor::new_contiguous(
        like.client.clone(),
        like.device.clone(),
        [length].into(),
        like.client.empty(length * size_of::<f32>()),
        like.dtype,
    )
}

/// A stage as a CubeCL kernel: its WGSL source, unchanged.
struct WgslKernel(Stage);

impl WgslKernel {
    fn dimension() -> CubeDim {
        CubeDim::new_1d(WORKGROUP)
    }
}

impl KernelMetadata for WgslKernel {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn id(&self) -> KernelId {
        // Unchecked: every loop is bounded, and every access is guarded.
        KernelId::new::<Self>()
            .info(self.0)
            .cube_dim(Self::dimension().0)
            .mode(ExecutionMode::Unchecked)
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl CubeKernel for WgslKernel {
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(
            Self::dimension().0,
            ExecutionMode::Unchecked,
            AddressType::U32,
        );
        KernelDefinition {
            body: Scope::root(settings.clone()),
            info: Info::default(),
            settings,
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.0.source().to_owned(),
            entrypoint_name: self.0.name().to_owned(),
            lang: "wgsl",
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, DeviceKind, Tensor};

    use super::*;
    use crate::place::{Place, on_gpu, place};

    #[test]
    fn a_rejected_shader_is_an_error_of_its_output() {
        let device = Device::wgpu(DeviceKind::Cpu);
        let Place::Gpu(input) = place(Tensor::<1>::zeros([64], &device)) else {
            panic!("the tensor is not on the GPU");
        };
        let output = empty(&input, 64);
        let bindings = [Binding::In(&input), Binding::Out(&output)];
        launch(Stage::Refused, &bindings, &[0; 4], [1, 1]);
        let read = pollster::block_on(on_gpu::<1>(output).into_data_async());
        let error = format!("{:?}", read.map(|_| ()).unwrap_err());
        assert!(error.contains("refused"), "{error}");
    }
}
