//! `spat serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::DeviceArgs;
use super::values::{count, one_of};

/// Where the engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineOf {
    /// Each visitor's browser.
    Browser,
    /// This computer.
    Host,
}

const ENGINES: &[(&str, EngineOf)] = &[("browser", EngineOf::Browser), ("host", EngineOf::Host)];

/// `spat serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C stops the server. By default it accepts this computer only; `--bind 0.0.0.0` opens it to \
                  the network, for visitors with the printed join link."
)]
pub(crate) struct ServeArgs {
    /// Port to listen on [default: 7728, or a free one if that is in use]
    #[arg(long, value_name = "N", help_heading = "Address")]
    pub(crate) port: Option<u16>,

    /// Address to listen on; 0.0.0.0 is all addresses of this computer
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1",
        help_heading = "Address"
    )]
    pub(crate) bind: IpAddr,

    /// Host name of the server, in addition to its addresses, such as lab.local; repeatable
    #[arg(long = "name", value_name = "HOST", help_heading = "Address")]
    pub(crate) names: Vec<String>,

    /// Address of a reverse proxy; only its requests may contain the visitor's address and scheme in
    /// X-Forwarded-For and X-Forwarded-Proto
    #[arg(long, value_name = "ADDRESS", help_heading = "Address")]
    pub(crate) behind_proxy: Option<IpAddr>,

    /// Do not open a browser
    #[arg(long, help_heading = "Address")]
    pub(crate) no_open: bool,

    /// Log requests to this file: time, address, path, status; no tokens, cookies or queries
    #[arg(long, value_name = "FILE", help_heading = "Address")]
    pub(crate) access_log: Option<PathBuf>,

    /// Serve the web app in this folder, an output of `cargo xtask dist`, and not the built-in one
    #[arg(long, value_name = "DIR", help_heading = "Page")]
    pub(crate) page: Option<PathBuf>,

    /// Where to compute: browser, in each visitor's browser; host, on this computer for all visitors in turn
    #[arg(long, value_name = "WHOSE", default_value = "browser", value_parser = one_of(ENGINES), help_heading = "Engine")]
    pub(crate) engine: EngineOf,

    #[command(flatten)]
    pub(crate) host: HostArgs,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// Limits on visitors' use of this computer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine of the host")]
pub(crate) struct HostArgs {
    /// Folder for visitors' runs, which can be resumed after a restart
    #[arg(long, value_name = "DIR", default_value = "served")]
    pub(crate) folder: PathBuf,

    /// Name of this computer for visitors [default: its host name]
    #[arg(long, value_name = "NAME")]
    pub(crate) called: Option<String>,

    /// Largest number of concurrent visitors
    #[arg(long, value_name = "N", default_value = "64", value_parser = count)]
    pub(crate) visitors: usize,

    /// Largest table in megabytes
    #[arg(long, value_name = "MB", default_value = "64", value_parser = count)]
    pub(crate) table_mb: usize,

    /// Gigabytes of visitors' runs and tables above which no new ones are accepted
    #[arg(long, value_name = "GB", default_value = "20", value_parser = count)]
    pub(crate) space_gb: usize,

    /// Remove runs that were not used for this many days [default: keep them]
    #[arg(long, value_name = "DAYS", value_parser = count)]
    pub(crate) keep: Option<usize>,

    /// Seconds of one visitor's turn while others wait
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = count)]
    pub(crate) turn: usize,

    /// Largest computing time of one training, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "30", value_parser = count)]
    pub(crate) minutes: usize,

    /// Megabytes of memory of the process that computes, on Linux; if it needs more, it ends and is started again
    #[arg(long, value_name = "MB", default_value = "8192", value_parser = count)]
    pub(crate) engine_memory: usize,

    /// Seconds that the process may compute one batch; after that it is ended and started again
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = count)]
    pub(crate) engine_timeout: usize,
}

/// `spat engine`.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// Threads of the CPU [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) threads: Option<usize>,

    /// Megabytes of memory, on Linux [default: no limit]
    #[arg(long, value_name = "MB", value_parser = count)]
    pub(crate) memory: Option<usize>,
}
