//! `spat info`.

use std::process::ExitCode;

use serde::Serialize;
use spat_engine::device::{self as engine, DeviceChoice};
use spat_spec::DeviceFacts;

use crate::args::InfoArgs;
use crate::{device, output};

/// What a bug report should say.
#[derive(Serialize)]
struct Info {
    version: &'static str,
    target: String,
    devices: Vec<DeviceFacts>,
    /// What `--device auto` takes.
    auto: DeviceFacts,
}

/// Shows the version and the devices.
pub(crate) fn info(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    let (_, auto, line) = device::choose(DeviceChoice::Auto)?;
    let info = Info {
        version: env!("CARGO_PKG_VERSION"),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        devices: engine::list()
            .into_iter()
            .map(device::with_threads)
            .collect(),
        auto,
    };
    if args.json {
        output::json(&info)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!("spat {} on {}\n", info.version, info.target);
    for device in &info.devices {
        let threads = match device.kind.as_str() {
            "cpu" => format!(", {} threads", device.threads),
            _ => String::new(),
        };
        text += &format!("  {}  {}{threads}\n", device.kind, device.name);
    }
    if info.devices.iter().all(|device| device.kind == "cpu") {
        text += "  no GPU that Vulkan, Metal or DX12 can reach\n";
    }
    text += &format!("--device auto: {line}\n");
    output::result(&text)?;
    Ok(ExitCode::SUCCESS)
}
