//! Tests of the HTTP server without a host's engine.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use nonzero_ext::nonzero;
use spat_serve::{Limits, Quota, Secret, ServeError, Server, Settings};
use support::{HttpResponse, TestServer, local, page_folder};

#[test]
fn files_have_content_types_caching_and_security_headers() {
    let folder = page_folder();
    let server = TestServer::start(local(&folder));
    let index = server.get("/", &[]);
    assert_eq!(index.status, 200);
    assert!(index.text().contains("the page"));
    assert_eq!(
        index.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(index.header("cache-control"), Some("no-cache"));
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'self'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(index.header(name), Some(value), "{name}");
    }
    let module = server.get("/app-0123456789abcdef_bg.wasm", &[]);
    assert_eq!(module.header("content-type"), Some("application/wasm"));
    assert!(
        module
            .header("cache-control")
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(module.body.len(), 3 << 20);

    let tag = format!("if-none-match: {}", index.header("etag").unwrap());
    let again = server.get("/", &[&tag]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let head = server.request("HEAD", "/", &[], "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    let own = format!("origin: http://{}", server.address);
    assert_eq!(server.request("DELETE", "/", &[&own], "").status, 405);
}

#[test]
fn large_files_are_compressed() {
    let folder = page_folder();
    let server = TestServer::start(local(&folder));
    let small = || {
        server.get(
            "/app-0123456789abcdef_bg.wasm",
            &["accept-encoding: gzip, br"],
        )
    };
    // Compression takes place in the background.
    let begun = Instant::now();
    while small().header("content-encoding").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(50));
    }
    let small = small();
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert!(small.body.len() < 100_000, "{} bytes", small.body.len());
    assert_eq!(small.header("vary"), Some("accept-encoding"));
}

#[test]
fn paths_do_not_leave_the_page() {
    let folder = page_folder();
    let server = TestServer::start(local(&folder));
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/lessons/../../secret.txt",
        "/..\\secret.txt",
        "/....//secret.txt",
        "//etc/passwd",
        "/etc/passwd",
        "/%00",
        "/index.html%00.js",
        "/?/../secret.txt/..",
    ] {
        let response = server.get(path, &[]);
        assert!(
            !response.text().contains("nobody") && !response.text().contains("root:"),
            "{path}"
        );
        assert!(
            matches!(response.status, 400 | 404) || path.starts_with("/?"),
            "{path}: {response:?}"
        );
    }
    let lessons = server.get("/lessons", &[]);
    assert_eq!(
        (lessons.status, lessons.header("location")),
        (308, Some("/lessons/"))
    );
    assert_eq!(server.get("/lessons/", &[]).text(), "the lessons");
    assert_eq!(server.get("//example.org", &[]).status, 404);
}

#[test]
fn other_hosts_and_origins_are_rejected() {
    let folder = page_folder();
    let server = TestServer::start(local(&folder));
    let named = |host: &str| {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        server.raw(request.as_bytes()).status
    };
    assert_eq!(named(&server.address.to_string()), 200);
    assert_eq!(named("localhost"), 200);
    assert_eq!(
        named("evil.example"),
        421,
        "a name that could resolve to this machine"
    );
    assert_eq!(named("192.168.7.7"), 421, "not bound to the network");
    assert_eq!(named("127.0.0.1.evil.example"), 421);
    let without = server.raw(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n");
    assert!(matches!(without.status, 400 | 421), "{without:?}");

    let foreign = server.get("/", &["origin: https://evil.example"]);
    assert_eq!(foreign.status, 403);
    assert!(!foreign.text().contains("the page"));
    assert_eq!(server.get("/", &["origin: null"]).status, 403);
    let own = format!("origin: http://{}", server.address);
    assert_eq!(server.get("/", &[&own]).status, 200);
    assert!(
        server
            .get("/", &[])
            .header("access-control-allow-origin")
            .is_none()
    );
}

fn guarded(folder: &tempfile::TempDir) -> (TestServer, String) {
    let secret = Secret::random().unwrap();
    let token = secret.token().to_string();
    let settings = Settings {
        secret: Some(secret),
        ..local(folder)
    };
    (TestServer::start(settings), token)
}

#[test]
fn access_requires_the_token() {
    let folder = page_folder();
    let (server, token) = guarded(&folder);
    let denied = server.get("/", &["accept: text/html"]);
    assert_eq!(denied.status, 401);
    assert!(denied.text().contains("id=\"token\"") && !denied.text().contains("the page"));
    assert!(
        denied
            .header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert_eq!(server.get("/app-0123456789abcdef_bg.wasm", &[]).status, 401);
    assert_eq!(server.get("/join", &[]).status, 200);
    assert_eq!(
        server.get("/join.js", &[]).header("content-type"),
        Some("text/javascript; charset=utf-8")
    );

    for wrong in [
        "",
        "0000-0000-0000-0000",
        "é",
        &token[..18],
        &format!("{token}0"),
    ] {
        let rejected = server.join(wrong);
        assert_eq!(rejected.status, 403, "{wrong}");
        assert!(rejected.header("set-cookie").is_none());
        assert!(!rejected.text().contains(&token));
    }
    let without_origin = server.request("POST", "/join", &[], &token);
    assert_eq!(without_origin.status, 403, "a request without an origin");

    let joined = server.join(&token.to_lowercase());
    assert_eq!(joined.status, 204);
    let cookie = joined.cookie();
    assert!(server.get("/", &[&cookie]).text().contains("the page"));
    // Every visit renews the cookie.
    let visit = server.get("/", &[&cookie]);
    assert_eq!(visit.cookie(), cookie);
    assert!(
        visit
            .header("set-cookie")
            .unwrap()
            .contains("Max-Age=34560000")
    );
    let module = server.get("/app-0123456789abcdef_bg.wasm", &[&cookie]);
    assert!(module.header("set-cookie").is_none());
    let mut forged = cookie.clone();
    forged.replace_range(
        forged.len() - 1..,
        if forged.ends_with('0') { "1" } else { "0" },
    );
    assert_eq!(server.get("/", &[&forged]).status, 401);
    assert!(!cookie.contains(&token) && !cookie.contains(&token.replace('-', "")));

    let (other, _) = guarded(&folder);
    assert_eq!(
        other.get("/", &[&cookie]).status,
        401,
        "a cookie of another server"
    );
}

#[test]
fn join_attempts_are_limited() {
    let folder = page_folder();
    let secret = Secret::random().unwrap();
    let limits = Limits {
        attempts: Quota::per_hour(nonzero!(36u32)).allow_burst(nonzero!(5u32)),
        ..Limits::default()
    };
    let settings = Settings {
        secret: Some(secret.clone()),
        limits,
        ..local(&folder)
    };
    let server = TestServer::start(settings);
    for _ in 0..5 {
        assert_eq!(server.join("0000-0000-0000-0000").status, 403);
    }
    let waits = server.join(&secret.token().to_string());
    assert_eq!(waits.status, 429, "also for the right token");
    assert!(waits.header("retry-after").is_some());
}

#[test]
fn clients_behind_the_proxy_are_told_apart() {
    let folder = page_folder();
    let secret = Secret::random().unwrap();
    let token = secret.token().to_string();
    let limits = Limits {
        attempts: Quota::per_hour(nonzero!(36u32)).allow_burst(nonzero!(5u32)),
        ..Limits::default()
    };
    let with_proxy = |proxy: [u8; 4]| {
        TestServer::start(Settings {
            secret: Some(secret.clone()),
            proxy: Some(IpAddr::from(proxy)),
            limits,
            ..local(&folder)
        })
    };
    let join = |server: &TestServer, client: &str, scheme: &str, token: &str| {
        let origin = format!("origin: {scheme}://{}", server.address);
        let client = format!("x-forwarded-for: 198.51.100.1, {client}");
        let scheme = format!("x-forwarded-proto: {scheme}");
        server.request("POST", "/join", &[&origin, &client, &scheme], token)
    };
    let server = with_proxy([127, 0, 0, 1]);
    for _ in 0..5 {
        let rejected = join(&server, "203.0.113.1", "https", "0000-0000-0000-0000");
        assert_eq!(rejected.status, 403);
    }
    assert_eq!(join(&server, "203.0.113.1", "https", &token).status, 429);
    let joined = join(&server, "203.0.113.2", "https", &token);
    assert_eq!(joined.status, 204, "another client has its own attempts");
    assert!(joined.header("set-cookie").unwrap().contains("; Secure"));
    let plain = join(&server, "203.0.113.2", "http", &token);
    assert!(!plain.header("set-cookie").unwrap().contains("Secure"));

    // Requests of other addresses are not believed.
    let server = with_proxy([192, 0, 2, 1]);
    for last in 1..=5 {
        join(&server, &format!("203.0.113.{last}"), "https", "wrong");
    }
    assert_eq!(join(&server, "203.0.113.9", "https", &token).status, 429);
}

#[test]
fn the_access_log_has_no_secrets() {
    let folder = page_folder();
    let secret = Secret::random().unwrap();
    let token = secret.token().to_string();
    let path = folder.path().join("access.log");
    let server = TestServer::start(Settings {
        secret: Some(secret),
        access_log: Some(path.clone()),
        ..local(&folder)
    });
    let cookie = server.join(&token).cookie();
    server.get(&format!("/?token={token}"), &[&cookie]);
    server.get(&format!("/join/{token}"), &[&cookie]);
    server.get("/nothing?session=0123", &[&cookie]);
    let log = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    assert!(lines[0].contains(" 127.0.0.1 POST /join 204 "), "{log}");
    assert!(
        lines[1].contains(" GET / 200 ") && lines[2].contains(" GET [token] "),
        "{log}"
    );
    assert!(lines[3].contains(" GET /nothing 404 "), "{log}");
    let value = cookie.split_once('=').unwrap().1;
    for secret in [token.as_str(), value, &token.replace('-', ""), "0123"] {
        assert!(!log.contains(secret), "{log}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn requests_are_limited() {
    let folder = page_folder();
    let limits = Limits {
        requests: Quota::per_second(nonzero!(5u32)).allow_burst(nonzero!(20u32)),
        ..Limits::default()
    };
    let server = TestServer::start(Settings {
        limits,
        ..local(&folder)
    });
    let statuses: Vec<_> = (0..40).map(|_| server.get("/", &[]).status).collect();
    assert!(statuses[..20].iter().all(|status| *status == 200));
    assert!(statuses.contains(&429), "{statuses:?}");
    thread::sleep(Duration::from_millis(500));
    assert_eq!(
        server.get("/", &[]).status,
        200,
        "the limit is lifted with time"
    );
}

#[test]
fn an_incomplete_request_times_out() {
    let folder = page_folder();
    let limits = Limits {
        header_timeout: Duration::from_millis(400),
        ..Limits::default()
    };
    let server = TestServer::start(Settings {
        limits,
        ..local(&folder)
    });
    let mut slow: Vec<_> = (0..20).map(|_| server.connect()).collect();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        for stream in &mut slow {
            // An error means that the server has closed the connection.
            stream.write_all(b"G").ok();
        }
        assert_eq!(
            server.get("/", &[]).status,
            200,
            "others are served meanwhile"
        );
        thread::sleep(Duration::from_millis(100));
    }
    for mut stream in slow {
        let response = HttpResponse::read(&mut stream);
        assert!(matches!(response.status, 0 | 400 | 408), "{response:?}");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "closed, not waited for"
    );
}

#[test]
fn a_client_that_reads_nothing_times_out() {
    let folder = page_folder();
    let limits = Limits {
        idle_timeout: Duration::from_millis(400),
        connections_per_client: 12,
        ..Limits::default()
    };
    let server = TestServer::start(Settings {
        limits,
        ..local(&folder)
    });
    let request = format!(
        "GET /app-0123456789abcdef_bg.wasm HTTP/1.1\r\nhost: {}\r\n\r\n",
        server.address
    );
    let mut idle = Vec::new();
    for _ in 0..10 {
        let mut stream = server.connect();
        // More responses than the socket buffers hold.
        for _ in 0..8 {
            stream.write_all(request.as_bytes()).unwrap();
        }
        idle.push(stream);
    }
    assert_eq!(
        server.get("/", &[]).status,
        200,
        "others are served meanwhile"
    );
    thread::sleep(Duration::from_millis(1500));
    // Their connections are closed; otherwise these would exceed the limit.
    let fresh: Vec<_> = (0..11).map(|_| server.connect()).collect();
    assert_eq!(server.get("/", &[]).status, 200);
    drop((idle, fresh));
}

#[test]
fn connections_per_client_are_limited() {
    let folder = page_folder();
    let limits = Limits {
        connections_per_client: 5,
        ..Limits::default()
    };
    let server = TestServer::start(Settings {
        limits,
        ..local(&folder)
    });
    let held: Vec<_> = (0..5).map(|_| server.connect()).collect();
    // The server counts connections as it accepts them.
    thread::sleep(Duration::from_millis(200));
    let mut one_more = server.connect();
    let rejected = HttpResponse::read(&mut one_more);
    assert_eq!(rejected.status, 503);
    assert_eq!(rejected.text().len(), 52);
    drop(held);
    let begun = Instant::now();
    while server.get("/", &[]).status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "permits are not released"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn oversized_and_invalid_requests_are_rejected() {
    let folder = page_folder();
    let (server, _) = guarded(&folder);
    let long = format!("x-long: {}", "x".repeat(40 << 10));
    let head = server.get("/", &[&long]);
    assert!(matches!(head.status, 0 | 400 | 431), "{}", head.status);
    let many: Vec<_> = (0..200).map(|number| format!("x-{number}: 1")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(server.get("/", &many).status, 431);
    assert_eq!(server.join(&"0".repeat(1000)).status, 413);
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        &[0; 512],
        b"HELO\r\n\r\n",
    ] {
        let response = server.raw(&[garbage, b"\r\n\r\n"].concat());
        assert!(matches!(response.status, 0 | 400), "{response:?}");
    }
    assert_eq!(
        server.get("/join", &[]).status,
        200,
        "the server still works"
    );
}

#[test]
fn fifty_visitors_at_once_get_the_page() {
    let folder = page_folder();
    let (server, token) = guarded(&folder);
    thread::scope(|scope| {
        let visits: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let cookie = server.join(&token).cookie();
                    let index = server.get("/", &[&cookie]);
                    let module = server.get("/app-0123456789abcdef_bg.wasm", &[&cookie]);
                    (cookie, index.status, module.body.len())
                })
            })
            .collect();
        let mut cookies = Vec::new();
        for visit in visits {
            let (cookie, status, bytes) = visit.join().unwrap();
            assert_eq!((status, bytes), (200, 3 << 20));
            cookies.push(cookie);
        }
        cookies.sort();
        cookies.dedup();
        assert_eq!(cookies.len(), 50, "every visitor has a cookie of its own");
    });
}

#[test]
fn connections_are_kept_alive() {
    let folder = page_folder();
    let server = TestServer::start(local(&folder));
    let mut stream = server.connect();
    let request = format!("HEAD / HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 15];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
        let mut rest = Vec::new();
        let mut byte = [0];
        while !rest.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            rest.push(byte[0]);
        }
    }
}

fn bind(settings: Settings) -> Result<std::net::SocketAddr, ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { Server::bind(settings).await.map(|server| server.address()) })
}

#[test]
fn bind_errors_give_advice() {
    let folder = page_folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = bind(Settings {
        port: Some(port),
        ..local(&folder)
    })
    .unwrap_err();
    assert!(matches!(error, ServeError::PortTaken(_)));
    assert!(error.to_string().contains("--port"), "{error}");
    let error = bind(Settings {
        bind: IpAddr::from([203, 0, 113, 9]),
        ..local(&folder)
    })
    .unwrap_err();
    assert!(matches!(error, ServeError::NoSuchAddress(_)));
    assert!(error.to_string().contains("0.0.0.0"), "{error}");
    let empty = tempfile::TempDir::new().unwrap();
    let error = spat_serve::Page::in_folder(empty.path()).unwrap_err();
    assert!(error.to_string().contains("cargo xtask dist"), "{error}");
}

#[test]
fn links_contain_the_token_if_access_needs_one() {
    let folder = page_folder();
    let secret = Secret::random().unwrap();
    let token = secret.token().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let open = Server::bind(local(&folder)).await.unwrap();
        assert_eq!(open.link(), format!("http://{}/", open.address()));
        assert_eq!(open.network_link(), None);
        let settings = Settings {
            bind: IpAddr::from([0, 0, 0, 0]),
            secret: Some(secret),
            ..local(&folder)
        };
        let server = Server::bind(settings).await.unwrap();
        let port = server.address().port();
        assert_eq!(
            server.link(),
            format!("http://127.0.0.1:{port}/join#{token}")
        );
        if let Some(link) = server.network_link() {
            assert!(link.ends_with(&format!(":{port}/join#{token}")) && !link.contains("0.0.0.0"));
        }
    });
}
