//! Access: the token of a join link is exchanged for a session cookie.
//!
//! The token is the fragment of the link, which browsers do not send; a script posts it. The session
//! cookie identifies the visitor from then on. Scripts cannot read it, and requests of other sites do
//! not carry it.

mod hmac;
mod secret;
mod token;
mod visitor_id;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

pub use secret::Secret;
pub use token::Token;
pub use visitor_id::VisitorId;

/// Lifetime of the session cookie, which every visit renews.
const MAX_AGE_SECONDS: u32 = 30 * 24 * 3600;

/// Largest body of a join request, in bytes.
pub(crate) const MAX_TOKEN_BODY: usize = 256;

/// The page that asks for the token.
const PAGE: &str = include_str!("join.html");
const SCRIPT: &str = include_str!("join.js");
const STYLE: &str = include_str!("join.css");

/// Content security policy of the join page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Access control of one server.
pub(crate) struct Auth {
    secret: Secret,
    /// Name of the cookie. It contains the port, because browsers share cookies between the ports of
    /// a host.
    cookie_name: String,
}

impl Auth {
    pub(crate) fn new(secret: Secret, port: u16) -> Self {
        let cookie_name = format!("spat-{port}");
        Self {
            secret,
            cookie_name,
        }
    }

    /// The visitor who sent the request.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> Option<VisitorId> {
        let cookies = headers.get_all(COOKIE).iter();
        cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie_name)
            .find_map(|(_, value)| self.secret.signer.verify(value))
    }

    /// Exchanges the token for a session cookie. A visitor who has one stays the same.
    pub(crate) fn join(&self, headers: &HeaderMap, token: &str) -> Response {
        if !self.secret.token.matches(token) {
            let message = "This is not the token of this server. Ask for the join link again.";
            return (StatusCode::FORBIDDEN, message).into_response();
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

    /// The session cookie of a visitor, valid for [`MAX_AGE_SECONDS`] from now.
    pub(crate) fn cookie(&self, visitor: VisitorId) -> Option<HeaderValue> {
        let cookie = format!(
            "{}={}; Path=/; Max-Age={MAX_AGE_SECONDS}; HttpOnly; SameSite=Lax",
            self.cookie_name,
            self.secret.signer.sign(visitor)
        );
        HeaderValue::from_str(&cookie).ok()
    }
}

/// The response to a request without a session cookie: the join page, or a message.
pub(crate) fn unauthorized(accepts_html: bool) -> Response {
    if accepts_html {
        return (StatusCode::UNAUTHORIZED, page()).into_response();
    }
    let message = "Open this server's join link first.";
    (StatusCode::UNAUTHORIZED, message).into_response()
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

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
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
    fn the_token_is_exchanged_for_a_lasting_cookie() {
        let secret = Secret::random().unwrap();
        let auth = Auth::new(secret.clone(), 7728);
        let without_cookie = HeaderMap::new();
        assert_eq!(auth.visitor(&without_cookie), None);
        assert_eq!(
            auth.join(&without_cookie, "0000-0000-0000-0000").status(),
            StatusCode::FORBIDDEN
        );

        let token = secret.token().to_string();
        let joined = auth.join(&without_cookie, &token);
        assert_eq!(joined.status(), StatusCode::NO_CONTENT);
        let cookie = joined.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Lax"));
        assert!(!cookie.contains(&token));
        let headers = with_cookie(&format!("a=b; {}", cookie.split(';').next().unwrap()));
        let visitor = auth.visitor(&headers).unwrap();

        let again = auth.join(&headers, &token);
        let cookie = again.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert_eq!(auth.visitor(&with_cookie(&cookie)), Some(visitor));
        let other_port = Auth::new(secret, 7729);
        assert_eq!(other_port.visitor(&with_cookie(&cookie)), None);
    }
}
