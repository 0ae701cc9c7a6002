//! Access: the token of a join link is exchanged for a session cookie.
//!
//! The token is the fragment of the link, which browsers do not send; a script posts it. The session
//! cookie is signed. It identifies the visitor, and it gives access until it expires or the token changes.
//! A visitor who then joins again stays the same, so no runs are lost. Scripts cannot read the cookie, and
//! requests of other sites do not carry it.

mod pass;
mod secret;
mod token;
mod visitor_id;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::{Cookie, SameSite, SignedCookieJar};
use time::Duration;

use pass::{Pass, now};
pub use secret::Secret;
pub use token::Token;
pub use visitor_id::VisitorId;

/// Lifetime of the session cookie in the browser, the longest that browsers allow. It identifies the
/// visitor for longer than it gives access, see [`pass`].
const MAX_AGE: Duration = Duration::days(400);

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
        let pass = self.pass(headers)?;
        pass.is_valid(self.secret.generation, now())
            .then_some(pass.visitor)
    }

    /// The pass of the request's cookie if its signature is valid. It may not give access any more.
    fn pass(&self, headers: &HeaderMap) -> Option<Pass> {
        let jar = SignedCookieJar::from_headers(headers, self.secret.visitor_key.clone());
        Pass::parse(jar.get(&self.cookie_name)?.value())
    }

    /// Response part that renews the cookie of a request with access.
    pub(crate) fn renewal(&self, headers: &HeaderMap, https: bool) -> Option<SignedCookieJar> {
        let pass = self.pass(headers)?;
        Some(self.cookie(pass.renewed(now()), https))
    }

    /// Exchanges the token for a session cookie. A visitor who has one, or had one, stays the same.
    pub(crate) fn join(&self, headers: &HeaderMap, token: &str, https: bool) -> Response {
        if !self.secret.token.matches(token) {
            let message = "This is not the token of this server. Ask for the join link again.";
            return (StatusCode::FORBIDDEN, message).into_response();
        }
        let known = self.pass(headers).map(|pass| pass.visitor);
        match known.map_or_else(VisitorId::random, Ok) {
            Ok(visitor) => {
                let pass = Pass::new(visitor, self.secret.generation, now());
                (StatusCode::NO_CONTENT, self.cookie(pass, https)).into_response()
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }

    /// Response part that sets the session cookie, which browsers send over HTTPS only if it came so.
    fn cookie(&self, pass: Pass, https: bool) -> SignedCookieJar {
        let cookie = Cookie::build((self.cookie_name.clone(), pass.text()))
            .path("/")
            .max_age(MAX_AGE)
            .http_only(true)
            .secure(https)
            .same_site(SameSite::Lax);
        SignedCookieJar::new(self.secret.visitor_key.clone()).add(cookie)
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
            auth.join(&without_cookie, "0000-0000-0000-0000", false)
                .status(),
            StatusCode::FORBIDDEN
        );

        let token = secret.token().to_string();
        let joined = auth.join(&without_cookie, &token, false);
        assert_eq!(joined.status(), StatusCode::NO_CONTENT);
        let cookie = joined.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Lax"));
        assert!(!cookie.contains(&token));
        let headers = with_cookie(&format!("a=b; {}", cookie.split(';').next().unwrap()));
        let visitor = auth.visitor(&headers).unwrap();

        let again = auth.join(&headers, &token, false);
        let cookie = again.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert_eq!(auth.visitor(&with_cookie(&cookie)), Some(visitor));
        let other_port = Auth::new(secret, 7729);
        assert_eq!(other_port.visitor(&with_cookie(&cookie)), None);
    }

    #[test]
    fn forged_cookies_are_rejected() {
        let secret = Secret::random().unwrap();
        let auth = Auth::new(secret.clone(), 7728);
        let joined = auth.join(&HeaderMap::new(), &secret.token().to_string(), false);
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

    #[test]
    fn a_new_token_ends_access_and_keeps_visitors() {
        let folder = tempfile::TempDir::new().unwrap();
        let open = || Auth::new(Secret::stored_in(folder.path()).unwrap(), 7728);
        let join = |auth: &Auth, headers: &HeaderMap, https| {
            let joined = auth.join(headers, &auth.secret.token().to_string(), https);
            joined.headers()[SET_COOKIE].to_str().unwrap().to_owned()
        };
        let first = open();
        let cookie = join(&first, &HeaderMap::new(), false);
        assert!(!cookie.contains("Secure"));
        let headers = with_cookie(cookie.split(';').next().unwrap());
        let visitor = first.visitor(&headers).unwrap();
        assert_eq!(open().visitor(&headers), Some(visitor), "after a restart");

        std::fs::remove_file(folder.path().join("secret.json")).unwrap();
        let second = open();
        assert_eq!(
            second.visitor(&headers),
            None,
            "no access with the new token"
        );
        let again = join(&second, &headers, true);
        assert!(again.contains("; Secure"), "{again}");
        let headers = with_cookie(again.split(';').next().unwrap());
        assert_eq!(
            second.visitor(&headers),
            Some(visitor),
            "with the same runs"
        );

        // Only the token is edited.
        let path = folder.path().join("secret.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let token = second.secret.token().to_string();
        std::fs::write(&path, text.replace(&token, "0000-0000-0000-0000")).unwrap();
        assert_eq!(open().visitor(&headers), None);
    }
}
