//! Who may come in: a join link's token is exchanged for a pass, once.
//!
//! The token stands behind the `#` of the link, which browsers send to nobody; a script hands it in
//! as the body of a request. From then on the browser shows its pass, a cookie that scripts cannot
//! read and that other sites' requests do not carry.

mod hmac;
mod pass;
mod secret;
mod token;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

pub use pass::VisitorId;
pub use secret::Secret;
pub use token::Token;

/// A month without a visit, and the link is needed again: each visit gives the pass anew.
const KEPT_SECONDS: u32 = 30 * 24 * 3600;

/// Longest body that can be a token.
pub(crate) const LONGEST_TOKEN: usize = 256;

/// Asks for the token.
const PAGE: &str = include_str!("join.html");
const SCRIPT: &str = include_str!("join.js");
const STYLE: &str = include_str!("join.css");

/// The page that asks needs its own script and style and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The gate of one server.
pub(crate) struct Gate {
    secret: Secret,
    /// By port: browsers do not keep cookies of two ports of one host apart.
    name: String,
}

impl Gate {
    pub(crate) fn new(secret: Secret, port: u16) -> Self {
        let name = format!("spat-{port}");
        Self { secret, name }
    }

    /// Whose request it is.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> Option<VisitorId> {
        let cookies = headers.get_all(COOKIE).iter();
        cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .find_map(|(_, pass)| self.secret.signer.visitor(pass))
    }

    /// Gives a pass for the token; whoever has one keeps the name in it.
    pub(crate) fn join(&self, headers: &HeaderMap, token: &str) -> Response {
        if !self.secret.token.admits(token) {
            let words = "This is not the token of this server. Ask for the join link anew.";
            return (StatusCode::FORBIDDEN, words).into_response();
        }
        let visitor = match self.visitor(headers).map_or_else(VisitorId::random, Ok) {
            Ok(visitor) => visitor,
            Err(error) => {
                return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
            }
        };
        match self.cookie(visitor) {
            Some(cookie) => (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response(),
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    /// The visitor's pass for the browser, which keeps it from now on for [`KEPT_SECONDS`].
    pub(crate) fn cookie(&self, visitor: VisitorId) -> Option<HeaderValue> {
        let cookie = format!(
            "{}={}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Lax",
            self.name,
            self.secret.signer.pass(visitor)
        );
        HeaderValue::from_str(&cookie).ok()
    }
}

/// What a stranger gets: a page that takes the token, or a plain word for anything but a page.
pub(crate) fn refusal(wants_page: bool) -> Response {
    if wants_page {
        return with_status(StatusCode::UNAUTHORIZED, page());
    }
    let words = "Open this server's join link first.";
    (StatusCode::UNAUTHORIZED, words).into_response()
}

pub(crate) fn page() -> Response {
    file("text/html; charset=utf-8", PAGE)
}

pub(crate) fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

pub(crate) fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
}

fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cookie(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(text).unwrap());
        headers
    }

    #[test]
    fn the_token_buys_a_pass_that_is_kept() {
        let secret = Secret::random().unwrap();
        let gate = Gate::new(secret.clone(), 7728);
        let stranger = HeaderMap::new();
        assert_eq!(gate.visitor(&stranger), None);
        assert_eq!(
            gate.join(&stranger, "0000-0000-0000-0000").status(),
            StatusCode::FORBIDDEN
        );

        let token = secret.token().to_string();
        let joined = gate.join(&stranger, &token);
        assert_eq!(joined.status(), StatusCode::NO_CONTENT);
        let cookie = joined.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Lax"));
        assert!(!cookie.contains(&token));
        let headers = with_cookie(&format!("a=b; {}", cookie.split(';').next().unwrap()));
        let visitor = gate.visitor(&headers).unwrap();

        let again = gate.join(&headers, &token);
        let cookie = again.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert_eq!(gate.visitor(&with_cookie(&cookie)), Some(visitor));
        let other_port = Gate::new(secret, 7729);
        assert_eq!(other_port.visitor(&with_cookie(&cookie)), None);
    }
}
