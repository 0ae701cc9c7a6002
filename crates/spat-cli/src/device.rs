//! Threads and device, chosen before the first tensor.

use anyhow::Context as _;
use spat_engine::Device;
use spat_engine::device::{self, DeviceChoice, DeviceError};
use spat_spec::DeviceFacts;

use crate::args::DeviceArgs;

/// Sets the size of the thread pool of the CPU backend.
pub(crate) fn set_threads(threads: Option<usize>) -> anyhow::Result<()> {
    let Some(threads) = threads else {
        return Ok(());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .with_context(|| format!("cannot start {threads} threads"))
}

/// The device, its facts, and one line about it.
pub(crate) fn choose(choice: DeviceChoice) -> Result<(Device, DeviceFacts, String), DeviceError> {
    let (device, facts) = device::choose(choice)?;
    let facts = with_threads(facts);
    let line = line(&facts, choice);
    Ok((device, facts, line))
}

/// Threads and device of a command with little computation, which does not print the device.
pub(crate) fn ready(args: &DeviceArgs) -> anyhow::Result<(Device, String)> {
    set_threads(args.threads)?;
    let (device, _, line) = choose(args.device)?;
    Ok((device, line))
}

/// The pool's actual size.
pub(crate) fn with_threads(mut facts: DeviceFacts) -> DeviceFacts {
    if facts.kind == "cpu" {
        facts.threads = rayon::current_num_threads();
    }
    facts
}

fn line(facts: &DeviceFacts, choice: DeviceChoice) -> String {
    if facts.kind != "cpu" {
        return format!("computing on GPU: {}", facts.name);
    }
    let threads = if facts.threads == 1 {
        "thread"
    } else {
        "threads"
    };
    let why = if choice == DeviceChoice::Auto {
        " (no GPU found)"
    } else {
        ""
    };
    format!(
        "computing on CPU: {}, {} {threads}{why}",
        facts.name, facts.threads
    )
}
