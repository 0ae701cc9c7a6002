//! Routes of the server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, Extension, Query, Request, State};
use axum::http::header::{ACCEPT, ALLOW, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use tower_http::timeout::TimeoutLayer;

use crate::auth::{self, MAX_TOKEN_BODY, VisitorId};
use crate::connection::ConnectionPermit;
use crate::middleware::{protect, too_many_requests};
use crate::page::Lookup;
use crate::peer::Peer;
use crate::runs::{self, MAX_SUMMARY};
use crate::shared_engine::{ConnectRequest, ResumeQuery, serve_socket};
use crate::state::{AppState, ENGINE_PATH, Visit};

/// How long a request with a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// All routes.
pub(crate) fn router(state: Arc<AppState>) -> Router {
    let body_timeout = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, BODY_TIMEOUT);
    let mut router = Router::new()
        .route(
            "/join",
            get(join_page)
                .post(join)
                .layer((body_timeout, DefaultBodyLimit::max(MAX_TOKEN_BODY))),
        )
        .route("/join.js", get(async || auth::script()))
        .route("/join.css", get(async || auth::style()))
        .fallback(file);
    if state.engine.is_some() {
        router = router
            .route(ENGINE_PATH, get(connect_engine))
            .route("/runs", get(runs::list))
            .route("/runs/{run}", get(runs::file_names).delete(runs::delete))
            .route(
                "/runs/{run}/card",
                put(runs::put_summary).layer((body_timeout, DefaultBodyLimit::max(MAX_SUMMARY))),
            )
            .route("/runs/{run}/files/{name}", get(runs::read_file));
    }
    router
        .layer(from_fn_with_state(Arc::clone(&state), protect))
        .with_state(state)
}

/// Connects a visitor's page to the host's engine.
async fn connect_engine(
    visit: Visit,
    State(state): State<Arc<AppState>>,
    Extension(permit): Extension<Arc<ConnectionPermit>>,
    Extension(peer): Extension<Peer>,
    Query(query): Query<ResumeQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let new_session = match VisitorId::random() {
        Ok(id) => id.to_string(),
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    let request = ConnectRequest {
        visit,
        client: peer.client(),
        resume: query,
        new_session,
    };
    serve_socket(upgrade, request, permit, state.ping)
}

/// A file of the page, for visitors with access.
async fn file(
    State(state): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let headers = request.headers();
    let path = request.uri().path();
    let mut renewed = None;
    if let Some(auth) = &state.auth {
        if auth.visitor(headers).is_none() {
            return auth::unauthorized(accepts_html(headers));
        }
        if path == "/" || accepts_html(headers) {
            renewed = auth.renewal(headers, peer.https);
        }
    }
    let response = match state.page.find(path) {
        Lookup::Asset(asset) => asset.respond(headers),
        Lookup::Folder => {
            let folder = format!("{path}/");
            (StatusCode::PERMANENT_REDIRECT, [(LOCATION, folder)]).into_response()
        }
        Lookup::NotFound => (StatusCode::NOT_FOUND, "There is no such file here.").into_response(),
    };
    (renewed, response).into_response()
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

async fn join_page(State(state): State<Arc<AppState>>) -> Response {
    match &state.auth {
        Some(_) => auth::page(),
        None => (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response(),
    }
}

/// Exchanges the token, which is the whole body, for a session cookie.
async fn join(
    State(state): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    token: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(auth) = &state.auth else {
        return StatusCode::NO_CONTENT.into_response();
    };
    if let Err(wait) = state.attempts.check(peer.client()) {
        return too_many_requests(wait);
    }
    match token {
        Ok(token) => auth.join(&headers, &String::from_utf8_lossy(&token), peer.https),
        Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, "This is not a token.").into_response(),
    }
}
