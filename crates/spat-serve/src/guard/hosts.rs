//! Which names this server answers to.
//!
//! A page of another site can have its own name resolve to this machine and would then count as the
//! same origin here (DNS rebinding). So a request must name this server by an address, which no DNS
//! can bend, or by a name that its owner has given it.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

pub(crate) struct Hosts {
    /// Lower case.
    names: Vec<String>,
    /// Whether others than this machine can reach the server.
    open: bool,
}

/// Why a request is not for this server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misdirected {
    /// No host, two, or one that this server does not answer to.
    Host,
    /// It was sent by a page of another site.
    Origin,
}

impl Hosts {
    pub(crate) fn new(bound: IpAddr, names: &[String]) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let open = !bound.is_loopback();
        Self { names, open }
    }

    /// Whether the request names this server, and no page of another site has sent it. Where
    /// `origin_needed`, it must say that a page of ours has.
    pub(crate) fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        origin_needed: bool,
    ) -> Result<(), Misdirected> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Misdirected::Host);
        };
        let host = host.to_str().map_err(|_| Misdirected::Host)?;
        let named = uri.authority().is_none_or(|named| named.as_str() == host);
        if !named || !self.answers_to(host) {
            return Err(Misdirected::Host);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) if !origin_needed => Ok(()),
            (Some(origin), None) if origin.to_str().is_ok_and(|origin| is_of(origin, host)) => {
                Ok(())
            }
            _ => Err(Misdirected::Origin),
        }
    }

    fn answers_to(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        if host.contains('@') {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) => self.open || address.is_loopback(),
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }
}

/// A page's origin is its scheme and host; a reverse proxy may speak TLS in front of us.
fn is_of(origin: &str, host: &str) -> bool {
    let named = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    named.is_some_and(|named| named.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        headers
    }

    fn check(hosts: &Hosts, host: &str, origin: Option<&str>) -> Result<(), Misdirected> {
        hosts.check(&Uri::from_static("/"), &headers(host, origin), false)
    }

    #[test]
    fn a_server_of_this_machine_answers_to_this_machine() {
        let hosts = Hosts::new([127, 0, 0, 1].into(), &[]);
        for own in [
            "127.0.0.1:7728",
            "localhost:7728",
            "LOCALHOST",
            "[::1]:7728",
            "127.1.2.3",
        ] {
            assert_eq!(check(&hosts, own, None), Ok(()), "{own}");
        }
        for other in [
            "example.org:7728",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "192.168.1.5:7728",
            "example.org@127.0.0.1",
            "",
            "127.0.0.1:7728, example.org",
        ] {
            assert_eq!(
                check(&hosts, other, None),
                Err(Misdirected::Host),
                "{other}"
            );
        }
    }

    #[test]
    fn a_server_of_a_network_answers_to_addresses_and_given_names() {
        let hosts = Hosts::new([0, 0, 0, 0].into(), &["Lab.Local".to_owned()]);
        for own in [
            "192.168.1.5:7728",
            "lab.local:80",
            "[fe80::1]:7728",
            "localhost",
        ] {
            assert_eq!(check(&hosts, own, None), Ok(()), "{own}");
        }
        assert_eq!(check(&hosts, "evil.local", None), Err(Misdirected::Host));
    }

    #[test]
    fn no_page_of_another_site_gets_in() {
        let hosts = Hosts::new([127, 0, 0, 1].into(), &[]);
        let own = "127.0.0.1:7728";
        assert_eq!(check(&hosts, own, Some("http://127.0.0.1:7728")), Ok(()));
        for foreign in [
            "http://example.org",
            "null",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:77280",
            "file://",
        ] {
            assert_eq!(
                check(&hosts, own, Some(foreign)),
                Err(Misdirected::Origin),
                "{foreign}"
            );
        }
        let silent = hosts.check(&Uri::from_static("/"), &headers(own, None), true);
        assert_eq!(silent, Err(Misdirected::Origin));
    }

    #[test]
    fn two_hosts_are_none() {
        let hosts = Hosts::new([127, 0, 0, 1].into(), &[]);
        let mut two = headers("127.0.0.1", None);
        two.append(HOST, HeaderValue::from_static("example.org"));
        assert_eq!(
            hosts.check(&Uri::from_static("/"), &two, false),
            Err(Misdirected::Host)
        );
        let absolute = Uri::from_static("http://example.org/");
        let one = headers("127.0.0.1", None);
        assert_eq!(hosts.check(&absolute, &one, false), Err(Misdirected::Host));
    }
}
