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

/// The first real GPU.
/// The first card.
fn gpu() -> Option<(Device, DeviceFacts)> {
    adapters()
        .into_iter()
        .find(|(_, _, is_card)| *is_card)
        .map(|(device, facts, _)| (device, facts))
}

/// The first card, or else a software adapter: slower than the CPU backend, but good for tests.
fn any_adapter() -> Option<(Device, DeviceFacts)> {
    let software = || adapters().into_iter().next();
    gpu().or_else(|| software().map(|(device, facts, _)| (device, facts)))
}

/// Every adapter, its facts, and whether there is a card behind it.
fn adapters() -> Vec<(Device, DeviceFacts, bool)> {
    Device::enumerate(DeviceType::Wgpu)
        .into_vec()
        .into_iter()
        .map(|device| {
            let identity = device.identity();
            let is_card = identity
                .as_ref()
                .is_some_and(|identity| identity.physical.is_some());
            let name = identity.map_or_else(|| format!("{device:?}"), |identity| identity.name);
            let facts = DeviceFacts {
                kind: "gpu".to_owned(),
                name,
                threads: 1,
            };
            (device, facts, is_card)
        })
        .collect()
}
