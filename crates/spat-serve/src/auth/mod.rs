//! Access: the token of a join link is exchanged for a session cookie.
//!
//! The token is the fragment of the link, which browsers do not send; a script posts it. The session
//! cookie is signed and identifies the visitor from then on. Scripts cannot read it, and requests of
//! other sites do not carry it.

mod secret;
mod token;
mod visitor_id;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::{Cookie, SameSite, SignedCookieJar};
use time::Duration;

pub use secret::Secret;
pub use token::Token;
pub use visitor_id::VisitorId;

/// Lifetime of the session cookie, which every visit renews.
const MAX_AGE: Duration = Duration::days(30);

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

    /// The visitor who sent the request, by its session cookie.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> Option<VisitorId> {
        let jar = SignedCookieJar::from_headers(headers, self.secret.key.clone());
        VisitorId::parse(jar.get(&self.cookie_name)?.value())
    }

    /// Exchanges the token for a session cookie. A visitor who has one stays the same.
    pub(crate) fn join(&self, headers: &HeaderMap, token: &str) -> Response {
        if !self.secret.token.matches(token) {
            let message = "This is not the token of this server. Ask for the join link again.";
            return (StatusCode::FORBIDDEN, message).into_response();
        }
        match self.visitor(headers).map_or_else(VisitorId::random, Ok) {
            Ok(visitor) => (StatusCode::NO_CONTENT, self.cookie(visitor)).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }

    /// Response part that sets the session cookie of a visitor, valid for [`MAX_AGE`] from now.
    pub(crate) fn cookie(&self, visitor: VisitorId) -> SignedCookieJar {
        let cookie = Cookie::build((self.cookie_name.clone(), visitor.to_string()))
            .path("/")
            .max_age(MAX_AGE)
            .http_only(true)
            .same_site(SameSite::Lax);
        SignedCookieJar::new(self.secret.key.clone()).add(cookie)
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
    use axum::http::HeaderValue;
    use axum::http::header::{COOKIE, SET_COOKIE};

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

    #[test]
    fn forged_cookies_are_rejected() {
        let secret = Secret::random().unwrap();
        let auth = Auth::new(secret.clone(), 7728);
        let joined = auth.join(&HeaderMap::new(), &secret.token().to_string());
        let cookie = joined.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap();
        assert!(auth.visitor(&with_cookie(cookie)).is_some());
        let other_server = Auth::new(Secret::random().unwrap(), 7728);
        assert_eq!(other_server.visitor(&with_cookie(cookie)), None);
        let (rest, last) = cookie.split_at(cookie.len() - 1);
        let forged = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        let unsigned = format!("spat-7728={}", VisitorId::random().unwrap());
        for invalid in [
            forged.as_str(),
            rest,
            &format!("{cookie}0"),
            &unsigned,
            "spat-7728=",
        ] {
            assert_eq!(auth.visitor(&with_cookie(invalid)), None, "{invalid}");
        }
    }
}
