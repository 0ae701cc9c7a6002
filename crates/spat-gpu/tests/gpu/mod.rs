//! The GPU device of the tests.

use burn::tensor::{Device, DeviceKind, DeviceType};

/// A software adapter, so that results are the same on every machine; otherwise the first adapter.
///
/// # Panics
/// Without an adapter: `cargo xtask setup` installs a software one where it can.
pub(crate) fn device() -> Device {
    let software = Device::wgpu(DeviceKind::Cpu);
    let adapters = Device::enumerate(DeviceType::Wgpu).into_vec();
    match adapters.iter().find(|&adapter| *adapter == software) {
        Some(adapter) => adapter.clone(),
        None => adapters
            .into_iter()
            .next()
            .expect("no GPU and no software adapter; `cargo xtask setup` installs one"),
    }
}
