//! A server on this machine and a client that speaks to it byte by byte.
#![allow(dead_code)] // Each test file uses its own part.

pub(crate) mod client;
pub(crate) mod toy;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use spat_serve::{Page, Server, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A server that ends with its test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
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

    /// Ends as Ctrl-C does.
    pub(crate) fn end(&mut self) {
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

    /// The answer to these very bytes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that has refused already may have closed.
        stream.write_all(bytes).ok();
        Answer::read(&mut stream)
    }

    /// The answer to a request with these lines of headers; the host is a right one.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
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

    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> Answer {
        self.ask("GET", path, headers, "")
    }

    /// Hands a token in, as the join page's script does.
    pub(crate) fn join(&self, token: &str) -> Answer {
        let origin = format!("origin: http://{}", self.address);
        self.ask("POST", "/join", &[&origin], token)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// 0 if the connection was closed without one.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Everything until the server closes.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that is reset after the answer has still answered.
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

    /// The cookie that was given, as it goes back.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").unwrap().split(';').next();
        format!("cookie: {}", cookie.unwrap())
    }
}

/// A folder with a page in it, and beside it a file that nobody may see.
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

/// For this machine, on a free port.
pub(crate) fn local(folder: &TempDir) -> Settings {
    Settings {
        port: Some(0),
        ..Settings::local(page(folder))
    }
}
