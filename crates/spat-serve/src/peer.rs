//! The address and scheme of a request, also behind a reverse proxy.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::client_key::ClientKey;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who sent a request, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// The browser uses HTTPS.
    pub(crate) https: bool,
}

impl Peer {
    /// The peer of a request on a connection from `connection`. Only requests of the proxy may name
    /// another address and scheme. The last values count, because the proxy appended them; clients can
    /// send the earlier ones.
    pub(crate) fn of(connection: IpAddr, proxy: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let connection = connection.to_canonical();
        if proxy.map(|proxy| proxy.to_canonical()) != Some(connection) {
            return Self {
                address: connection,
                https: false,
            };
        }
        let address = last_value(headers, &FORWARDED_FOR).and_then(parse_address);
        Self {
            address: address.unwrap_or(connection),
            https: last_value(headers, &FORWARDED_PROTO)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
        }
    }

    pub(crate) fn client(self) -> ClientKey {
        ClientKey::from(self.address)
    }
}

/// The last element of a list that may be spread over several headers.
fn last_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let last = headers.get_all(name).iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// An address, which some proxies write with a port or in brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()))
        .or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn peer(connection: &str, headers: &[(HeaderName, &'static str)]) -> (String, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        let proxy = Some(IpAddr::from([10, 0, 0, 1]));
        let peer = Peer::of(connection.parse().unwrap(), proxy, &map);
        (peer.address.to_string(), peer.https)
    }

    #[test]
    fn only_the_proxy_forwards_addresses() {
        let named = [(FORWARDED_FOR, "203.0.113.7"), (FORWARDED_PROTO, "https")];
        assert_eq!(peer("10.0.0.1", &named), ("203.0.113.7".to_owned(), true));
        assert_eq!(
            peer("::ffff:10.0.0.1", &named),
            ("203.0.113.7".to_owned(), true)
        );
        assert_eq!(peer("10.0.0.2", &named), ("10.0.0.2".to_owned(), false));
        // The client sent the first values.
        let appended = [
            (FORWARDED_FOR, "198.51.100.1, 198.51.100.2"),
            (FORWARDED_FOR, "198.51.100.3,203.0.113.7"),
            (FORWARDED_PROTO, "https,http"),
        ];
        assert_eq!(
            peer("10.0.0.1", &appended),
            ("203.0.113.7".to_owned(), false)
        );
        for (written, read) in [
            ("203.0.113.7:4711", "203.0.113.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("unknown", "10.0.0.1"),
            ("203.0.113.7, ", "10.0.0.1"),
        ] {
            assert_eq!(
                peer("10.0.0.1", &[(FORWARDED_FOR, written)]).0,
                read,
                "{written}"
            );
        }
    }
}
