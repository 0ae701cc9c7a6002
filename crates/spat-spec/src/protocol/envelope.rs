//! What goes over the socket between a page and an engine on another machine: JSON texts.
//!
//! The page's orders and the host's notices are numbered from 1 within a session. A page whose
//! connection was lost comes back with the session's name and the number of the last notice it
//! heard, hears what it missed, and sends again what the host has not received. Bytes that are no
//! JSON, a table, go ahead of their order in binary messages, piece by piece.

use serde::{Deserialize, Serialize};

use crate::{EngineMessage, EngineRequest};

/// First of all on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The session's name.
    pub session: String,
    /// Whether it is the one that the page asked to go on with.
    pub continued: bool,
    /// The number of the last order that arrived.
    pub received: u64,
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
