//! How often each client may do something: a bucket of permits that fills again with time.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// More clients than this at once are not remembered one by one.
const MOST: usize = 4096;

/// A rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// At once after a rest.
    pub burst: f64,
    /// From then on.
    pub per_second: f64,
}

/// One bucket.
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

    /// Takes a permit, or says how long to wait for one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let rested = now.saturating_duration_since(self.seen).as_secs_f64();
        self.permits = (self.permits + rested * rate.per_second).min(rate.burst);
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

/// A bucket for each client.
pub(crate) struct Buckets<K> {
    rate: Rate,
    table: Mutex<HashMap<K, Bucket>>,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            table: Mutex::default(),
        }
    }

    pub(crate) fn take(&self, client: K, now: Instant) -> Result<(), Duration> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST && !table.contains_key(&client) {
            let rate = self.rate;
            // A client whose bucket is full again is as good as new.
            table.retain(|_, bucket| {
                let rested = now.saturating_duration_since(bucket.seen).as_secs_f64();
                bucket.permits + rested * rate.per_second < rate.burst
            });
            if table.len() >= MOST {
                table.clear();
            }
        }
        let bucket = table
            .entry(client)
            .or_insert_with(|| Bucket::full(self.rate, now));
        bucket.take(self.rate, now)
    }
}

/// Whom the limits count as one client: an IPv4 address, or an IPv6 network, of which a single
/// household has a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Neighbour(IpAddr);

impl From<IpAddr> for Neighbour {
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
    fn a_greedy_client_waits_and_another_does_not() {
        let buckets = Buckets::new(RATE);
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
    fn a_crowd_is_not_remembered_for_ever() {
        let buckets = Buckets::new(RATE);
        let now = Instant::now();
        for client in 0..MOST * 2 {
            buckets.take(client, now).unwrap();
        }
        assert!(buckets.table.lock().unwrap().len() <= MOST);
    }

    #[test]
    fn neighbours() {
        let one = |text: &str| Neighbour::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(one("2001:db8::1"), one("2001:db8::2:3"));
        assert_ne!(one("2001:db8::1"), one("2001:db8:0:1::1"));
        assert_eq!(one("::ffff:10.0.0.1"), one("10.0.0.1"));
        assert_ne!(one("10.0.0.2"), one("10.0.0.1"));
    }
}
