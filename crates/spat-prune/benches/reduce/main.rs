//! Times the reduction of sensitivities to SEND: compared with the same formula composed of Burn's tensor
//! operations ([`composed`]), or, with `--requests` as the first argument, on request ([`requests`]): the
//! counterpart of `reduce.py`, driven by `cargo xtask bench --reduce` over the same JSON lines.
//!
//! ```text
//! cargo bench --workspace --exclude spat-series --bench reduce -- [B H L [rounds]]
//! ```
#![allow(clippy::print_stdout, clippy::expect_used, missing_docs)]

mod composed;
mod requests;

use burn::tensor::{Device, DeviceKind, DeviceType};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("--requests") {
        requests::serve();
    } else {
        composed::run();
    }
}

/// The first card or the software adapter, whether it is a card, and its name.
fn gpu() -> (Device, bool, String) {
    let software = Device::wgpu(DeviceKind::Cpu);
    let adapters = Device::enumerate(DeviceType::Wgpu).into_vec();
    let card = adapters.into_iter().find(|adapter| *adapter != software);
    let is_card = card.is_some();
    let note = match is_card {
        true => "",
        false => ", a software adapter on the CPU: these are not GPU figures",
    };
    let device = card.unwrap_or(software);
    let name = device
        .identity()
        .map_or_else(|| "unknown".to_owned(), |identity| identity.name);
    (device, is_card, format!("{name}{note}"))
}
