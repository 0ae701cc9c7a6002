//! Rate limits by client (token buckets).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most clients that are tracked.
const MAX_CLIENTS: usize = 4096;

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests that may arrive at once.
    pub burst: f64,
    /// Requests per second after a burst.
    pub per_second: f64,
}

/// The token bucket of one client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    permits: f64,
    seen: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            permits: rate.burst,
            seen: now,
        }
    }

    /// Takes a token. `Err`: how long to wait for one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let elapsed = now.saturating_duration_since(self.seen).as_secs_f64();
        self.permits = (self.permits + elapsed * rate.per_second).min(rate.burst);
        self.seen = now;
        if self.permits >= 1.0 {
            self.permits -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(
            (1.0 - self.permits) / rate.per_second,
        ))
    }
}

/// A token bucket for each client.
pub(crate) struct RateLimiter<K> {
    rate: Rate,
    table: Mutex<HashMap<K, Bucket>>,
}

impl<K: Eq + Hash> RateLimiter<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            table: Mutex::default(),
        }
    }

    pub(crate) fn take(&self, client: K, now: Instant) -> Result<(), Duration> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MAX_CLIENTS && !table.contains_key(&client) {
            let rate = self.rate;
            // Full buckets need no tracking.
            table.retain(|_, bucket| {
                let elapsed = now.saturating_duration_since(bucket.seen).as_secs_f64();
                bucket.permits + elapsed * rate.per_second < rate.burst
            });
            if table.len() >= MAX_CLIENTS {
                table.clear();
            }
        }
        let bucket = table
            .entry(client)
            .or_insert_with(|| Bucket::full(self.rate, now));
        bucket.take(self.rate, now)
    }
}

/// What the limits count as one client: an IPv4 address, or an IPv6 /64 network, which usually belongs
/// to one household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey(IpAddr);

impl From<IpAddr> for ClientKey {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) & (u128::MAX << 64);
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 3.0,
        per_second: 2.0,
    };

    #[test]
    fn clients_are_limited_independently() {
        let buckets = RateLimiter::new(RATE);
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.take("greedy", now), Ok(()));
        }
        assert_eq!(buckets.take("greedy", now), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take("other", now), Ok(()));
        let later = now + Duration::from_millis(500);
        assert_eq!(buckets.take("greedy", later), Ok(()));
        assert!(buckets.take("greedy", later).is_err());
    }

    #[test]
    fn the_number_of_tracked_clients_is_bounded() {
        let buckets = RateLimiter::new(RATE);
        let now = Instant::now();
        for client in 0..MAX_CLIENTS * 2 {
            buckets.take(client, now).unwrap();
        }
        assert!(buckets.table.lock().unwrap().len() <= MAX_CLIENTS);
    }

    #[test]
    fn client_keys_are_addresses_or_networks() {
        let one = |text: &str| ClientKey::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(one("2001:db8::1"), one("2001:db8::2:3"));
        assert_ne!(one("2001:db8::1"), one("2001:db8:0:1::1"));
        assert_eq!(one("::ffff:10.0.0.1"), one("10.0.0.1"));
        assert_ne!(one("10.0.0.2"), one("10.0.0.1"));
    }
}
