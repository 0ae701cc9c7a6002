//! Detects a graphics card in a separate process.
//!
//! Enumeration loads every graphics driver. A software driver contains a compiler of thirty megabytes that
//! is never unloaded, and a faulty driver can crash the process. Therefore a child process enumerates the
//! adapters and exits.

use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use spat_engine::device::{self, DeviceChoice};

/// Argument that makes the program report the result instead of opening a window.
const PROBE_ARGUMENT: &str = "--has-card";

/// Exit code for "a card".
const HAS_CARD: u8 = 0;

/// Exit code for "no card", distinct from those of errors and crashes.
const NO_CARD: u8 = 20;

/// Timeout of the child process.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The exit code, if this process was started as the child.
pub(crate) fn child_exit_code() -> Option<ExitCode> {
    let is_child = std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == PROBE_ARGUMENT);
    is_child.then(|| match device::choose(DeviceChoice::Auto) {
        Ok((_, facts)) if facts.kind == "gpu" => ExitCode::from(HAS_CARD),
        _ => ExitCode::from(NO_CARD),
    })
}

/// Detects a card and, if there is none, excludes the drivers from this process. The user can still select
/// the GPU explicitly.
pub(crate) fn run() {
    if matches!(probe(), Some(Probe::None | Probe::Broken)) {
        device::disable_adapter_enumeration();
    }
}

/// Result of the child process.
enum Probe {
    /// A card.
    GraphicsCard,
    /// No card, or software only.
    None,
    /// The drivers crashed or timed out.
    Broken,
}

/// `None` if no process could be started: then this one enumerates the adapters on demand.
fn probe() -> Option<Probe> {
    let mut child = Command::new(std::env::current_exe().ok()?)
        .arg(PROBE_ARGUMENT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let begun = Instant::now();
    loop {
        match child.try_wait().ok()? {
            Some(status) if status.code() == Some(HAS_CARD.into()) => {
                return Some(Probe::GraphicsCard);
            }
            Some(status) if status.code() == Some(NO_CARD.into()) => return Some(Probe::None),
            Some(_) => return Some(Probe::Broken),
            None if begun.elapsed() > TIMEOUT => {
                // Ends the stuck child; failures are ignored.
                child.kill().ok();
                child.wait().ok();
                return Some(Probe::Broken);
            }
            None => thread::sleep(Duration::from_millis(10)),
        }
    }
}
