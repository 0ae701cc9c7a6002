//! Processes that a test has started.

use std::fs;
use std::process::{Child, Command};

/// A process that is killed at the end of the test.
pub(crate) struct Daemon(pub(crate) Child);

impl Daemon {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a program is in a folder of PATH or in one for system programs.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(std::path::PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .any(|folder| folder.join(program).is_file())
}

/// The processes with all of these settings in their environment.
pub(crate) fn with_environment(settings: &[String]) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let process: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let has = |setting: &String| {
                environment
                    .split(|&byte| byte == 0)
                    .any(|entry| entry == setting.as_bytes())
            };
            settings.iter().all(has).then_some(process)
        })
        .collect()
}

/// The parent of a process, and the parent's name.
pub(crate) fn parent(process: u32) -> Option<(u32, String)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may contain anything.
    let parent: u32 = stat
        .rsplit(')')
        .next()?
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()?;
    let name = fs::read_to_string(format!("/proc/{parent}/comm")).ok()?;
    Some((parent, name.trim().to_owned()))
}

pub(crate) fn kill(process: u32) {
    Command::new("kill")
        .args(["-9", &process.to_string()])
        .status()
        .ok();
}
