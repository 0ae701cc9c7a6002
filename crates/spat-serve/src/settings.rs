//! What a server is asked to be.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::gate::Secret;
use crate::guard::Rate;
use crate::hall::Host;
use crate::page::Page;

/// A server to be.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port; `None` takes [`PORT`], or a free one where that is taken.
    pub port: Option<u16>,
    /// Names that it answers to beside its addresses.
    pub names: Vec<String>,
    /// What it serves.
    pub page: Page,
    /// Who may come in: `None` lets everybody in who reaches it.
    pub secret: Option<Secret>,
    /// The engine that visitors share; `None` lets each compute in a browser of their own. It needs
    /// a secret: visitors are told apart by their passes.
    pub host: Option<Host>,
    /// What it bears.
    pub limits: Limits,
}

/// The port that is tried first: SPAT on a telephone's keys. A browser keeps a page's history by
/// its address, so the address should be the same every time.
pub const PORT: u16 = 7728;

impl Settings {
    /// For this machine alone.
    pub fn local(page: Page) -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: None,
            names: Vec::new(),
            page,
            secret: None,
            host: None,
            limits: Limits::default(),
        }
    }
}

/// What clients may take, so that none takes it from the others.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections from one address.
    pub connections_of_one: usize,
    /// How long the head of a request may take to arrive, and a connection may rest between two.
    pub head: Duration,
    /// How long a connection may make no progress, in either direction.
    pub patience: Duration,
    /// How often a page with nothing to say is asked whether it is there; shorter than the patience.
    pub ping: Duration,
    /// Requests from one address.
    pub requests: Rate,
    /// Tokens tried from one address.
    pub attempts: Rate,
}

impl Default for Limits {
    /// For a class of a hundred, also where all of it comes through one address.
    fn default() -> Self {
        Self {
            connections: 800,
            connections_of_one: 400,
            head: Duration::from_secs(10),
            patience: Duration::from_secs(60),
            ping: Duration::from_secs(20),
            requests: Rate {
                burst: 2000.0,
                per_second: 200.0,
            },
            attempts: Rate {
                burst: 120.0,
                per_second: 2.0,
            },
        }
    }
}
