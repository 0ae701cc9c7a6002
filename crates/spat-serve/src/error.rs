//! Errors of starting a server.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// The server cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program uses the port.
    #[error(
        "port {port} is taken by another program; name another with --port, or leave --port out to use \
         a free one",
        port = .0.port()
    )]
    PortTaken(SocketAddr),
    /// No network interface has the address.
    #[error(
        "this machine has no address {ip}; use one of its own, or 0.0.0.0 for all of them",
        ip = .0.ip()
    )]
    NoSuchAddress(SocketAddr),
    /// The port is reserved for administrators.
    #[error("port {port} needs an administrator's rights; use one above 1023", port = .0.port())]
    NotAllowed(SocketAddr),
    /// Any other network error.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        reason: io::Error,
    },
    /// This program was built without the page.
    #[error(
        "this program was built without the page; build it with `cargo xtask dist` and then this program \
         again, or name a built page's folder with --page DIR"
    )]
    NoPage,
    /// The folder holds no page.
    #[error(
        "`{}` holds no page (no index.html); `cargo xtask dist` leaves one in `dist`", .0.display()
    )]
    NotAPage(PathBuf),
    /// Another server uses the folder.
    #[error(
        "another server stores its visitors' runs in `{}`; stop it, or name another folder with --folder",
        .0.display()
    )]
    FolderTaken(PathBuf),
    /// The engine process cannot be started.
    #[error("the engine process {0}")]
    Engine(String),
    /// A file or folder cannot be used.
    #[error("cannot {what} `{}`: {reason}", path.display())]
    File {
        /// The attempted operation.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The system provides no random numbers for tokens and visitor names.
    #[error("the system provides no random numbers for tokens: {0}")]
    NoRandomness(String),
}

impl ServeError {
    /// The error of listening on `address`.
    pub(crate) fn listening(address: SocketAddr, reason: io::Error) -> Self {
        match reason.kind() {
            io::ErrorKind::AddrInUse => Self::PortTaken(address),
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress(address),
            io::ErrorKind::PermissionDenied => Self::NotAllowed(address),
            _ => Self::Listen { address, reason },
        }
    }
}
