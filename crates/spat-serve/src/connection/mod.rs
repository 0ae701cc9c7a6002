//! Accepts TCP connections within the limits, and serves each in its own task.

mod permits;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::settings::Limits;

use permits::ConnectionLimiter;
pub(crate) use permits::ConnectionPermit;

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// Response to a client that exceeds the connection limits.
const FULL_RESPONSE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 5\r\n\
    content-type: text/plain\r\ncontent-length: 52\r\n\r\n\
    This server has no room for one more connection now.";

/// How long open responses may take after the server was stopped.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// Serves until `stop` completes. Connections of `proxy` belong to many clients, and only the limit of all
/// connections applies to them.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    proxy: Option<IpAddr>,
    stop: impl Future<Output = ()>,
) {
    let limiter = ConnectionLimiter::new(limits.connections, limits.connections_per_client);
    let (shutdown, stopped) = watch::channel(());
    let mut tasks = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            () = &mut stop => break,
        };
        let Ok((stream, address)) = accepted else {
            // The server is out of file descriptors, or the client has closed already.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        if let Some(permit) = admit(&limiter, &stream, address, proxy) {
            let router = router.clone().layer(Extension(permit));
            tasks.spawn(connection(stream, router, limits, stopped.clone()));
        }
    }
    drop((listener, shutdown));
    timeout(SHUTDOWN_TIMEOUT, async {
        while tasks.join_next().await.is_some() {}
    })
    .await
    .ok();
}

/// Permission for the connection. Without one, the client gets a response at once.
fn admit(
    limiter: &Arc<ConnectionLimiter>,
    stream: &TcpStream,
    address: SocketAddr,
    proxy: Option<IpAddr>,
) -> Option<Arc<ConnectionPermit>> {
    stream.set_nodelay(true).ok();
    let is_proxy = proxy.map(|proxy| proxy.to_canonical()) == Some(address.ip().to_canonical());
    let permit = limiter.acquire(address.ip(), is_proxy);
    if permit.is_none() {
        // Best effort: the client may be too slow to receive it.
        stream.try_write(FULL_RESPONSE).ok();
    }
    permit.map(Arc::new)
}

/// Serves one connection until it is closed. The router holds the permit as an extension, and so does
/// a WebSocket, which outlives this function.
async fn connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<()>,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(limits.idle_timeout));
    stream.set_write_timeout(Some(limits.idle_timeout));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        // The sender is dropped on shutdown.
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}
