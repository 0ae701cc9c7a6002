//! What can keep a server from starting.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// The server cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program listens there.
    #[error(
        "port {port} is taken by another program; name another with --port, or leave --port out and a \
         free one is found",
        port = .0.port()
    )]
    PortTaken(SocketAddr),
    /// No network card has it.
    #[error(
        "this machine has no address {ip}; use one of its own, or 0.0.0.0 for all of them",
        ip = .0.ip()
    )]
    NoSuchAddress(SocketAddr),
    /// Low ports are the administrator's.
    #[error("port {port} needs an administrator's rights; use one above 1023", port = .0.port())]
    NotAllowed(SocketAddr),
    /// Anything else of the network.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's words.
        reason: io::Error,
    },
    /// The page was not there when this program was built.
    #[error(
        "this program was built without the page; build it with `cargo xtask dist` and then this program \
         again, or name a built page's folder with --page DIR"
    )]
    NoPage,
    /// A folder that holds no page.
    #[error(
        "`{}` holds no page (no index.html); `cargo xtask dist` leaves one in `dist`", .0.display()
    )]
    NotAPage(PathBuf),
    /// Another server's visitors have their runs there.
    #[error(
        "another server keeps its visitors' runs in `{}`; end that one, or name another folder with --folder",
        .0.display()
    )]
    FolderTaken(PathBuf),
    /// A file or folder that cannot be used.
    #[error("cannot {what} `{}`: {reason}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's words.
        reason: io::Error,
    },
    /// Without randomness no token is safe.
    #[error("the system gives no random numbers, so no visitor could be told from another: {0}")]
    NoRandomness(String),
}

impl ServeError {
    /// The same in words that name the way out.
    pub(crate) fn listening(address: SocketAddr, reason: io::Error) -> Self {
        match reason.kind() {
            io::ErrorKind::AddrInUse => Self::PortTaken(address),
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress(address),
            io::ErrorKind::PermissionDenied => Self::NotAllowed(address),
            _ => Self::Listen { address, reason },
        }
    }
}
