//! Rate limits by client.

use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::client_key::ClientKey;

/// Number of tracked clients above which those with a full budget are dropped.
const MAX_CLIENTS: usize = 4096;

/// A rate limit for each client.
pub(crate) struct ClientRateLimiter(DefaultKeyedRateLimiter<ClientKey>);

impl ClientRateLimiter {
    pub(crate) fn new(quota: Quota) -> Self {
        Self(RateLimiter::keyed(quota))
    }

    /// Counts a request of the client. `Err`: how long it must wait.
    pub(crate) fn check(&self, client: ClientKey) -> Result<(), Duration> {
        if self.0.len() >= MAX_CLIENTS {
            self.0.retain_recent();
        }
        self.0
            .check_key(&client)
            .map_err(|denied| denied.wait_time_from(self.0.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use nonzero_ext::nonzero;

    use super::*;

    fn client(number: u32) -> ClientKey {
        ClientKey::from(IpAddr::V4(Ipv4Addr::from(number)))
    }

    #[test]
    fn clients_are_limited_independently() {
        let quota = Quota::per_second(nonzero!(1u32)).allow_burst(nonzero!(3u32));
        let limiter = ClientRateLimiter::new(quota);
        for _ in 0..3 {
            assert_eq!(limiter.check(client(1)), Ok(()));
        }
        let wait = limiter.check(client(1)).unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(limiter.check(client(2)), Ok(()));
    }

    #[test]
    fn clients_with_a_full_budget_are_dropped() {
        let limiter = ClientRateLimiter::new(Quota::per_second(nonzero!(1_000_000u32)));
        for number in 0..3 * MAX_CLIENTS as u32 {
            limiter.check(client(number)).unwrap();
        }
        assert!(limiter.0.len() <= MAX_CLIENTS);
    }
}
