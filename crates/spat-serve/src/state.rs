//! State that all request handlers share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;

use crate::access_log::AccessLog;
use crate::auth::{self, Auth, VisitorId};
use crate::hosts::AllowedHosts;
use crate::page::Page;
use crate::rate_limit::ClientRateLimiter;
use crate::shared_engine::SharedEngine;

/// Path of the WebSocket to the host's engine.
pub(crate) const ENGINE_PATH: &str = "/engine";

pub(crate) struct AppState {
    pub(crate) page: Page,
    /// `None`: everyone has access.
    pub(crate) auth: Option<Auth>,
    /// `None`: visitors compute in their browsers.
    pub(crate) engine: Option<Arc<SharedEngine>>,
    pub(crate) hosts: AllowedHosts,
    /// The reverse proxy in front.
    pub(crate) proxy: Option<IpAddr>,
    pub(crate) access_log: Option<AccessLog>,
    /// Interval of WebSocket pings.
    pub(crate) ping: Duration,
    pub(crate) requests: ClientRateLimiter,
    pub(crate) attempts: ClientRateLimiter,
}

/// A visitor with access to the shared engine. As an extractor, it rejects all other requests.
pub(crate) struct Visit {
    pub(crate) engine: Arc<SharedEngine>,
    pub(crate) visitor: VisitorId,
}

impl FromRequestParts<Arc<AppState>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let denied = || auth::unauthorized(false);
        let (Some(engine), Some(auth)) = (&state.engine, &state.auth) else {
            return Err(denied());
        };
        let visitor = auth.visitor(&parts.headers).ok_or_else(denied)?;
        Ok(Self {
            engine: Arc::clone(engine),
            visitor,
        })
    }
}
