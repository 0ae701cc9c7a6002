//! The same shaders in a browser: Chromium's compiler (Tint) refuses what naga accepts, and WebGPU
//! promises less than Vulkan. Runs in headless Chromium on its software adapter.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spat_shaders::{Stage, Task, twin};
use spat_spec::{Scaling, SendOptions, Sign};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const PATIENCE: Duration = Duration::from_secs(300);

/// One stage, what it is fed with, and what its twin makes of that.
struct Case {
    stage: Stage,
    inputs: Vec<Vec<f32>>,
    task: Task,
    expected: Vec<f32>,
}

fn numbers(length: usize) -> Vec<f32> {
    (0..length)
        .map(|place| ((place * 7_919 + 13) % 10_007) as f32 * 1e-6 - 4e-3)
        .collect()
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, scaling, sign) in [
        ([2, 4, 11, 11], Scaling::Standardise, Sign::Signed),
        ([1, 3, 7, 300], Scaling::Standardise, Sign::Absolute),
        ([2, 1, 1, 1_500], Scaling::None, Sign::Signed),
        ([530_000, 1, 1, 2], Scaling::Temperature(1e-3), Sign::Signed),
    ] {
        let options = SendOptions {
            scaling,
            sign,
            ..SendOptions::default()
        };
        let task = Task::dispersion(shape, 1, &options);
        let maps = numbers(shape.iter().product());

        let partials = twin::measure_spread(&maps, &task);
        let mut words: Vec<f32> = partials
            .iter()
            .flat_map(|part| [part.count, part.scale, part.mean, part.squares])
            .collect();
        if !partials.is_empty() {
            cases.push(Case {
                stage: Stage::MeasureSpread,
                inputs: vec![maps.clone()],
                task: task.spread(),
                expected: words.clone(),
            });
        }
        words.resize(words.len().max(4), 0.0);
        let sums = twin::disperse_rows(&maps, &partials, &task);
        let flat = sums.iter().copied().flatten().collect::<Vec<f32>>();
        cases.push(Case {
            stage: Stage::DisperseRows,
            inputs: vec![maps.clone(), words],
            task,
            expected: flat.clone(),
        });
        let before = vec![0.25; 2 + 2 * (shape[1] + 1)];
        cases.push(Case {
            stage: Stage::AccumulateScores,
            inputs: vec![flat, before.clone()],
            task: task.accumulation(),
            expected: twin::accumulate_scores(&sums, &before, &task.accumulation()),
        });
        // The largest tensor is there for the grid alone, and slow in a browser without a GPU.
        if shape[0] > 1_000 {
            continue;
        }
        let attention: Vec<f32> = maps.iter().map(|value| value.abs() * 50.0).collect();
        let sums = twin::measure_entropy(&attention, &task);
        cases.push(Case {
            stage: Stage::MeasureEntropy,
            inputs: vec![attention],
            task,
            expected: sums.into_iter().flatten().collect(),
        });
        cases.push(Case {
            stage: Stage::AverageMaps,
            expected: twin::average_maps(&maps, &task.cells()),
            inputs: vec![maps],
            task: task.cells(),
        });
    }
    cases
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_shader_runs_in_chromium_as_its_twin_does() {
    let cases = cases();
    let question: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "source": case.stage.source(),
                "entry": case.stage.name(),
                "inputs": case.inputs.iter().map(|input| bits(input)).collect::<Vec<_>>(),
                "length": case.expected.len(),
                "task": case.task.uniform(),
                "grid": case.task.grid(),
            })
        })
        .collect();
    let answer = ask(&Value::Array(question).to_string());
    assert!(answer["error"].is_null(), "{}", answer["error"]);

    let outputs = answer["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), cases.len());
    for (output, case) in outputs.iter().zip(&cases) {
        let name = case.stage.name();
        for (place, (value, expected)) in output
            .as_array()
            .unwrap()
            .iter()
            .zip(&case.expected)
            .enumerate()
        {
            let value = f32::from_bits(u32::try_from(value.as_u64().unwrap()).unwrap());
            assert!(
                (value - expected).abs() <= 1e-5 * expected.abs().max(1e-3),
                "{name} of {:?}, value {place}: {value:e} in Chromium, {expected:e} by the twin",
                case.task
            );
        }
    }
}

/// Serves the page to a browser and waits for its answer.
fn ask(cases: &str) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::start(
        &format!("http://{}/", listener.local_addr().unwrap()),
        profile.path(),
    );
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
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
    panic!("the browser did not answer within {PATIENCE:?}");
}

/// Answers one request; gives the body of the browser's answer.
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
        "/" => ("200 OK", "text/html", include_str!("chromium.html")),
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
