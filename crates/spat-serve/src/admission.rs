//! What every request passes before anything answers it, and what every answer carries.

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

use crate::guard::{Misdirected, Neighbour};
use crate::site::{ENGINE, Site};

/// Beside the page's own policy: nobody guesses types, frames the page, learns its address, or
/// reads it from another origin.
const ALWAYS: [(HeaderName, &str); 5] = [
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

/// Lets a request through or answers it.
pub(crate) async fn guard(
    State(site): State<Arc<Site>>,
    Extension(client): Extension<Neighbour>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match judge(&site, client, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal,
    };
    dress(response.headers_mut(), site.page.policy());
    response
}

#[expect(clippy::result_large_err, reason = "the refusal is sent at once")]
fn judge(site: &Site, client: Neighbour, request: &Request) -> Result<(), Response> {
    site.requests
        .take(client, Instant::now())
        .map_err(too_often)?;
    // What changes something, and what goes around the rule that scripts read only their own origin.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let origin_needed = !reads || request.uri().path() == ENGINE;
    let checked = site
        .hosts
        .check(request.uri(), request.headers(), origin_needed);
    checked.map_err(|reason| match reason {
        Misdirected::Host => {
            let words = "This server does not answer to that name. Use the address that it printed, \
                         or start it with --name NAME.";
            (StatusCode::MISDIRECTED_REQUEST, words).into_response()
        }
        Misdirected::Origin => {
            let words = "Requests of other sites' pages are not served.";
            (StatusCode::FORBIDDEN, words).into_response()
        }
    })
}

/// The answer to one who asks too often.
pub(crate) fn too_often(wait: Duration) -> Response {
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    let words = "Too many requests from your address; wait a little.";
    (
        StatusCode::TOO_MANY_REQUESTS,
        [(RETRY_AFTER, seconds)],
        words,
    )
        .into_response()
}

fn dress(headers: &mut HeaderMap, policy: &str) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(policy)
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}
