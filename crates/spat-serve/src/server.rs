//! A server, bound and ready.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::connection;
use crate::error::ServeError;
use crate::gate::{Gate, Secret, Token};
use crate::guard::{Buckets, Hosts};
use crate::hall::OpenHall;
use crate::router::router;
use crate::settings::{Limits, PORT, Settings};
use crate::site::Site;

/// How long pages are told that the server ends.
const GOODBYES: Duration = Duration::from_millis(200);

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: Option<Token>,
    site: Arc<Site>,
    hall: Option<OpenHall>,
    limits: Limits,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// Nobody can listen there; the message says what to do.
    pub async fn bind(mut settings: Settings) -> Result<Self, ServeError> {
        if settings.host.is_some() && settings.secret.is_none() {
            settings.secret = Some(Secret::random()?);
        }
        let listener = listen(settings.bind, settings.port).await?;
        let address = listener.local_addr().map_err(|reason| ServeError::Listen {
            address: SocketAddr::new(settings.bind, settings.port.unwrap_or(PORT)),
            reason,
        })?;
        let limits = settings.limits;
        let token = settings
            .secret
            .as_ref()
            .map(|secret| secret.token().clone());
        let (page, hall) = match &settings.host {
            Some(host) => {
                let page = settings.page.of_host(&host.name);
                (page, Some(OpenHall::start(host)?))
            }
            None => (settings.page, None),
        };
        let site = Arc::new(Site {
            page,
            hall: hall.as_ref().map(|open| Arc::clone(&open.hall)),
            gate: settings
                .secret
                .map(|secret| Gate::new(secret, address.port())),
            ping: limits.ping,
            hosts: Hosts::new(settings.bind, &settings.names),
            requests: Buckets::new(limits.requests),
            attempts: Buckets::new(limits.attempts),
        });
        Ok(Self {
            listener,
            address,
            token,
            site,
            hall,
            limits,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link for a browser on this machine; with the token, where one is needed.
    pub fn link(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        self.link_by(ip)
    }

    /// The link for others in the network; `None` where they cannot reach the server, or this
    /// machine does not know its own address.
    pub fn network_link(&self) -> Option<String> {
        match self.address.ip() {
            ip if ip.is_loopback() => None,
            ip if ip.is_unspecified() => network_address(ip).map(|ip| self.link_by(ip)),
            ip => Some(self.link_by(ip)),
        }
    }

    fn link_by(&self, ip: IpAddr) -> String {
        let address = SocketAddr::new(ip, self.address.port());
        match &self.token {
            Some(token) => format!("http://{address}/join#{token}"),
            None => format!("http://{address}/"),
        }
    }

    /// Answers until `stop`, then ends in good order.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let site = Arc::clone(&self.site);
        // Until it is done, files are sent as they are.
        thread::spawn(move || site.page.compress());
        connection::serve(self.listener, router(self.site), self.limits, stop).await;
        if let Some(hall) = self.hall {
            // The run that is going is kept at its checkpoint first.
            tokio::task::spawn_blocking(move || hall.close()).await.ok();
            // The pages hear of it; who is slow learns it from the closed connection.
            sleep(GOODBYES).await;
        }
    }
}

async fn listen(bind: IpAddr, port: Option<u16>) -> Result<TcpListener, ServeError> {
    let address = SocketAddr::new(bind, port.unwrap_or(PORT));
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if port.is_none() && error.kind() == io::ErrorKind::AddrInUse => {
            let any = SocketAddr::new(bind, 0);
            let listener = TcpListener::bind(any).await;
            listener.map_err(|reason| ServeError::listening(any, reason))
        }
        Err(reason) => Err(ServeError::listening(address, reason)),
    }
}

/// The address that the system would send from. No packet leaves: a datagram socket's peer is only
/// noted, and this one is of a network kept for documents (RFC 5737, RFC 3849).
fn network_address(unspecified: IpAddr) -> Option<IpAddr> {
    let peer: IpAddr = match unspecified {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let socket = UdpSocket::bind((unspecified, 0)).ok()?;
    socket.connect((peer, 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_unspecified()).then_some(own)
}
