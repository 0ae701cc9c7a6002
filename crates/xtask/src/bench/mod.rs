//! This program and PyTorch side by side: blocks of the same steps in turn, in one run.

mod browser;
mod memory;
mod profile;
mod window;
mod worker;

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::python::{python, scripts};

use worker::{Worker, our_worker};

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
    /// Beside TensorFlow.js in Chromium instead, and beside the native step on one thread.
    #[arg(long)]
    browser: bool,
    /// Where our own training step's time goes instead: by part, and by operation.
    #[arg(long)]
    profile: bool,
    /// The memory of the first training steps on both sides instead.
    #[arg(long)]
    memory: bool,
    /// The desktop program's window instead: its memory at rest, and a job in it beside the same job on
    /// the command line. Linux, with WebKitGTK's driver and Xvfb.
    #[arg(long)]
    window: bool,
}

/// A size: its name, the request, and steps per block.
struct Size {
    name: &'static str,
    request: Value,
    steps: usize,
}

pub(crate) fn run(arguments: &BenchArguments) -> Result<()> {
    if arguments.browser {
        return browser::run(arguments.rounds);
    }
    if arguments.window {
        return window::run(arguments.rounds);
    }
    let sizes: Vec<Size> = sizes()
        .into_iter()
        .filter(|size| size.name.contains(&arguments.only))
        .collect();
    let worker = our_worker()?;
    let ours = || start_ours(&worker, arguments.threads);
    if arguments.profile {
        return profile::run(&sizes, ours()?);
    }
    let python = python()?;
    let torch = || start_torch(&python, arguments.threads);
    if arguments.memory {
        return memory::run(&sizes, ours, torch);
    }
    let (mut ours, mut torch) = (ours()?, torch()?);
    println!("| size | what | spat, ms | PyTorch, ms | ratio, median (min–max) |");
    println!("|---|---|---|---|---|");
    for size in &sizes {
        compare(size, arguments.rounds, &mut ours, &mut torch)?;
    }
    Ok(())
}

fn start_ours(worker: &Path, threads: usize) -> Result<Worker> {
    Worker::start(Command::new(worker).env("RAYON_NUM_THREADS", threads.to_string()))
}

fn start_torch(python: &Path, threads: usize) -> Result<Worker> {
    Worker::start(
        Command::new(python)
            .arg(scripts().join("bench.py"))
            .args(["--threads", &threads.to_string()]),
    )
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

/// An iTransformer with look-back and horizon 96 on channels with dates.
fn itransformer(channels: usize, width: usize, layers: usize, batch: usize) -> Value {
    json!({
        "id": "0", "model": "itransformer", "channels": channels, "marks": 4, "lookback": 96, "horizon": 96,
        "d_model": width, "d_ff": width, "heads": 8, "layers": layers, "patch_len": 16, "stride": 8,
        "batch": batch, "dropout": 0.1
    })
}

fn sizes() -> Vec<Size> {
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
            name: "iTransformer, 11 tokens",
            request: itransformer(7, 128, 2, 32),
            steps: 40,
        },
        Size {
            name: "iTransformer, one window",
            request: itransformer(7, 256, 2, 1),
            steps: 100,
        },
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
            name: "iTransformer, 321 channels",
            request: itransformer(321, 512, 3, 16),
            steps: 1,
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
