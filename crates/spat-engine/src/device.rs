//! Selection of the compute device.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::wgpu::wgpu;
use burn::tensor::{Device, DeviceKind, DeviceType};
use serde::{Deserialize, Serialize};
use spat_spec::DeviceFacts;
use thiserror::Error;

use crate::platform;

/// Requested kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A hardware GPU if there is one, otherwise the CPU.
    #[default]
    Auto,
    /// A GPU, through Vulkan, Metal or DX12; a software adapter if there is no other.
    Gpu,
    /// The CPU.
    Cpu,
}

/// The requested device is not available.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// No adapter.
    #[error(
        "there is no GPU that Vulkan, Metal or DX12 can reach; use the CPU, or install the graphics driver"
    )]
    NoGpu,
    /// No adapter in this browser.
    #[error("this browser offers no WebGPU adapter; choose the CPU")]
    NoAdapter,
}

/// A device, ready to compute, without autodiff.
///
/// # Errors
/// A GPU was requested and there is none.
pub fn choose(choice: DeviceChoice) -> Result<(Device, DeviceFacts), DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Gpu => gpu().or_else(software_adapter).ok_or(DeviceError::NoGpu),
        DeviceChoice::Auto if NO_CARD.load(Ordering::Relaxed) => Ok(cpu()),
        DeviceChoice::Auto => Ok(gpu().unwrap_or_else(cpu)),
    }
}

/// Whether another process has found no graphics card.
static NO_CARD: AtomicBool = AtomicBool::new(false);

/// Makes [`DeviceChoice::Auto`] select the CPU without enumerating adapters, because another process has
/// enumerated them and found no card. Enumeration loads every graphics driver, and some cannot be unloaded.
pub fn disable_adapter_enumeration() {
    NO_CARD.store(true, Ordering::Relaxed);
}

/// [`start`] for front ends of every kind. In a browser nothing may block, and this must be called before
/// any tensor is created on the GPU.
///
/// # Errors
/// A GPU was requested and there is none.
pub async fn start(choice: DeviceChoice) -> Result<(Device, DeviceFacts), DeviceError> {
    if platform::MAY_BLOCK {
        return choose(choice);
    }
    if choice == DeviceChoice::Cpu {
        return Ok(cpu());
    }
    match (started().await, choice) {
        (Some(gpu), DeviceChoice::Auto) if gpu.software => Ok(cpu()),
        (Some(gpu), _) => Ok((gpu.device, gpu.facts)),
        (None, DeviceChoice::Auto) => Ok(cpu()),
        (None, _) => Err(DeviceError::NoAdapter),
    }
}

/// A started GPU.
#[derive(Clone)]
struct Started {
    device: Device,
    facts: DeviceFacts,
    software: bool,
}

thread_local! {
    /// A runtime can be started once; it belongs to the thread that started it.
    static STARTED: RefCell<Option<Started>> = const { RefCell::new(None) };
}

/// The thread's GPU, started on first use.
async fn started() -> Option<Started> {
    if let Some(gpu) = STARTED.with_borrow(Clone::clone) {
        return Some(gpu);
    }
    let (device, setup) = Device::wgpu_options().init_with_setup_async().await.ok()?;
    let info = setup.adapter.get_info();
    let gpu = Started {
        device,
        facts: DeviceFacts {
            kind: "gpu".to_owned(),
            name: described(&info),
            threads: 1,
        },
        software: is_software(&info),
    };
    STARTED.set(Some(gpu.clone()));
    Some(gpu)
}

/// Browsers report a vendor and an architecture, and often no name.
fn described(info: &wgpu::AdapterInfo) -> String {
    let software = if is_software(info) {
        ", a software adapter"
    } else {
        ""
    };
    let words = [
        info.name.as_str(),
        info.driver.as_str(),
        info.driver_info.as_str(),
    ];
    let name = words.iter().find(|word| !word.is_empty());
    format!("{}{software}", name.unwrap_or(&"WebGPU adapter"))
}

fn is_software(info: &wgpu::AdapterInfo) -> bool {
    info.device_type == wgpu::DeviceType::Cpu
        || info.name.to_ascii_lowercase().contains("swiftshader")
}

/// Facts about the CPU.
pub fn cpu_facts() -> DeviceFacts {
    cpu().1
}

/// A graphics adapter, as its driver describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adapter {
    /// Name of the card or of the software rasterizer.
    pub name: String,
    /// Vulkan, Metal or DX12.
    pub api: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it is a software adapter.
    pub software: bool,
    /// Size of the largest buffer, in bytes.
    pub largest_buffer: u64,
    /// Size of the largest buffer binding, in bytes.
    pub largest_binding: u64,
    /// Maximum number of threads per workgroup.
    pub workgroup_threads: u32,
}

/// Every adapter that Vulkan, Metal or DX12 can reach.
pub async fn describe_adapters() -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    let described = adapters.iter().map(|adapter| {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        Adapter {
            name: info.name,
            api: format!("{:?}", info.backend),
            driver: format!("{} {}", info.driver, info.driver_info)
                .trim()
                .to_owned(),
            software: info.device_type == wgpu::DeviceType::Cpu,
            largest_buffer: limits.max_buffer_size,
            largest_binding: limits.max_storage_buffer_binding_size,
            workgroup_threads: limits.max_compute_invocations_per_workgroup,
        }
    });
    described.collect()
}

fn cpu() -> (Device, DeviceFacts) {
    let facts = DeviceFacts {
        kind: "cpu".to_owned(),
        name: platform::cpu_name(),
        threads: platform::threads(),
    };
    (Device::flex(), facts)
}

/// The first hardware adapter.
fn gpu() -> Option<(Device, DeviceFacts)> {
    adapters().into_iter().find(is_card).map(with_facts)
}

/// Falls back to a software adapter, so that the GPU path can be tried without a card.
fn software_adapter() -> Option<(Device, DeviceFacts)> {
    adapters()
        .into_iter()
        .find(|device| !is_card(device))
        .map(with_facts)
}

fn adapters() -> Vec<Device> {
    Device::enumerate(DeviceType::Wgpu).into_vec()
}

/// Whether an adapter is hardware; a software rasterizer (llvmpipe, WARP) has the kind `Cpu` and is far
/// slower than the CPU backend.
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
