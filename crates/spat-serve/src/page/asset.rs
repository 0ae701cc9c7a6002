//! A file of the page and its HTTP responses.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Smaller files fit one packet uncompressed, in bytes.
const MIN_COMPRESSED: usize = 1024;

#[derive(Debug)]
pub(crate) struct Asset {
    content_type: HeaderValue,
    bytes: Bytes,
    /// The bytes in gzip; `None` inside if they are not smaller.
    gzip: OnceLock<Option<Bytes>>,
    /// Hash of the bytes, in hexadecimal.
    hash: String,
    /// The name contains a hash of the content.
    immutable: bool,
}

impl Asset {
    pub(crate) fn new(name: &str, bytes: Vec<u8>) -> Self {
        let hash = Sha256::digest(&bytes);
        Self {
            content_type: content_type(name),
            hash: hex::encode(&hash[..12]),
            immutable: is_hashed(name),
            bytes: Bytes::from(bytes),
            gzip: OnceLock::new(),
        }
    }

    /// The content as text; empty if it is not UTF-8.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    pub(crate) fn compress(&self) {
        self.gzip.get_or_init(|| {
            if self.bytes.len() < MIN_COMPRESSED {
                return None;
            }
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&self.bytes).ok()?;
            let small = encoder.finish().ok()?;
            (small.len() * 10 < self.bytes.len() * 9).then(|| Bytes::from(small))
        });
    }

    /// The response to a request with these headers.
    pub(crate) fn respond(&self, request: &HeaderMap) -> Response {
        let gzip = self.gzip.get().and_then(Option::as_ref);
        let gzip = gzip.filter(|_| accepts_gzip(request));
        let suffix = if gzip.is_some() { "-gz" } else { "" };
        let tag: Option<ETag> = format!("\"{}{suffix}\"", self.hash).parse().ok();
        let condition = request.typed_get::<IfNoneMatch>();
        let known = condition
            .zip(tag.as_ref())
            .is_some_and(|(condition, tag)| !condition.precondition_passes(tag));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let bytes = gzip.unwrap_or(&self.bytes).clone();
            let length = HeaderValue::from(bytes.len());
            let mut response = Body::from(bytes).into_response();
            response.headers_mut().insert(CONTENT_LENGTH, length);
            response
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        if gzip.is_some() && !known {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        let cache = if self.immutable {
            "private, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Some(tag) = tag {
            headers.typed_insert(tag);
        }
        response
    }
}

/// The content type by the file extension; text is UTF-8. Browsers do not run or display files of
/// unknown types.
fn content_type(name: &str) -> HeaderValue {
    let essence = mime_guess::from_path(name).first_raw();
    match essence {
        Some(text) if text.starts_with("text/") => {
            HeaderValue::try_from(format!("{text}; charset=utf-8")).ok()
        }
        other => other.map(HeaderValue::from_static),
    }
    .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get(ACCEPT_ENCODING);
    accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                parts.next() == Some("gzip") && !parts.any(|weight| weight == "q=0")
            })
        })
}

/// Whether Trunk has put a hash into the name, as in `spat-app-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let Some((stem, "css" | "js" | "wasm")) = name.rsplit_once('.') else {
        return false;
    };
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        (8..=16).contains(&hash.len())
            && hash
                .bytes()
                .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ETAG, IF_NONE_MATCH};

    use super::*;

    #[test]
    fn content_types_follow_extensions() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("spat-app.js", "text/javascript; charset=utf-8"),
            ("theme.css", "text/css; charset=utf-8"),
            ("spat-app_bg.wasm", "application/wasm"),
            ("demo/weather.csv", "text/csv; charset=utf-8"),
            ("manifest.webmanifest", "application/manifest+json"),
            ("icon.svg", "image/svg+xml"),
            ("font.woff2", "font/woff2"),
            ("data.safetensors", "application/octet-stream"),
        ] {
            assert_eq!(content_type(name), expected, "{name}");
        }
    }

    #[test]
    fn hashed_names_are_found() {
        assert!(is_hashed("spat-app-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("theme-6d1cf0d2dd4d8b1a.css"));
        assert!(!is_hashed("spat-worker_loader.js"));
        assert!(!is_hashed("weather-20130101.csv"));
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let asset = Asset::new("a.css", vec![b'a'; 5000]);
        asset.compress();
        let mut request = HeaderMap::new();
        request.insert(ACCEPT_ENCODING, HeaderValue::from_static("br, gzip"));
        let first = asset.respond(&request);
        assert_eq!(first.headers()[CONTENT_ENCODING], "gzip");
        request.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        assert_eq!(asset.respond(&request).status(), StatusCode::NOT_MODIFIED);
        request.remove(ACCEPT_ENCODING);
        let plain = asset.respond(&request);
        assert_eq!(plain.status(), StatusCode::OK);
        assert_eq!(plain.headers()[CONTENT_LENGTH], "5000");
    }
}
