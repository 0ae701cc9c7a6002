//! Settings of a server.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use governor::Quota;
use nonzero_ext::nonzero;

use crate::auth::Secret;
use crate::page::Page;
use crate::shared_engine::Host;

/// Settings of a server.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port; `None` takes [`PORT`], or a free one if another program uses it.
    pub port: Option<u16>,
    /// Host names that it answers to, beside its addresses.
    pub names: Vec<String>,
    /// A reverse proxy. Requests from this address name their clients in `X-Forwarded-For` and
    /// `X-Forwarded-Proto`.
    pub proxy: Option<IpAddr>,
    /// File to which all requests are logged.
    pub access_log: Option<PathBuf>,
    /// The page that it serves.
    pub page: Page,
    /// Secret of the join link; `None` gives access to everyone.
    pub secret: Option<Secret>,
    /// The engine that visitors share; `None` lets each compute in a browser. It needs a secret,
    /// because session cookies identify the visitors.
    pub host: Option<Host>,
    /// Limits for clients.
    pub limits: Limits,
}

/// The default port. It should not vary between starts: browsers store a page's history by its
/// address.
pub const PORT: u16 = 7728;

impl Settings {
    /// A server for this machine alone.
    pub fn local(page: Page) -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: None,
            names: Vec::new(),
            proxy: None,
            access_log: None,
            page,
            secret: None,
            host: None,
            limits: Limits::default(),
        }
    }
}

/// Limits for clients, which keep the server available for the others.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections of all clients.
    pub connections: usize,
    /// Connections of one client.
    pub connections_per_client: usize,
    /// How long the head of a request may take to arrive, and a connection may idle between requests.
    pub header_timeout: Duration,
    /// How long a read or write of a connection may make no progress.
    pub idle_timeout: Duration,
    /// Interval of WebSocket pings; shorter than the idle timeout.
    pub ping: Duration,
    /// Requests of one client.
    pub requests: Quota,
    /// Join attempts of one client.
    pub attempts: Quota,
}

impl Default for Limits {
    /// For a class of a hundred, who may all share one address.
    fn default() -> Self {
        Self {
            connections: 800,
            connections_per_client: 400,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            ping: Duration::from_secs(20),
            requests: Quota::per_second(nonzero!(200u32)).allow_burst(nonzero!(2000u32)),
            attempts: Quota::per_second(nonzero!(2u32)).allow_burst(nonzero!(120u32)),
        }
    }
}
