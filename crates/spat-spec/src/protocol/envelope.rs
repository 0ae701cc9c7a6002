//! What goes over the socket between a page and an engine on another machine: JSON texts.
//!
//! The page's orders and the host's notices are numbered from 1 within a session. A page whose
//! connection was lost comes back with the session's name and the number of the last notice it
//! heard, hears what it missed, and sends again what the host has not received. Bytes that are no
//! JSON, a table, go ahead of their order in binary messages, piece by piece.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{EngineMessage, EngineRequest, PROTOCOL};

/// First of all on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The server's [`PROTOCOL`].
    pub protocol: u32,
    /// The session's name.
    pub session: String,
    /// Whether it is the one that the page asked to go on with.
    pub continued: bool,
    /// The number of the last order that arrived.
    pub received: u64,
}

impl Hello {
    /// Why the page must be reloaded before it uses this server, if their protocols differ. A tab can
    /// be older than a server that was updated and restarted.
    pub fn reload_reason(&self) -> Option<&'static str> {
        match self.protocol.cmp(&PROTOCOL) {
            Ordering::Equal => None,
            Ordering::Greater => Some("This page is older than the server; reload it."),
            Ordering::Less => Some("This page is newer than the server; reload it."),
        }
    }
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerEnvelope {
    /// Counted from 1; some are left out for a page that lags behind.
    pub number: u64,
    /// The number of the last order that arrived.
    pub received: u64,
    /// What is told.
    pub message: EngineMessage,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientEnvelope {
    /// Counted from 1.
    pub number: u64,
    /// Bytes that went ahead of it, if any did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What is asked.
    pub request: EngineRequest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_protocol_must_be_reloaded() {
        let hello = |protocol: u32| -> Hello {
            let json = serde_json::json!({
                "protocol": protocol,
                "session": "a",
                "continued": false,
                "received": 0,
                "added_later": true,
            });
            serde_json::from_value(json).unwrap()
        };
        assert_eq!(hello(PROTOCOL).reload_reason(), None);
        let newer_server = hello(PROTOCOL + 1).reload_reason().unwrap();
        assert!(newer_server.contains("older than the server; reload"));
        let older_server = hello(PROTOCOL - 1).reload_reason().unwrap();
        assert!(older_server.contains("newer than the server; reload"));
    }
}
