//! This program and PyTorch side by side: blocks of the same steps in turn, in one run.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::python::{python, scripts};
use crate::{cargo, root};

#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Threads for both sides.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Alternations; each gives one block of steps to each side.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only sizes whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// A size: its name, the request, and steps per block.
struct Size {
    name: &'static str,
    request: Value,
    steps: usize,
}

pub(crate) fn run(arguments: &BenchArguments) -> Result<()> {
    let mut ours = Worker::start(
        Command::new(our_worker()?).env("RAYON_NUM_THREADS", arguments.threads.to_string()),
    )?;
    let mut torch = Worker::start(
        Command::new(python()?)
            .arg(scripts().join("bench.py"))
            .args(["--threads", &arguments.threads.to_string()]),
    )?;
    println!("| size | what | spat, ms | PyTorch, ms | ratio, median (min–max) |");
    println!("|---|---|---|---|---|");
    for size in sizes()
        .iter()
        .filter(|size| size.name.contains(&arguments.only))
    {
        compare(size, arguments.rounds, &mut ours, &mut torch)?;
    }
    Ok(())
}

fn compare(size: &Size, rounds: usize, ours: &mut Worker, torch: &mut Worker) -> Result<()> {
    let mut dense_ms = [0.0; 2];
    for (pruned, what) in [(false, "dense"), (true, "pruned")] {
        for (place, mode) in ["train", "infer"].into_iter().enumerate() {
            let mut request = size.request.clone();
            request["mode"] = json!(mode);
            request["removed"] = if pruned {
                removed(&size.request)
            } else {
                json!([])
            };
            let (mut mine, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..=rounds {
                request["warmup"] = json!(usize::from(round == 0));
                request["steps"] = json!(size.steps);
                let own = ours.time(&request)?;
                // PyTorch's faster form at a size is the one that counts.
                let other = ["sdpa", "explicit"]
                    .into_iter()
                    .map(|attention| {
                        request["attention"] = json!(attention);
                        torch.time(&request)
                    })
                    .collect::<Result<Vec<_>>>()?
                    .into_iter()
                    .fold(f64::INFINITY, f64::min);
                if round > 0 {
                    mine.push(own);
                    theirs.push(other);
                    ratios.push(own / other);
                }
            }
            let [mine, theirs] = [mine, theirs].map(median);
            let (low, high) = spread(&ratios);
            println!(
                "| {} | {what}, {mode} | {mine:.1} | {theirs:.1} | {:.2} ({low:.2}–{high:.2}) |",
                size.name,
                median(ratios)
            );
            if pruned {
                let saved = 100.0 * (1.0 - mine / dense_ms[place]);
                println!(
                    "| {} | pruned against dense, {mode} | {saved:.1} % less time | | |",
                    size.name
                );
            }
            dense_ms[place] = mine;
        }
    }
    Ok(())
}

/// The upper half of the layers loses its attention.
fn removed(request: &Value) -> Value {
    let layers = request["layers"].as_u64().unwrap_or(1);
    json!((layers - layers.div_ceil(2)..layers).collect::<Vec<_>>())
}

fn sizes() -> Vec<Size> {
    let itransformer = |channels: usize, width: usize, layers: usize, batch: usize| {
        json!({
            "id": "0", "model": "itransformer", "channels": channels, "marks": 4, "lookback": 96, "horizon": 96,
            "d_model": width, "d_ff": width, "heads": 8, "layers": layers, "patch_len": 16, "stride": 8,
            "batch": batch, "dropout": 0.1
        })
    };
    let patchtst = |channels: usize,
                    heads: usize,
                    layers: usize,
                    feed_forward: usize,
                    batch: usize| {
        json!({
            "id": "0", "model": "patchtst", "channels": channels, "marks": 0, "lookback": 96, "horizon": 96,
            "d_model": 512, "d_ff": feed_forward, "heads": heads, "layers": layers, "patch_len": 16, "stride": 8,
            "batch": batch, "dropout": 0.1
        })
    };
    vec![
        Size {
            name: "iTransformer, ETTh1-like",
            request: itransformer(7, 256, 2, 32),
            steps: 20,
        },
        Size {
            name: "iTransformer, Weather-like",
            request: itransformer(21, 512, 3, 32),
            steps: 4,
        },
        Size {
            name: "iTransformer, 862 channels",
            request: itransformer(862, 512, 4, 4),
            steps: 1,
        },
        Size {
            name: "PatchTST, ETTh1-like",
            request: patchtst(7, 2, 1, 2048, 32),
            steps: 3,
        },
        Size {
            name: "PatchTST, Weather-like",
            request: patchtst(21, 4, 2, 2048, 32),
            steps: 1,
        },
        Size {
            name: "PatchTST, 862 channels",
            request: patchtst(862, 8, 2, 512, 1),
            steps: 1,
        },
    ]
}

/// Builds our worker and gives its path.
fn our_worker() -> Result<PathBuf> {
    let output = cargo()
        .args([
            "build",
            "--release",
            // The features of the whole workspace, as the tests have them: with those of one
            // package Burn would be built anew.
            "--workspace",
            "--exclude",
            "spat-series",
            "--bench",
            "step",
            "--message-format=json",
        ])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the bench worker does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "step")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo named no executable for the bench worker")
}

/// A process that times steps: a JSON request per line in, a JSON answer per line out.
struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let requests = child.stdin.take().context("the worker has no input")?;
        let answers = BufReader::new(child.stdout.take().context("the worker has no output")?);
        Ok(Self {
            child,
            requests,
            answers,
        })
    }

    /// Median milliseconds per step of one block.
    fn time(&mut self, request: &Value) -> Result<f64> {
        writeln!(self.requests, "{request}")?;
        self.requests.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value =
            serde_json::from_str(&line).with_context(|| format!("the worker answered {line:?}"))?;
        let times: Option<Vec<f64>> = answer["ms"]
            .as_array()
            .map(|times| times.iter().filter_map(Value::as_f64).collect());
        times
            .filter(|times| !times.is_empty())
            .map(median)
            .with_context(|| format!("the worker failed: {answer}"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn spread(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        })
}
