//! Messages over the WebSocket between the web app and an engine on a server: JSON texts.
//!
//! Requests and messages are numbered from 1 within a session. After a lost connection the app reconnects
//! with the session's name and the number of the last message that it received, receives what it missed, and
//! sends again what the server has not received. Bytes that are not JSON (a table) are sent before their
//! request in one or more binary messages.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{EngineMessage, EngineRequest, PROTOCOL};

/// The first message on a connection. While the visitor waits for a place, it is sent with every change of
/// [`waiting`](Self::waiting).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The server's [`PROTOCOL`].
    pub protocol: u32,
    /// The session's name.
    pub session: String,
    /// Whether the app's earlier session continues.
    pub continued: bool,
    /// The number of the last request received.
    pub received: u64,
    /// The number of visitors who get a place earlier, if there is no place yet. The session has not begun then,
    /// and another `Hello` follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<usize>,
}

impl Hello {
    /// Why the web app must be reloaded before it can use this server, if their protocols differ. A browser tab
    /// can be older than a server that was updated and restarted.
    pub fn reload_reason(&self) -> Option<&'static str> {
        match self.protocol.cmp(&PROTOCOL) {
            Ordering::Equal => None,
            Ordering::Greater => Some("This page is older than the server; reload it."),
            Ordering::Less => Some("This page is newer than the server; reload it."),
        }
    }
}

/// A numbered message from the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerEnvelope {
    /// Counted from 1; some numbers are skipped for a slow client.
    pub number: u64,
    /// The number of the last request received.
    pub received: u64,
    /// The message.
    pub message: EngineMessage,
}

/// A numbered request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientEnvelope {
    /// Counted from 1.
    pub number: u64,
    /// Number of bytes sent before it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The request.
    pub request: EngineRequest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_with_another_protocol_must_be_reloaded() {
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
