//! Which device computes.

use burn::tensor::{Device, DeviceKind, DeviceType};
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
    /// A GPU, through Vulkan, Metal or DX12; a software adapter where there is no other.
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
        DeviceChoice::Gpu => gpu().or_else(software_adapter).ok_or(DeviceError::NoGpu),
        DeviceChoice::Auto => Ok(gpu().unwrap_or_else(cpu)),
    }
}

/// Every device that could be chosen.
pub fn list() -> Vec<DeviceFacts> {
    let mut found = vec![cpu().1];
    found.extend(adapters().iter().map(adapter_facts));
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

/// The first card.
fn gpu() -> Option<(Device, DeviceFacts)> {
    adapters().into_iter().find(is_card).map(with_facts)
}

/// For those who ask for a GPU where there is no card, to try that path.
fn software_adapter() -> Option<(Device, DeviceFacts)> {
    adapters()
        .into_iter()
        .find(|device| !is_card(device))
        .map(with_facts)
}

fn adapters() -> Vec<Device> {
    Device::enumerate(DeviceType::Wgpu).into_vec()
}

/// Whether there is a card behind an adapter; a software rasterizer (llvmpipe, WARP) is of the kind
/// `Cpu`, and far slower than the CPU backend.
fn is_card(device: &Device) -> bool {
    *device != Device::wgpu(DeviceKind::Cpu)
}

fn with_facts(device: Device) -> (Device, DeviceFacts) {
    let facts = adapter_facts(&device);
    (device, facts)
}

fn adapter_facts(device: &Device) -> DeviceFacts {
    let name = device
        .identity()
        .map_or_else(|| format!("{device:?}"), |identity| identity.name);
    let software = if is_card(device) {
        ""
    } else {
        ", a software adapter"
    };
    DeviceFacts {
        kind: "gpu".to_owned(),
        name: format!("{name}{software}"),
        threads: 1,
    }
}
