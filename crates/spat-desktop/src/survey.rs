//! Whether this machine has a graphics card to compute on, found out by a process of its own.
//!
//! Asking loads every graphics driver there is. A software driver brings a compiler of thirty
//! megabytes that never leaves a process again, and a broken one takes the process with it: so
//! another process asks, and is gone when the answer is there.

use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use spat_engine::device::{self, DeviceChoice};

/// The argument by which the program is asked and opens no window.
const ASKED: &str = "--has-card";

/// Exit code of the answer "yes".
const YES: u8 = 0;

/// Exit code of the answer "no"; neither an error's nor a crash's.
const NO: u8 = 20;

/// Drivers that take longer are stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// The answer, if this process was started to give it.
pub(crate) fn asked() -> Option<ExitCode> {
    let asked = std::env::args_os().nth(1).is_some_and(|word| word == ASKED);
    asked.then(|| match device::choose(DeviceChoice::Auto) {
        Ok((_, facts)) if facts.kind == "gpu" => ExitCode::from(YES),
        _ => ExitCode::from(NO),
    })
}

/// Asks, and keeps the drivers out of this process where nothing is gained by them. A person can still
/// choose the GPU by name.
pub(crate) fn ask() {
    if matches!(answer(), Some(Answer::None | Answer::Broken)) {
        device::leave_drivers_alone();
    }
}

/// What the other process found.
enum Answer {
    /// A card.
    GraphicsCard,
    /// No card, or software only.
    None,
    /// Drivers that break down or never answer.
    Broken,
}

/// `None` if no process could be started: then this one asks the drivers itself when it must.
fn answer() -> Option<Answer> {
    let mut other = Command::new(std::env::current_exe().ok()?)
        .arg(ASKED)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let begun = Instant::now();
    loop {
        match other.try_wait().ok()? {
            Some(status) if status.code() == Some(YES.into()) => return Some(Answer::GraphicsCard),
            Some(status) if status.code() == Some(NO.into()) => return Some(Answer::None),
            Some(_) => return Some(Answer::Broken),
            None if begun.elapsed() > PATIENCE => {
                // One that cannot be ended any more holds nobody up.
                other.kill().ok();
                other.wait().ok();
                return Some(Answer::Broken);
            }
            None => thread::sleep(Duration::from_millis(10)),
        }
    }
}
