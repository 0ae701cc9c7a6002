//! Accepts TCP connections within the limits, and serves each in its own task.

mod permits;
mod timeout_stream;

use std::future::Future;
use std::net::SocketAddr;
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

use crate::rate_limit::ClientKey;
use crate::settings::Limits;

use permits::ConnectionLimiter;
use timeout_stream::TimeoutStream;

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

/// Serves until `stop` completes.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
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
        match admit(&limiter, stream, address, limits) {
            Some(stream) => {
                let router = router.clone().layer(Extension(client(address)));
                tasks.spawn(connection(stream, router, limits, stopped.clone()));
            }
            None => continue,
        }
    }
    drop((listener, shutdown));
    timeout(SHUTDOWN_TIMEOUT, async {
        while tasks.join_next().await.is_some() {}
    })
    .await
    .ok();
}

fn client(address: SocketAddr) -> ClientKey {
    ClientKey::from(address.ip())
}

fn admit(
    limiter: &Arc<ConnectionLimiter>,
    stream: TcpStream,
    address: SocketAddr,
    limits: Limits,
) -> Option<TimeoutStream> {
    stream.set_nodelay(true).ok();
    match limiter.acquire(client(address)) {
        Some(permit) => Some(TimeoutStream::new(stream, limits.idle_timeout, permit)),
        None => {
            // Best effort: the client may be too slow to receive it.
            stream.try_write(FULL_RESPONSE).ok();
            None
        }
    }
}

/// Serves one connection until it is closed.
async fn connection(
    stream: TimeoutStream,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<()>,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        // The sender is dropped on shutdown.
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}
