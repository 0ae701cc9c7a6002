//! Limits on the number of connections, in total and per client.

use std::collections::HashMap;
use std::net::IpAddr;
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
    address: IpAddr,
}

impl ConnectionLimiter {
    pub(crate) fn new(limit: usize, limit_per_client: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            limit_per_client,
            counts: Mutex::default(),
        })
    }

    /// Permission for one more connection of `address`, within the limits. `shared`: it belongs to many
    /// clients.
    pub(crate) fn acquire(
        self: &Arc<Self>,
        address: IpAddr,
        shared: bool,
    ) -> Option<ConnectionPermit> {
        let client = ClientKey::from(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = counts.by_client.get(&client).copied().unwrap_or(0);
        if counts.total >= self.limit || (of_client >= self.limit_per_client && !shared) {
            return None;
        }
        counts.total += 1;
        counts.by_client.insert(client, of_client + 1);
        Some(ConnectionPermit {
            limiter: Arc::clone(self),
            address,
        })
    }
}

impl ConnectionPermit {
    /// The address of the connection.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
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
        let client = ClientKey::from(self.address);
        if let Some(of_client) = counts.by_client.get_mut(&client) {
            *of_client -= 1;
            if *of_client == 0 {
                counts.by_client.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_limited_and_released() {
        let limiter = ConnectionLimiter::new(3, 2);
        let client = |last| IpAddr::from([10, 0, 0, last]);
        let first = limiter.acquire(client(1), false).unwrap();
        let second = limiter.acquire(client(1), false).unwrap();
        assert!(
            limiter.acquire(client(1), false).is_none(),
            "limit per client"
        );
        let third = limiter.acquire(client(2), false).unwrap();
        assert!(limiter.acquire(client(3), false).is_none(), "total limit");
        drop(third);
        let third = limiter.acquire(client(1), true);
        assert!(third.is_some(), "a proxy has no limit of its own");
        drop((first, third));
        let _again = limiter.acquire(client(1), false).unwrap();
        drop(second);
        let _other = limiter.acquire(client(3), false).unwrap();
        assert_eq!(limiter.counts.lock().unwrap().by_client.len(), 2);
    }
}
