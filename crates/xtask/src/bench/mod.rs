//! Measures this program and others in one run, in alternating blocks of the same work.

mod browser;
mod desktop;
mod memory;
mod other_load;
mod profile;
mod reduce;
mod sides;
mod sizes;
mod worker;

use std::path::Path;
use std::process::Command;

use crate::python::{python, scripts};
use anyhow::{Result, bail};
use clap::Args;

use other_load::OtherLoad;
use reduce::{Reduction, Side};
use sides::Sides;
use sizes::{Size, sizes};
use worker::{Worker, our_worker};

#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Threads of each side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Alternations; each gives one block of steps to each side.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Device of both sides: `gpu` is the first card here and CUDA in PyTorch, or the software adapter alone.
    #[arg(long, value_enum, default_value_t = BenchDevice::Cpu)]
    device: BenchDevice,
    /// Only sizes whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Instead: the reduction of sensitivities to SEND and the same formula in PyTorch, eager and
    /// compiled, with the bytes a second that both reach; sizes are named as 32x8x512x512 (batch, heads,
    /// queries, keys).
    #[arg(long, group = "instead")]
    reduce: bool,
    /// With `--reduce`: the peak bandwidth of the device's memory in GB/s, to print the share that is reached.
    #[arg(long, value_name = "N", requires = "reduce")]
    peak_gb_s: Option<f64>,
    /// Instead: profile of our training step on the CPU, by part and by operation.
    #[arg(long, group = "instead")]
    profile: bool,
    /// Instead: the memory of the first training steps on both sides, on the CPU.
    #[arg(long, group = "instead")]
    memory: bool,
    /// Instead: our step in Chromium, TensorFlow.js's there, and the native step on one thread.
    #[arg(long, group = "instead")]
    browser: bool,
    /// Instead: the desktop app's memory at rest, and the same job in it and on the command line. Linux, with WebKitGTK's driver and Xvfb.
    #[arg(long, group = "instead")]
    desktop: bool,
}

/// The device of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
enum BenchDevice {
    Cpu,
    Gpu,
}

impl BenchDevice {
    /// The name in our workers' requests.
    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

pub(crate) fn run(arguments: &BenchArguments) -> Result<()> {
    let on_gpu = arguments.device == BenchDevice::Gpu;
    if on_gpu && (arguments.profile || arguments.memory || arguments.browser || arguments.desktop) {
        bail!("`--device gpu` goes with steps and sweeps and with `--reduce`; leave it out here");
    }
    if arguments.browser {
        return browser::run(arguments.rounds);
    }
    if arguments.desktop {
        return desktop::run(arguments.rounds, arguments.threads);
    }
    if arguments.reduce {
        return reduce(arguments);
    }
    let sizes: Vec<Size> = sizes()
        .into_iter()
        .filter(|size| size.name.contains(&arguments.only))
        .collect();
    let worker = our_worker("step")?;
    let ours = || start_ours(&worker, &[], arguments.threads);
    if arguments.profile {
        return with_load_warning(|| profile::run(&sizes, ours()?));
    }
    let python = python()?;
    let torch = || start_torch(&python, "bench.py", arguments.threads);
    if arguments.memory {
        return memory::run(&sizes, ours, torch);
    }
    let torch = match on_gpu && !has_cuda(&python)? {
        true => {
            println!("PyTorch finds no CUDA device: its side is left out\n");
            None
        }
        false => Some(torch()?),
    };
    let mut sides = Sides::new(ours()?, torch, arguments.device);
    if let (true, Some(size)) = (on_gpu, sizes.first()) {
        println!("spat on {}\n", sides.device_name(size)?);
    }
    println!("| size | what | spat, ms | PyTorch, ms | ratio, median (min–max) |");
    println!("|---|---|---|---|---|");
    with_load_warning(|| {
        sizes
            .iter()
            .try_for_each(|size| sides.compare(size, arguments.rounds))
    })
}

/// Measures, and prints a warning if other programs used the processors meanwhile.
fn with_load_warning(measure: impl FnOnce() -> Result<()>) -> Result<()> {
    let load = OtherLoad::start();
    measure()?;
    if let Some(warning) = load.warning() {
        println!("\n{warning}");
    }
    Ok(())
}

fn reduce(arguments: &BenchArguments) -> Result<()> {
    let worker = our_worker("reduce")?;
    let python = python()?;
    let ours = || start_ours(&worker, &["--requests"], arguments.threads);
    let torch = || start_torch(&python, "reduce.py", arguments.threads);
    let torch_device = match arguments.device {
        BenchDevice::Cpu => Some("cpu"),
        BenchDevice::Gpu => has_cuda(&python)?.then_some("cuda"),
    };
    let mut reduction = Reduction {
        ours: Side::new(&ours),
        torch: Side::new(&torch),
        device: arguments.device,
        torch_device,
        peak: arguments.peak_gb_s,
    };
    with_load_warning(|| reduction.run(&arguments.only, arguments.rounds))
}

/// Whether PyTorch can compute on a card.
fn has_cuda(python: &Path) -> Result<bool> {
    let output = Command::new(python)
        .args(["-c", "import torch; print(torch.cuda.is_available())"])
        .output()?;
    Ok(output.stdout.starts_with(b"True"))
}

fn start_ours(worker: &Path, arguments: &[&str], threads: usize) -> Result<Worker> {
    Worker::start(
        Command::new(worker)
            .args(arguments)
            .env("RAYON_NUM_THREADS", threads.to_string()),
    )
}

fn start_torch(python: &Path, script: &str, threads: usize) -> Result<Worker> {
    Worker::start(
        Command::new(python)
            .arg(scripts().join(script))
            .args(["--threads", &threads.to_string()]),
    )
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
