//! State that all request handlers share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;

use crate::auth::{self, Auth, VisitorId};
use crate::hosts::AllowedHosts;
use crate::page::Page;
use crate::rate_limit::{ClientKey, RateLimiter};
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
    /// Interval of WebSocket pings.
    pub(crate) ping: Duration,
    pub(crate) requests: RateLimiter<ClientKey>,
    pub(crate) attempts: RateLimiter<ClientKey>,
}

impl AppState {
    /// The shared engine and the visitor who asks for it, or the response that denies access.
    #[expect(clippy::result_large_err, reason = "the response is sent at once")]
    pub(crate) fn visit(
        &self,
        headers: &HeaderMap,
    ) -> Result<(&Arc<SharedEngine>, VisitorId), Response> {
        let denied = || auth::unauthorized(false);
        let (Some(engine), Some(auth)) = (&self.engine, &self.auth) else {
            return Err(denied());
        };
        let visitor = auth.visitor(headers).ok_or_else(denied)?;
        Ok((engine, visitor))
    }
}
