//! A headless Chromium that runs the cases and posts the results.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const TIMEOUT: Duration = Duration::from_secs(300);

/// Serves the page to a browser and waits for its results.
pub(crate) fn ask(cases: &str) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::start(
        &format!("http://{}/", listener.local_addr().unwrap()),
        profile.path(),
    );
    let started = Instant::now();
    while started.elapsed() < TIMEOUT {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(answer) = serve(stream, cases) {
                    drop(browser);
                    return answer;
                }
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("the browser did not post its results within {TIMEOUT:?}");
}

/// Answers one request; returns the body of the browser's results.
fn serve(mut stream: TcpStream, cases: &str) -> Option<Value> {
    stream.set_nonblocking(false).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, kind, text) = match request.split(' ').nth(1)? {
        "/" => ("200 OK", "text/html", include_str!("page.html")),
        "/cases" => ("200 OK", "application/json", cases),
        "/answer" => ("200 OK", "text/plain", ""),
        _ => ("404 Not Found", "text/plain", ""),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .ok()?;
    if request.starts_with("POST /answer") {
        return serde_json::from_slice(&body).ok();
    }
    None
}

struct Browser(Child);

impl Browser {
    fn start(address: &str, profile: &std::path::Path) -> Self {
        let child = NAMES.iter().find_map(|name| {
            Command::new(name)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--no-first-run",
                    "--disable-quic",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--enable-unsafe-webgpu",
                    "--use-webgpu-adapter=swiftshader",
                ])
                .arg(format!("--user-data-dir={}", profile.display()))
                .arg(address)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()
        });
        Self(child.expect("no Chromium on the PATH; `cargo xtask test` installs it on Debian"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
