//! `spat serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

/// `spat serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C ends it. By default the page is for this computer alone; `--bind 0.0.0.0` opens it \
                  to the network, and only those come in who have the join link that is printed."
)]
pub(crate) struct ServeArgs {
    /// Port to listen on [default: 7728, or a free one where that is taken]
    #[arg(long, value_name = "N", help_heading = "Address")]
    pub(crate) port: Option<u16>,

    /// Address to listen on; 0.0.0.0 is every one that this computer has
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1",
        help_heading = "Address"
    )]
    pub(crate) bind: IpAddr,

    /// A name that the server answers to beside its addresses, for example lab.local; repeatable
    #[arg(long = "name", value_name = "HOST", help_heading = "Address")]
    pub(crate) names: Vec<String>,

    /// Open no browser
    #[arg(long, help_heading = "Address")]
    pub(crate) no_open: bool,

    /// Serve the page in this folder, as `cargo xtask dist` leaves it, and not the built-in one
    #[arg(long, value_name = "DIR", help_heading = "Page")]
    pub(crate) page: Option<PathBuf>,
}
