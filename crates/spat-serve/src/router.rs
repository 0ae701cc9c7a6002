//! Routes of the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Query, Request, State};
use axum::http::header::{ACCEPT, ALLOW, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use tokio::time::timeout;

use crate::auth::{self, MAX_TOKEN_BODY, VisitorId};
use crate::middleware::{protect, too_many_requests};
use crate::page::Lookup;
use crate::rate_limit::ClientKey;
use crate::runs;
use crate::shared_engine::{ResumeQuery, reject_full, serve_socket};
use crate::state::{AppState, ENGINE_PATH};

/// How long the body of a join request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// All routes.
pub(crate) fn router(state: Arc<AppState>) -> Router {
    let mut router = Router::new()
        .route("/join", get(join_page).post(join))
        .route("/join.js", get(async || auth::script()))
        .route("/join.css", get(async || auth::style()))
        .fallback(file);
    if state.engine.is_some() {
        router = router
            .route(ENGINE_PATH, get(connect_engine))
            .route("/runs", get(runs::list))
            .route("/runs/{run}", get(runs::file_names).delete(runs::delete))
            .route("/runs/{run}/card", put(runs::put_summary))
            .route("/runs/{run}/files/{name}", get(runs::read_file));
    }
    router
        .layer(from_fn_with_state(Arc::clone(&state), protect))
        .with_state(state)
}

/// Connects a visitor's page to the host's engine.
async fn connect_engine(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    query: Result<Query<ResumeQuery>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let (engine, visitor) = match state.visit(&headers) {
        Ok(visit) => visit,
        Err(rejection) => return rejection,
    };
    let (query, upgrade) = match (query, upgrade) {
        (Ok(Query(query)), Ok(upgrade)) => (query, upgrade),
        (Err(error), _) => return error.into_response(),
        (_, Err(error)) => return error.into_response(),
    };
    let new_session = match VisitorId::random() {
        Ok(id) => id.to_string(),
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    match engine.connect(visitor, query.session(), new_session) {
        Some(connected) => {
            serve_socket(upgrade, Arc::clone(engine), visitor, connected, state.ping)
        }
        None => reject_full(upgrade),
    }
}

/// A file of the page, for visitors with access.
async fn file(State(state): State<Arc<AppState>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let headers = request.headers();
    let path = request.uri().path();
    let mut renewed = None;
    if let Some(auth) = &state.auth {
        let Some(visitor) = auth.visitor(headers) else {
            return auth::unauthorized(accepts_html(headers));
        };
        if path == "/" || accepts_html(headers) {
            renewed = auth.cookie(visitor);
        }
    }
    let mut response = match state.page.find(path) {
        Lookup::Asset(asset) => asset.respond(headers),
        Lookup::Folder => {
            let folder = format!("{path}/");
            (StatusCode::PERMANENT_REDIRECT, [(LOCATION, folder)]).into_response()
        }
        Lookup::NotFound => (StatusCode::NOT_FOUND, "There is no such file here.").into_response(),
    };
    if let Some(cookie) = renewed {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
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
    Extension(client): Extension<ClientKey>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(auth) = &state.auth else {
        return StatusCode::NO_CONTENT.into_response();
    };
    if let Err(wait) = state.attempts.take(client, Instant::now()) {
        return too_many_requests(wait);
    }
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_TOKEN_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return (StatusCode::PAYLOAD_TOO_LARGE, "This is not a token.").into_response();
        }
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    auth.join(&headers, &String::from_utf8_lossy(&body))
}
