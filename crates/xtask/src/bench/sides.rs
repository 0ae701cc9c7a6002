//! Both sides in turn: dense and pruned models, training steps, forward passes and sweeps.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::worker::{Worker, median_of};
use super::{BenchDevice, Size, median, spread};

/// This program's worker, and PyTorch's where it has the device.
pub(super) struct Sides {
    ours: Worker,
    torch: Option<Worker>,
    device: BenchDevice,
}

/// One block of steps on both sides, milliseconds per step.
struct Block {
    ours: f64,
    theirs: Option<f64>,
}

impl Sides {
    pub(super) fn new(ours: Worker, torch: Option<Worker>, device: BenchDevice) -> Self {
        Self {
            ours,
            torch,
            device,
        }
    }

    /// Description of our device.
    pub(super) fn device_name(&mut self, size: &Size) -> Result<String> {
        let answer = self.untimed(&size.request, "infer")?;
        let name = answer["on"].as_str();
        Ok(name
            .with_context(|| format!("the worker answered {answer}"))?
            .to_owned())
    }

    /// The lines of a size. In each round both sides run a block of the dense model and one of the pruned model,
    /// if the size has one.
    pub(super) fn compare(&mut self, size: &Size, rounds: usize) -> Result<()> {
        let pruned = (!size.removed.is_empty()).then(|| json!(size.removed));
        for mode in ["train", "infer"] {
            let removed = std::iter::once(json!([])).chain(pruned.clone());
            let mut requests: Vec<Value> = removed
                .map(|removed| {
                    let mut request = size.request.clone();
                    request["mode"] = json!(mode);
                    request["steps"] = json!(size.steps);
                    request["removed"] = removed;
                    request
                })
                .collect();
            let mut blocks: Vec<_> = requests.iter().map(|_| Vec::new()).collect();
            for round in 0..=rounds {
                for (request, blocks) in requests.iter_mut().zip(&mut blocks) {
                    request["warmup"] = json!(usize::from(round == 0));
                    let block = self.block(request)?;
                    // The first round fills caches and compiles.
                    if round > 0 {
                        blocks.push(block);
                    }
                }
            }
            for (what, blocks) in ["dense", "pruned"].into_iter().zip(&blocks) {
                line(size.name, &format!("{what}, {mode}"), blocks);
            }
            let [dense, pruned] = blocks.as_slice() else {
                continue;
            };
            let saved: Vec<f64> = dense
                .iter()
                .zip(pruned)
                .map(|(dense, pruned)| 1.0 - pruned.ours / dense.ours)
                .collect();
            let macs = 1.0 - self.macs(&requests[1])? / self.macs(&requests[0])?;
            let (low, high) = spread(&saved);
            println!(
                "| {} | pruned against dense, {mode} | {:.1} % less time for {:.1} % fewer MACs | | {:.2} ({:.2}–{:.2}) |",
                size.name,
                100.0 * median(saved.clone()),
                100.0 * macs,
                median(saved) / macs,
                low / macs,
                high / macs,
            );
        }
        self.sweep(size, rounds)
    }

    /// The line of a sweep: forecasts of all test windows of the dense model and their errors, in the
    /// batches in which the engine evaluates, the last of them short.
    fn sweep(&mut self, size: &Size, rounds: usize) -> Result<()> {
        let Some(windows) = size.windows else {
            return Ok(());
        };
        let mut request = size.request.clone();
        request["mode"] = json!("sweep");
        request["windows"] = json!(windows);
        request["evaluation_batch"] = self.untimed(&request, "sweep")?["evaluation_batch"].clone();
        request["steps"] = json!(1);
        let mut blocks = Vec::new();
        for round in 0..=rounds {
            request["warmup"] = json!(usize::from(round == 0));
            let block = self.block(&request)?;
            if round > 0 {
                blocks.push(block);
            }
        }
        line(
            size.name,
            &format!("dense, sweep of {windows} windows"),
            &blocks,
        );
        Ok(())
    }

    fn block(&mut self, request: &Value) -> Result<Block> {
        let mut request = request.clone();
        request["device"] = json!(self.device.name());
        let answer = self.ours.request(&request)?;
        let ours = milliseconds(&answer)?;
        let Some(torch) = &mut self.torch else {
            return Ok(Block { ours, theirs: None });
        };
        // PyTorch's fastest form counts; compiled forms only on a card.
        let compiled: &[bool] = match self.device {
            BenchDevice::Cpu => &[false],
            BenchDevice::Gpu => {
                request["device"] = json!("cuda");
                &[false, true]
            }
        };
        let mut fastest = f64::INFINITY;
        for attention in ["sdpa", "explicit"] {
            for &compiled in compiled {
                request["attention"] = json!(attention);
                request["compile"] = json!(compiled);
                let theirs = torch.request(&request)?;
                if theirs["windows"] != answer["windows"] {
                    bail!("the windows of both sides differ: {answer} and {theirs}");
                }
                fastest = fastest.min(milliseconds(&theirs)?);
            }
        }
        Ok(Block {
            ours,
            theirs: Some(fastest),
        })
    }

    /// Multiply-adds of a forecast.
    fn macs(&mut self, request: &Value) -> Result<f64> {
        let answer = self.untimed(request, "infer")?;
        answer["macs"]
            .as_f64()
            .with_context(|| format!("the worker answered {answer}"))
    }

    /// Our worker's answer to a request without steps.
    fn untimed(&mut self, request: &Value, mode: &str) -> Result<Value> {
        let mut request = request.clone();
        request["mode"] = json!(mode);
        request["device"] = json!(self.device.name());
        request["warmup"] = json!(0);
        request["steps"] = json!(0);
        self.ours.request(&request)
    }
}

fn milliseconds(answer: &Value) -> Result<f64> {
    median_of(answer).with_context(|| format!("a worker failed: {answer}"))
}

fn line(size: &str, what: &str, blocks: &[Block]) {
    let ours = median(blocks.iter().map(|block| block.ours).collect());
    let theirs: Vec<f64> = blocks.iter().filter_map(|block| block.theirs).collect();
    if theirs.is_empty() {
        println!("| {size} | {what} | {ours:.1} | | |");
        return;
    }
    let ratios: Vec<f64> = blocks
        .iter()
        .zip(&theirs)
        .map(|(block, theirs)| block.ours / theirs)
        .collect();
    let (low, high) = spread(&ratios);
    println!(
        "| {size} | {what} | {ours:.1} | {:.1} | {:.2} ({low:.2}–{high:.2}) |",
        median(theirs),
        median(ratios)
    );
}
