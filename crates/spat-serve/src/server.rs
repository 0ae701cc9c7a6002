//! A server: bind, run, stop.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{interval, sleep};

use crate::access_log::AccessLog;
use crate::auth::{Auth, Secret, Token};
use crate::connection;
use crate::error::ServeError;
use crate::hosts::AllowedHosts;
use crate::rate_limit::ClientRateLimiter;
use crate::router::router;
use crate::settings::{Limits, PORT, Settings};
use crate::shared_engine::EngineHandle;
use crate::state::AppState;

/// Interval at which old runs are removed.
const RETENTION_INTERVAL: Duration = Duration::from_secs(3600);

/// Time for the WebSockets to send their last messages on shutdown.
const SHUTDOWN_NOTICE: Duration = Duration::from_millis(200);

/// A server that listens on its port and does not serve yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    token: Option<Token>,
    state: Arc<AppState>,
    engine: Option<EngineHandle>,
    limits: Limits,
}

impl Server {
    /// Opens the port and starts the host's engine, if there is one.
    ///
    /// # Errors
    /// The port or the host's folder cannot be used.
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
        let access_log = settings.access_log.as_deref();
        let access_log = access_log
            .map(|path| AccessLog::open(path, token.clone()))
            .transpose()?;
        let (page, engine) = match &settings.host {
            Some(host) => {
                let page = settings.page.for_host(&host.name);
                (page, Some(EngineHandle::start(host)?))
            }
            None => (settings.page, None),
        };
        let state = Arc::new(AppState {
            page,
            engine: engine.as_ref().map(|handle| Arc::clone(&handle.engine)),
            auth: settings
                .secret
                .map(|secret| Auth::new(secret, address.port())),
            ping: limits.ping,
            hosts: AllowedHosts::new(settings.bind, &settings.names),
            proxy: settings.proxy,
            access_log,
            requests: ClientRateLimiter::new(limits.requests),
            attempts: ClientRateLimiter::new(limits.attempts),
        });
        Ok(Self {
            listener,
            address,
            token,
            state,
            engine,
            limits,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link for a browser on this machine, with the token if access needs one.
    pub fn link(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        self.link_by(ip)
    }

    /// The link for other machines in the network; `None` if they cannot reach the server, or the
    /// address of this machine is unknown.
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

    /// Serves until `stop` completes, then shuts down.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let state = Arc::clone(&self.state);
        // Files are sent uncompressed until this is done.
        thread::spawn(move || state.page.compress());
        let retention = self.state.engine.clone().map(|engine| {
            tokio::spawn(async move {
                let mut times = interval(RETENTION_INTERVAL);
                loop {
                    times.tick().await;
                    let engine = Arc::clone(&engine);
                    tokio::task::spawn_blocking(move || engine.remove_expired())
                        .await
                        .ok();
                }
            })
        });
        let proxy = self.state.proxy;
        let router = router(self.state);
        connection::serve(self.listener, router, self.limits, proxy, stop).await;
        if let Some(retention) = retention {
            retention.abort();
        }
        if let Some(engine) = self.engine {
            // Saves the checkpoint of the running job.
            tokio::task::spawn_blocking(move || engine.close())
                .await
                .ok();
            sleep(SHUTDOWN_NOTICE).await;
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

/// The address that the system would send from. Connecting a datagram socket sends no packet; the peer
/// is in a network reserved for documentation (RFC 5737, RFC 3849).
fn network_address(unspecified: IpAddr) -> Option<IpAddr> {
    let peer: IpAddr = match unspecified {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let socket = UdpSocket::bind((unspecified, 0)).ok()?;
    socket.connect((peer, 9)).ok()?;
    let local = socket.local_addr().ok()?.ip();
    (!local.is_unspecified()).then_some(local)
}
