//! Checks of every request and headers of every response.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::connection::ConnectionPermit;
use crate::hosts::HostError;
use crate::peer::Peer;
use crate::state::{AppState, ENGINE_PATH};

/// Security headers beside the content security policy.
const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Applies the rate limit and the checks of host and origin, and adds the security headers. Handlers find
/// the [`Peer`] as an extension. Requests are logged with the time until the response begins.
pub(crate) async fn protect(
    State(state): State<Arc<AppState>>,
    Extension(permit): Extension<Arc<ConnectionPermit>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let logged = state.access_log.as_ref().map(|log| {
        (
            log,
            request.method().clone(),
            request.uri().path().to_owned(),
        )
    });
    let peer = Peer::of(permit.address(), state.proxy, request.headers());
    request.extensions_mut().insert(peer);
    let mut response = match check(&state, peer, &request) {
        Ok(()) => next.run(request).await,
        Err(rejection) => rejection,
    };
    add_security_headers(response.headers_mut(), state.page.policy());
    if let Some((log, method, path)) = logged {
        log.write(
            peer.address,
            &method,
            &path,
            response.status(),
            begun.elapsed(),
        );
    }
    response
}

#[expect(clippy::result_large_err, reason = "the response is sent at once")]
fn check(state: &AppState, peer: Peer, request: &Request) -> Result<(), Response> {
    let limited = state.requests.check(peer.client());
    limited.map_err(too_many_requests)?;
    // Requests with effects must name their origin, and so must WebSockets, to which the same-origin
    // policy does not apply.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let origin_required = !is_read || request.uri().path() == ENGINE_PATH;
    let checked = state
        .hosts
        .check(request.uri(), request.headers(), origin_required);
    checked.map_err(|error| match error {
        HostError::Host => {
            let message =
                "This server does not answer to that name. Use the address that it printed, \
                           or start it with --name NAME.";
            (StatusCode::MISDIRECTED_REQUEST, message).into_response()
        }
        HostError::Origin => {
            let message = "Requests of other sites' pages are not served.";
            (StatusCode::FORBIDDEN, message).into_response()
        }
    })
}

/// The response to a client that exceeds a rate limit.
pub(crate) fn too_many_requests(wait: Duration) -> Response {
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    let message = "Too many requests from your address; wait a little.";
    (
        StatusCode::TOO_MANY_REQUESTS,
        [(RETRY_AFTER, seconds)],
        message,
    )
        .into_response()
}

fn add_security_headers(headers: &mut HeaderMap, policy: &str) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(policy)
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}
