//! Connections: taken in while there is room, each on its own, so that none can hold another.

mod patience;
mod slots;

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

use crate::guard::Neighbour;
use crate::settings::Limits;

use patience::Patient;
use slots::Slots;

/// Largest head of a request, bytes.
const HEAD: usize = 16 << 10;

/// Most headers of a request.
const HEADERS: usize = 64;

/// What a client gets for whom there is no room.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 5\r\n\
    content-type: text/plain\r\ncontent-length: 52\r\n\r\n\
    This server has no room for one more connection now.";

/// How long open answers may take once the server is told to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves until `stop`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let slots = Slots::new(limits.connections, limits.connections_of_one);
    let (ending, ended) = watch::channel(());
    let mut tasks = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            () = &mut stop => break,
        };
        let Ok((stream, address)) = accepted else {
            // Out of file descriptors, or a client gone at once: the next try may do better.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        match taken_in(&slots, stream, address, limits) {
            Some(stream) => {
                let router = router.clone().layer(Extension(client(address)));
                tasks.spawn(connection(stream, router, limits, ended.clone()));
            }
            None => continue,
        }
    }
    drop((listener, ending));
    timeout(FAREWELL, async {
        while tasks.join_next().await.is_some() {}
    })
    .await
    .ok();
}

fn client(address: SocketAddr) -> Neighbour {
    Neighbour::from(address.ip())
}

fn taken_in(
    slots: &Arc<Slots>,
    stream: TcpStream,
    address: SocketAddr,
    limits: Limits,
) -> Option<Patient> {
    stream.set_nodelay(true).ok();
    match slots.take(client(address)) {
        Some(slot) => Some(Patient::new(stream, limits.patience, slot)),
        None => {
            // A courtesy: nobody waits for it to arrive.
            stream.try_write(FULL).ok();
            None
        }
    }
}

/// One connection to its end; its errors are its own.
async fn connection(
    stream: Patient,
    router: Router,
    limits: Limits,
    mut ended: watch::Receiver<()>,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(HEADERS)
        .max_buf_size(HEAD);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        // The sender sends nothing; it goes.
        _ = ended.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}
