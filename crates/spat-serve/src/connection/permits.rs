//! Limits on the number of connections, in total and per client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::client_key::ClientKey;

pub(crate) struct ConnectionLimiter {
    limit: usize,
    limit_per_client: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_client: HashMap<ClientKey, usize>,
}

/// Permission for one connection, released when it is dropped.
pub(crate) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    client: ClientKey,
}

impl ConnectionLimiter {
    pub(crate) fn new(limit: usize, limit_per_client: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            limit_per_client,
            counts: Mutex::default(),
        })
    }

    /// Permission for one more connection of `client`, within the limits.
    pub(crate) fn acquire(self: &Arc<Self>, client: ClientKey) -> Option<ConnectionPermit> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = counts.by_client.get(&client).copied().unwrap_or(0);
        if counts.total >= self.limit || of_client >= self.limit_per_client {
            return None;
        }
        counts.total += 1;
        counts.by_client.insert(client, of_client + 1);
        Some(ConnectionPermit {
            limiter: Arc::clone(self),
            client,
        })
    }
}

impl ConnectionPermit {
    /// The client of the connection.
    pub(crate) fn client(&self) -> ClientKey {
        self.client
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self
            .limiter
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(of_client) = counts.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                counts.by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn permits_are_limited_and_released() {
        let limiter = ConnectionLimiter::new(3, 2);
        let client = |last| ClientKey::from(IpAddr::from([10, 0, 0, last]));
        let first = limiter.acquire(client(1)).unwrap();
        let second = limiter.acquire(client(1)).unwrap();
        assert!(limiter.acquire(client(1)).is_none(), "limit per client");
        let third = limiter.acquire(client(2)).unwrap();
        assert!(limiter.acquire(client(3)).is_none(), "total limit");
        drop((first, third));
        let _again = limiter.acquire(client(1)).unwrap();
        drop(second);
        let _other = limiter.acquire(client(3)).unwrap();
        assert_eq!(limiter.counts.lock().unwrap().by_client.len(), 2);
    }
}
