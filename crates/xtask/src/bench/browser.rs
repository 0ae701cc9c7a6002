//! Compares our step in Chromium with TensorFlow.js there, and with the native step on one thread: once with
//! 128-bit vectors, as in a browser, and once with the widest vectors of this CPU.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::sizes::itransformer;
use super::worker::{Worker, our_worker};
use super::{median, spread};
use crate::{root, succeed, web};

/// Trains the same iTransformer (11 tokens, d = 128, 2 layers, batch 32) on every side, in turn.
pub(super) fn run(rounds: usize) -> Result<()> {
    web::build()?;
    let folder = root().join("crates/xtask/tfjs");
    // TensorFlow.js, and what drives the browser.
    for packages in [&folder, &root().join("tests/browser")] {
        succeed(Command::new("npm").current_dir(packages).args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))?;
    }
    let worker = our_worker("step")?;
    let native = || Worker::start(Command::new(&worker).env("RAYON_NUM_THREADS", "1"));
    let (mut wide, mut narrow) = (native()?, native()?);
    let mut request = itransformer(7, 128, 2, 32);
    request["mode"] = json!("train");
    request["steps"] = json!(20);
    request["warmup"] = json!(3);
    let mut narrow_request = request.clone();
    narrow_request["vectors"] = json!(128);

    println!("| engine | in the browser, ms | compared with | ms | ratio, median (min–max) |");
    println!("|---|---|---|---|---|");
    let (mut tab, mut tfjs) = (Vec::new(), Vec::new());
    let (mut same, mut all) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let round = in_chromium(&folder, "cpu")?;
        tab.push(round.0);
        tfjs.push(round.1);
        same.push(narrow.time(&narrow_request)?);
        all.push(wide.time(&request)?);
    }
    line("CPU", &tab, "TensorFlow.js, wasm", &tfjs);
    line("CPU", &tab, "native, one thread, 128-bit vectors", &same);
    line("CPU", &tab, "native, one thread, all vectors", &all);
    // A software adapter takes seconds for a step.
    let (ours, theirs) = in_chromium(&folder, "gpu")?;
    line(
        "WebGPU, software",
        &[ours],
        "TensorFlow.js, WebGPU",
        &[theirs],
    );
    Ok(())
}

/// One round: our step and TensorFlow.js's, milliseconds.
fn in_chromium(folder: &std::path::Path, engine: &str) -> Result<(f64, f64)> {
    let output = Command::new("node")
        .current_dir(folder)
        .args(["bench.mjs", "1", engine])
        .output()
        .context("cannot start node")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let answer: Value = serde_json::from_slice(&output.stdout).context("bench.mjs said no JSON")?;
    let number = |name: &str| answer[name].as_f64().with_context(|| format!("no {name}"));
    Ok((number("spat")?, number("tfjs")?))
}

fn line(engine: &str, ours: &[f64], other: &str, theirs: &[f64]) {
    let ratios: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    let (low, high) = spread(&ratios);
    println!(
        "| {engine} | {:.1} | {other} | {:.1} | {:.2} ({low:.2}–{high:.2}) |",
        median(ours.to_vec()),
        median(theirs.to_vec()),
        median(ratios),
    );
}
