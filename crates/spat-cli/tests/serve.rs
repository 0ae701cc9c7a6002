//! `spat serve`: started, visited, stopped, killed.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]
#![allow(dead_code)] // The borrowed client can more than is needed here.

#[path = "../../spat-serve/tests/support/client.rs"]
mod client;
#[cfg(target_os = "linux")]
#[path = "serve/engine_process.rs"]
mod engine_process;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use client::{Client, event, is_done};
use spat_spec::{Event, Report, Window};
use tempfile::TempDir;

struct Serving {
    child: Child,
    link: String,
    address: SocketAddr,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spat(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spat"));
    command
        .current_dir(folder)
        .arg("serve")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn serve(folder: &Path, arguments: &[&str]) -> Serving {
    let arguments = [&["--no-open", "--page", "page"], arguments].concat();
    start(spat(folder, &arguments))
}

/// The server of a command, once it has printed its link.
fn start(mut command: Command) -> Serving {
    let mut child = command.spawn().unwrap();
    let mut link = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut link)
        .unwrap();
    let link = link.trim().to_owned();
    let place = link
        .strip_prefix("http://")
        .and_then(|rest| rest.split('/').next());
    let address = place.and_then(|place| place.parse().ok());
    let Some(address) = address else {
        child.kill().ok();
        let mut printed = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut printed)
            .unwrap();
        panic!("{link}: {printed}");
    };
    Serving {
        child,
        link,
        address,
    }
}

impl Serving {
    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Exit code and standard error.
    fn ended(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut printed = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut printed)
            .unwrap();
        (status.code(), printed)
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "{request}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        let host = self.address;
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        ))
    }

    /// A session cookie for the token in the link, as a header line.
    fn join(&self) -> String {
        let (host, token) = (self.address, self.link.split_once('#').unwrap().1);
        let answer = self.ask(&format!(
            "POST /join HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{token}",
            token.len()
        ));
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .unwrap();
        format!("cookie: {}", cookie.split(';').next().unwrap())
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("page")).unwrap();
    let index = "<!doctype html><html><head></head><body>the page</body></html>";
    fs::write(folder.path().join("page/index.html"), index).unwrap();
    folder
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_prints_its_address_serves_the_page_and_ends_on_interrupt() {
    let folder = folder();
    let server = serve(folder.path(), &["--port", "0"]);
    assert!(server.link.starts_with("http://127.0.0.1:") && server.link.ends_with('/'));
    let index = server.get("/");
    assert!(
        index.starts_with("HTTP/1.1 200") && index.contains("the page"),
        "{index}"
    );
    assert!(
        server
            .get("/../page/index.html")
            .starts_with("HTTP/1.1 404")
    );
    server.signal("-INT");
    let (code, printed) = server.ended();
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("ending") && printed.contains("the server has ended"),
        "{printed}"
    );
}

#[test]
fn in_a_network_it_prints_a_join_link_and_asks_for_its_token() {
    let folder = folder();
    let server = serve(folder.path(), &["--port", "0", "--bind", "0.0.0.0"]);
    let token = server.link.split_once("/join#").unwrap().1.to_owned();
    assert!(server.get("/").starts_with("HTTP/1.1 401"));
    let cookie = server.join();
    let host = server.address;
    let index = server.ask(&format!(
        "GET / HTTP/1.1\r\nhost: {host}\r\n{cookie}\r\nconnection: close\r\n\r\n"
    ));
    assert!(index.contains("the page"), "{index}");
    server.signal("-TERM");
    let (code, printed) = server.ended();
    assert_eq!(code, Some(0));
    // The join link is printed once, and the token nowhere else.
    assert!(printed.matches(&token).count() <= 1, "{printed}");
}

#[test]
fn the_token_is_in_no_command_line() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let browser = folder.path().join("browser");
    // Records its arguments and a copy of the file that it opens.
    let script = "#!/bin/sh\ncp -p \"${1#file://}\" seen.html\necho \"$@\" > arguments.part\n\
                  mv arguments.part arguments\n";
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = spat(
        folder.path(),
        &["--page", "page", "--port", "0", "--bind", "0.0.0.0"],
    );
    command.env("BROWSER", format!("{} %s", browser.display()));
    let server = start(command);
    let arguments = folder.path().join("arguments");
    let begun = Instant::now();
    while !arguments.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "no browser is opened"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let token = server.link.split_once("/join#").unwrap().1.to_owned();
    let arguments = fs::read_to_string(arguments).unwrap();
    let path = arguments.trim().strip_prefix("file://").unwrap();
    assert!(!arguments.contains(&token), "{arguments}");
    assert!(Path::new(path).exists());
    let seen = folder.path().join("seen.html");
    assert!(fs::read_to_string(&seen).unwrap().contains(&server.link));
    assert_eq!(
        fs::metadata(&seen).unwrap().permissions().mode() & 0o777,
        0o600
    );
    server.signal("-INT");
    assert_eq!(server.ended().0, Some(0));
    assert!(!Path::new(path).parent().unwrap().exists(), "it is removed");
}

#[test]
fn what_is_wrong_is_told_with_a_way_out() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = spat(folder.path(), arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            printed(&output)
        );
        for word in words {
            assert!(
                printed(&output).contains(word),
                "{word}: {}",
                printed(&output)
            );
        }
    };
    refused(
        &["--no-open", "--page", "page", "--port", &port],
        &["is taken", "--port"],
    );
    refused(
        &["--no-open", "--page", "page", "--bind", "203.0.113.9"],
        &["no address 203.0.113.9", "0.0.0.0"],
    );
    refused(
        &["--no-open", "--page", "nowhere"],
        &["holds no page", "cargo xtask dist"],
    );
    refused(&["--no-open", "--bind", "elsewhere"], &["--bind"]);
    refused(
        &["--no-open", "--page", "page", "--turn", "3"],
        &["--turn 3 is for", "--engine host", "leave it out"],
    );
    refused(
        &[
            "--no-open",
            "--page",
            "page",
            "--engine",
            "browser",
            "--threads",
            "1",
            "--device",
            "cpu",
        ],
        &["--device cpu --threads 1 are for", "leave them out"],
    );
}

#[test]
fn killed_in_mid_run_it_goes_on_after_a_restart() {
    let folder = folder();
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port().to_string()
    };
    let options = [
        "--port",
        &port,
        "--engine",
        "host",
        "--device",
        "cpu",
        "--threads",
        "1",
    ];
    let forecaster = spat_testing::itransformer(Window::new(24, 12, 3), 2, false);
    let mut experiment = spat_testing::experiment(forecaster);
    experiment.training.epochs = 40;
    experiment.seed = 6;
    let bytes = spat_testing::table(400);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();

    let server = serve(folder.path(), &options);
    let (link, cookie, address) = (server.link.clone(), server.join(), server.address);
    runtime.block_on(async {
        let mut client = Client::open_page(address, &cookie).await;
        client.open("killed", Some(&bytes)).await;
        client.train(&experiment).await;
        client
            // The first epoch's checkpoint exists once the second epoch is reported.
            .until(|notice| {
                matches!(event(notice), Some(Event::Epoch { result, .. }) if result.epoch == 2)
            })
            .await;
    });
    server.signal("-KILL");
    drop(server);

    let server = serve(folder.path(), &options);
    assert_eq!(server.link, link, "the join link stays");
    let run = |name: &'static str, table: Option<Vec<u8>>, cookie: String| {
        let experiment = experiment.clone();
        async move {
            let mut client = Client::open_page(address, &cookie).await;
            client.open(name, table.as_deref()).await;
            client.train(&experiment).await;
            client.prune(&experiment).await;
            let messages = client.until(is_done).await;
            let resumed = messages
                .iter()
                .filter_map(event)
                .any(|event| matches!(event, Event::Started { resumed: true, .. }));
            let Some(Event::Done { report }) = messages.last().and_then(event) else {
                unreachable!();
            };
            (resumed, (**report).clone())
        }
    };
    let figures = |report: &Report| Report {
        command: String::new(),
        ..report.clone().without_timings()
    };
    // The cookie from before the kill is still valid, and the run resumes.
    let (resumed, killed) = runtime.block_on(run("killed", None, cookie));
    assert!(resumed);
    let (_, whole) = runtime.block_on(run("whole", Some(bytes), server.join()));
    assert_eq!(figures(&killed), figures(&whole));
    server.signal("-INT");
    assert_eq!(server.ended().0, Some(0));

    // The command in the report reproduces it, in the run's folder.
    assert!(whole.command.contains("spat serve --engine host"));
    let visitors = folder.path().join("served/visitors");
    let run = fs::read_dir(visitors)
        .unwrap()
        .map(|visitor| visitor.unwrap().path().join("whole"))
        .find(|run| run.is_dir())
        .unwrap();
    let again = by_shell(&whole.command, &run);
    assert_eq!(
        figures(&again),
        Report {
            data: again.data.clone(),
            ..figures(&whole)
        }
    );
}

/// The report of a command that is run in `folder`.
fn by_shell(command: &str, folder: &Path) -> Report {
    let programs = Path::new(env!("CARGO_BIN_EXE_spat")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", programs.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {}", printed(&output));
    let made = fs::read_dir(folder.join("runs")).unwrap().next().unwrap();
    let report = fs::read(made.unwrap().path().join("report.json")).unwrap();
    serde_json::from_slice(&report).unwrap()
}
