//! Checks of the `Host` and `Origin` headers.
//!
//! A site whose host name resolves to this machine would have the same origin as the page here (DNS
//! rebinding). So requests must name the server by an IP address, which DNS cannot change, or by a name
//! from its settings.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

pub(crate) struct AllowedHosts {
    /// In lower case.
    names: Vec<String>,
    /// Whether other machines can reach the server.
    public: bool,
}

/// Why a request is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HostError {
    /// Not exactly one host, or one that this server does not answer to.
    Host,
    /// A page of another site sent it.
    Origin,
}

impl AllowedHosts {
    pub(crate) fn new(bound: IpAddr, names: &[String]) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self {
            names,
            public: !bound.is_loopback(),
        }
    }

    /// Checks that the request names this server and does not come from another site's page. If
    /// `origin_required`, it must come from a page of this server.
    pub(crate) fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        origin_required: bool,
    ) -> Result<(), HostError> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(HostError::Host);
        };
        let host = host.to_str().map_err(|_| HostError::Host)?;
        let consistent = uri
            .authority()
            .is_none_or(|authority| authority.as_str() == host);
        if !consistent || !self.answers_to(host) {
            return Err(HostError::Host);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) if !origin_required => Ok(()),
            (Some(origin), None)
                if origin
                    .to_str()
                    .is_ok_and(|origin| is_same_host(origin, host)) =>
            {
                Ok(())
            }
            _ => Err(HostError::Origin),
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
            Ok(address) => self.public || address.is_loopback(),
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }
}

/// Whether the origin has this host. Its scheme is `https` behind a reverse proxy with TLS.
fn is_same_host(origin: &str, host: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
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

    fn check(hosts: &AllowedHosts, host: &str, origin: Option<&str>) -> Result<(), HostError> {
        hosts.check(&Uri::from_static("/"), &headers(host, origin), false)
    }

    #[test]
    fn a_local_server_answers_to_local_names() {
        let hosts = AllowedHosts::new([127, 0, 0, 1].into(), &[]);
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
            assert_eq!(check(&hosts, other, None), Err(HostError::Host), "{other}");
        }
    }

    #[test]
    fn a_public_server_answers_to_addresses_and_given_names() {
        let hosts = AllowedHosts::new([0, 0, 0, 0].into(), &["Lab.Local".to_owned()]);
        for own in [
            "192.168.1.5:7728",
            "lab.local:80",
            "[fe80::1]:7728",
            "localhost",
        ] {
            assert_eq!(check(&hosts, own, None), Ok(()), "{own}");
        }
        assert_eq!(check(&hosts, "evil.local", None), Err(HostError::Host));
    }

    #[test]
    fn origins_of_other_sites_are_rejected() {
        let hosts = AllowedHosts::new([127, 0, 0, 1].into(), &[]);
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
                Err(HostError::Origin),
                "{foreign}"
            );
        }
        let without_origin = hosts.check(&Uri::from_static("/"), &headers(own, None), true);
        assert_eq!(without_origin, Err(HostError::Origin));
    }

    #[test]
    fn contradicting_hosts_are_rejected() {
        let hosts = AllowedHosts::new([127, 0, 0, 1].into(), &[]);
        let mut two = headers("127.0.0.1", None);
        two.append(HOST, HeaderValue::from_static("example.org"));
        assert_eq!(
            hosts.check(&Uri::from_static("/"), &two, false),
            Err(HostError::Host)
        );
        let absolute = Uri::from_static("http://example.org/");
        let one = headers("127.0.0.1", None);
        assert_eq!(hosts.check(&absolute, &one, false), Err(HostError::Host));
    }
}
