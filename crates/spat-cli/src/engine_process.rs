//! `spat engine`, the process that computes for `spat serve --engine host`, and the command that starts it.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use spat_serve::EngineCommand;

use crate::args::{EngineArgs, ServeArgs};
use crate::device;

/// Computes until standard input ends.
pub(crate) fn engine(args: &EngineArgs) -> anyhow::Result<ExitCode> {
    set_limits(args.memory)?;
    device::set_threads(args.threads)?;
    spat_serve::run_engine_process().context("the server's requests cannot be read")?;
    Ok(ExitCode::SUCCESS)
}

/// The command of a server that starts this program again as its engine.
pub(crate) fn command(args: &ServeArgs) -> anyhow::Result<EngineCommand> {
    let memory = args.host.engine_memory.to_string();
    let mut arguments: Vec<OsString> = vec!["engine".into(), "--memory".into(), memory.into()];
    if let Some(threads) = args.device.threads {
        arguments.extend(["--threads".into(), threads.to_string().into()]);
    }
    // On Linux this is the running program even after its file was replaced by another version.
    let running = Path::new("/proc/self/exe");
    let program = if running.exists() {
        running.to_owned()
    } else {
        env::current_exe().context("cannot find this program's own file")?
    };
    Ok(EngineCommand {
        program,
        arguments,
        // The allocator would take a whole gigabyte at the start, which would count as used.
        variables: vec![("MIMALLOC_ARENA_EAGER_COMMIT", "0")],
        timeout: Duration::from_secs(u64::try_from(args.host.engine_timeout)?),
    })
}

/// Limits the memory of this process, and lets it leave no copy of its memory when it aborts: that would have
/// visitors' tables in it.
#[cfg(target_os = "linux")]
fn set_limits(megabytes: Option<usize>) -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    setrlimit(Resource::RLIMIT_CORE, 0, 0).context("cannot disable core dumps")?;
    if let Some(megabytes) = megabytes {
        // Private memory that can be written. The address space would count what drivers and the allocator
        // reserve without using it.
        let limited = Resource::RLIMIT_DATA;
        let (_, most) = getrlimit(limited).context("cannot read the limit of memory")?;
        let bytes = u64::try_from(megabytes)?.saturating_mul(1 << 20).min(most);
        setrlimit(limited, bytes, bytes).context("cannot limit the memory")?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn set_limits(_megabytes: Option<usize>) -> anyhow::Result<()> {
    Ok(())
}
