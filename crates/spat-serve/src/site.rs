//! What a server holds.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;

use crate::gate::{self, Gate, VisitorId};
use crate::guard::{Buckets, Hosts, Neighbour};
use crate::hall::Hall;
use crate::page::Page;

/// Where a page reaches the host's engine.
pub(crate) const ENGINE: &str = "/engine";

pub(crate) struct Site {
    pub(crate) page: Page,
    pub(crate) gate: Option<Gate>,
    pub(crate) hall: Option<Arc<Hall>>,
    pub(crate) hosts: Hosts,
    /// How often a connected page is asked whether it is there.
    pub(crate) ping: Duration,
    pub(crate) requests: Buckets<Neighbour>,
    pub(crate) attempts: Buckets<Neighbour>,
}

impl Site {
    /// The hall, and which visitor of it asks.
    #[expect(clippy::result_large_err, reason = "the refusal is sent at once")]
    pub(crate) fn visit(&self, headers: &HeaderMap) -> Result<(&Arc<Hall>, VisitorId), Response> {
        let refused = || gate::refusal(false);
        let (Some(hall), Some(gate)) = (&self.hall, &self.gate) else {
            return Err(refused());
        };
        let visitor = gate.visitor(headers).ok_or_else(refused)?;
        Ok((hall, visitor))
    }
}
