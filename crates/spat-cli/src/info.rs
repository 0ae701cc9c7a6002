//! `spat info`.

use std::process::ExitCode;

use serde::Serialize;
use spat_engine::device::{self as engine, Adapter, DeviceChoice};
use spat_spec::DeviceFacts;

use crate::args::InfoArgs;
use crate::{device, output};

/// What a bug report should contain.
#[derive(Serialize)]
struct Info {
    version: &'static str,
    target: String,
    cpu: DeviceFacts,
    adapters: Vec<AdapterUse>,
    /// The device of `--device auto`.
    auto: DeviceFacts,
}

/// An adapter, and when it is used.
#[derive(Serialize)]
struct AdapterUse {
    #[serde(flatten)]
    adapter: Adapter,
    used_for: &'static str,
}

/// The first card is used; a software adapter only if requested and there is no card.
fn with_uses(adapters: Vec<Adapter>) -> Vec<AdapterUse> {
    let first_card = adapters.iter().position(|adapter| !adapter.software);
    let first = first_card.unwrap_or(0);
    let uses = adapters.into_iter().enumerate().map(|(place, adapter)| {
        let used_for = match (place == first, first_card.is_some()) {
            (true, true) => "--device auto and --device gpu",
            (true, false) => "--device gpu only: software, slower than the CPU itself",
            (false, _) => "not used",
        };
        AdapterUse { adapter, used_for }
    });
    uses.collect()
}

/// Shows the version and the devices.
pub(crate) fn info(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    let (_, auto, line) = device::choose(DeviceChoice::Auto)?;
    let info = Info {
        version: env!("CARGO_PKG_VERSION"),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        cpu: device::with_threads(engine::cpu_facts()),
        adapters: with_uses(pollster::block_on(engine::describe_adapters())),
        auto,
    };
    if args.json {
        output::json(&info)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!("spat {} on {}\n", info.version, info.target);
    text += &format!("  cpu  {}, {} threads\n", info.cpu.name, info.cpu.threads);
    for AdapterUse { adapter, used_for } in &info.adapters {
        text += &format!(
            "  gpu  {}, {}\n       driver {}\n       buffers to {} MB, bindings to {} MB, workgroups \
             of {} threads\n       used for: {used_for}\n",
            adapter.name,
            adapter.api,
            adapter.driver,
            adapter.largest_buffer >> 20,
            adapter.largest_binding >> 20,
            adapter.workgroup_threads,
        );
    }
    if info.adapters.is_empty() {
        text += "  no GPU that Vulkan, Metal or DX12 can reach\n";
    }
    text += &format!("--device auto: {line}\n");
    output::result(&text)?;
    Ok(ExitCode::SUCCESS)
}
