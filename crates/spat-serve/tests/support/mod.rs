//! A local server, and an HTTP client that controls every byte.
#![allow(dead_code)] // Each test file uses a part.

pub(crate) mod client;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use spat_serve::{Page, Server, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A server that stops when this is dropped.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub(crate) fn start(settings: Settings) -> Self {
        let (address, listening) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let server = Server::bind(settings).await.unwrap();
                address.send(server.address()).unwrap();
                server
                    .run(async {
                        stopped.await.ok();
                    })
                    .await;
            });
        });
        Self {
            address: listening.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops the server, as Ctrl-C does.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    /// The response to these bytes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> HttpResponse {
        let mut stream = self.connect();
        // A server that rejects the request may have closed the connection.
        stream.write_all(bytes).ok();
        HttpResponse::read(&mut stream)
    }

    /// The response to a request with these header lines and the right host.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> HttpResponse {
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        for header in headers {
            text += header;
            text += "\r\n";
        }
        self.raw(format!("{text}\r\n{body}").as_bytes())
    }

    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> HttpResponse {
        self.request("GET", path, headers, "")
    }

    /// Posts a token, as the join page's script does.
    pub(crate) fn join(&self, token: &str) -> HttpResponse {
        let origin = format!("origin: http://{}", self.address);
        self.request("POST", "/join", &[&origin], token)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    /// 0 if the connection was closed without a response.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// Reads until the server closes the connection.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A reset after the response does not matter.
        stream.read_to_end(&mut bytes).ok();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.map_or(bytes.len(), |end| end + 4);
        let body = bytes.split_off(end);
        let head = String::from_utf8(bytes).unwrap();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Self { status, head, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The cookie of the response, as a header line of a request.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").unwrap().split(';').next();
        format!("cookie: {}", cookie.unwrap())
    }
}

/// A folder with a page in it, and a file beside the page that must not be served.
pub(crate) fn page_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("secret.txt", b"nobody may see this");
    write(
        "page/index.html",
        b"<!doctype html><html><head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\"></head><body>the page</body></html>",
    );
    write("page/app-0123456789abcdef_bg.wasm", &vec![7; 3 << 20]);
    write("page/lessons/index.html", b"the lessons");
    folder
}

pub(crate) fn page(folder: &TempDir) -> Page {
    Page::in_folder(&folder.path().join("page")).unwrap()
}

/// Settings for this machine, on a free port.
pub(crate) fn local(folder: &TempDir) -> Settings {
    Settings {
        port: Some(0),
        ..Settings::local(page(folder))
    }
}
