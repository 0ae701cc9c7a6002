//! What is where on a server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Query, Request, State};
use axum::http::header::{ALLOW, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use tokio::time::timeout;

use crate::admission::{guard, too_often};
use crate::gate::{self, LONGEST_TOKEN, VisitorId};
use crate::guard::Neighbour;
use crate::hall::{Wanted, socket, turn_away};
use crate::kept;
use crate::page::Found;
use crate::site::{ENGINE, Site};

/// How long the body of a request, which is a token, may take.
const BODY: Duration = Duration::from_secs(10);

/// Everything that the server answers.
pub(crate) fn router(site: Arc<Site>) -> Router {
    let mut router = Router::new()
        .route("/join", get(join_page).post(join))
        .route("/join.js", get(async || gate::script()))
        .route("/join.css", get(async || gate::style()))
        .fallback(file);
    if site.hall.is_some() {
        router = router
            .route(ENGINE, get(engine))
            .route("/runs", get(kept::cards))
            .route("/runs/{run}", get(kept::names).delete(kept::delete))
            .route("/runs/{run}/card", put(kept::put_summary))
            .route("/runs/{run}/files/{name}", get(kept::read));
    }
    router
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard))
        .with_state(site)
}

/// The host's engine, for a page of a visitor.
async fn engine(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let (hall, visitor) = match site.visit(&headers) {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let (wanted, upgrade) = match (wanted, upgrade) {
        (Ok(Query(wanted)), Ok(upgrade)) => (wanted, upgrade),
        (Err(error), _) => return error.into_response(),
        (_, Err(error)) => return error.into_response(),
    };
    let fresh = match VisitorId::random() {
        Ok(fresh) => fresh.to_string(),
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    match hall.arrive(visitor, wanted.session(), fresh) {
        Some(arrival) => socket(upgrade, Arc::clone(hall), visitor, arrival, site.ping),
        None => turn_away(upgrade),
    }
}

/// A file of the page, for those who may see it.
async fn file(State(site): State<Arc<Site>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let headers = request.headers();
    let path = request.uri().path();
    let mut renewed = None;
    if let Some(gate) = &site.gate {
        let Some(visitor) = gate.visitor(headers) else {
            return gate::refusal(wants_page(headers));
        };
        if path == "/" || wants_page(headers) {
            renewed = gate.cookie(visitor);
        }
    }
    let mut response = found(&site, path, headers);
    if let Some(cookie) = renewed {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn found(site: &Site, path: &str, headers: &HeaderMap) -> Response {
    match site.page.find(path) {
        Found::Asset(asset) => asset.answer(headers),
        Found::Folder => {
            let folder = format!("{path}/");
            (StatusCode::PERMANENT_REDIRECT, [(LOCATION, folder)]).into_response()
        }
        Found::Nothing => (StatusCode::NOT_FOUND, "There is no such file here.").into_response(),
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(axum::http::header::ACCEPT);
    accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

async fn join_page(State(site): State<Arc<Site>>) -> Response {
    match &site.gate {
        Some(_) => gate::page(),
        None => (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response(),
    }
}

/// Takes a token, which is the whole body.
async fn join(
    State(site): State<Arc<Site>>,
    Extension(client): Extension<Neighbour>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(gate) = &site.gate else {
        return StatusCode::NO_CONTENT.into_response();
    };
    if let Err(wait) = site.attempts.take(client, Instant::now()) {
        return too_often(wait);
    }
    let body = match timeout(BODY, to_bytes(body, LONGEST_TOKEN)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return (StatusCode::PAYLOAD_TOO_LARGE, "That is no token.").into_response();
        }
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    gate.join(&headers, &String::from_utf8_lossy(&body))
}
