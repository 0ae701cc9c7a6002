//! Which device computes.

use burn::tensor::{Device, DeviceType};
use serde::{Deserialize, Serialize};
use spat_spec::DeviceFacts;
use thiserror::Error;

use crate::platform;

/// What the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A real GPU if there is one, the CPU otherwise.
    #[default]
    Auto,
    /// A GPU, through Vulkan, Metal or DX12.
    Gpu,
    /// The CPU.
    Cpu,
}

/// The device asked for is not there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// No adapter.
    #[error(
        "there is no GPU that Vulkan, Metal or DX12 can reach; use --device cpu, or install the graphics driver"
    )]
    NoGpu,
}

/// A device, ready to compute, without autodiff.
///
/// # Errors
/// A GPU was asked for and there is none.
pub fn choose(choice: DeviceChoice) -> Result<(Device, DeviceFacts), DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Gpu => gpu().ok_or(DeviceError::NoGpu),
        DeviceChoice::Auto => Ok(gpu().unwrap_or_else(cpu)),
    }
}

/// Every device that could be chosen.
pub fn list() -> Vec<DeviceFacts> {
    let mut found = vec![cpu().1];
    found.extend(gpus().iter().map(gpu_facts));
    found
}

fn cpu() -> (Device, DeviceFacts) {
    let facts = DeviceFacts {
        kind: "cpu".to_owned(),
        name: platform::cpu_name(),
        threads: platform::threads(),
    };
    (Device::flex(), facts)
}

fn gpu() -> Option<(Device, DeviceFacts)> {
    let device = gpus().into_iter().next()?;
    let facts = gpu_facts(&device);
    Some((device, facts))
}

/// Software adapters are left out: they are slower than the CPU backend.
fn gpus() -> Vec<Device> {
    Device::enumerate(DeviceType::Wgpu).into_vec()
}

fn gpu_facts(device: &Device) -> DeviceFacts {
    DeviceFacts {
        kind: "gpu".to_owned(),
        name: device
            .identity()
            .map_or_else(|| format!("{device:?}"), |identity| format!("{identity:?}")),
        threads: 1,
    }
}
