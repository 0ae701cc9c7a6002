//! This program and PyTorch side by side: blocks of the same steps in turn, in one run.

mod browser;
mod memory;
mod profile;
mod sides;
mod window;
mod worker;

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::python::{python, scripts};

use sides::Sides;
use worker::{Worker, our_worker};

#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Threads for both sides.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Alternations; each gives one block of steps to each side.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where both sides compute: `gpu` is the first card here and CUDA there, or the software adapter alone.
    #[arg(long, value_enum, default_value_t = Place::Cpu)]
    device: Place,
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

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
enum Place {
    Cpu,
    Gpu,
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
    let torch = match arguments.device == Place::Gpu && !has_cuda(&python)? {
        true => {
            println!("PyTorch sees no CUDA device: its side is left out\n");
            None
        }
        false => Some(torch()?),
    };
    let mut sides = Sides::new(ours()?, torch, arguments.device);
    println!("| size | what | spat, ms | PyTorch, ms | ratio, median (min–max) |");
    println!("|---|---|---|---|---|");
    for size in &sizes {
        sides.compare(size, arguments.rounds)?;
    }
    Ok(())
}

/// Whether PyTorch can compute on a card.
fn has_cuda(python: &Path) -> Result<bool> {
    let output = Command::new(python)
        .args(["-c", "import torch; print(torch.cuda.is_available())"])
        .output()?;
    Ok(output.stdout.starts_with(b"True"))
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

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = values.len();
    0.5 * (values[(count - 1) / 2] + values[count / 2])
}

fn spread(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        })
}
