//! Both sides in turn: dense and pruned models, training steps and forward passes.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::worker::Worker;
use super::{Place, Size, median, spread};

/// This program's worker, and PyTorch's where it has the device.
pub(super) struct Sides {
    ours: Worker,
    torch: Option<Worker>,
    device: Place,
}

/// One block of steps on both sides, milliseconds per step.
struct Block {
    ours: f64,
    theirs: Option<f64>,
}

impl Sides {
    pub(super) fn new(ours: Worker, torch: Option<Worker>, device: Place) -> Self {
        Self {
            ours,
            torch,
            device,
        }
    }

    /// The lines of a size. In each round both sides take a block of the dense model and one of the
    /// pruned, which has no attention in the upper half of its layers.
    pub(super) fn compare(&mut self, size: &Size, rounds: usize) -> Result<()> {
        let pruned = json!(upper_half(&size.request));
        for mode in ["train", "infer"] {
            let mut requests = [json!([]), pruned.clone()].map(|removed| {
                let mut request = size.request.clone();
                request["mode"] = json!(mode);
                request["steps"] = json!(size.steps);
                request["removed"] = removed;
                request
            });
            let mut blocks = [Vec::new(), Vec::new()];
            for round in 0..=rounds {
                for (request, blocks) in requests.iter_mut().zip(&mut blocks) {
                    request["warmup"] = json!(usize::from(round == 0));
                    let block = self.block(request)?;
                    // The first fills caches, and compiles what is compiled.
                    if round > 0 {
                        blocks.push(block);
                    }
                }
            }
            for (what, blocks) in ["dense", "pruned"].into_iter().zip(&blocks) {
                line(size.name, &format!("{what}, {mode}"), blocks);
            }
            let [dense, pruned] = &blocks;
            let saved: Vec<f64> = dense
                .iter()
                .zip(pruned)
                .map(|(dense, pruned)| 1.0 - pruned.ours / dense.ours)
                .collect();
            let [dense, pruned] = &requests;
            let macs = 1.0 - self.macs(pruned)? / self.macs(dense)?;
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
        Ok(())
    }

    fn block(&mut self, request: &mut Value) -> Result<Block> {
        if self.device == Place::Gpu {
            request["device"] = json!("gpu");
        }
        let ours = self.ours.time(request)?;
        let Some(torch) = &mut self.torch else {
            return Ok(Block { ours, theirs: None });
        };
        // PyTorch's fastest form at a size is the one that counts; compiled ones count on a card.
        let mut request = request.clone();
        let compiled: &[bool] = match self.device {
            Place::Cpu => &[false],
            Place::Gpu => {
                request["device"] = json!("cuda");
                &[false, true]
            }
        };
        let mut fastest = f64::INFINITY;
        for attention in ["sdpa", "explicit"] {
            for &compiled in compiled {
                request["attention"] = json!(attention);
                request["compile"] = json!(compiled);
                fastest = fastest.min(torch.time(&request)?);
            }
        }
        Ok(Block {
            ours,
            theirs: Some(fastest),
        })
    }

    /// Multiply-adds of a forecast.
    fn macs(&mut self, request: &Value) -> Result<f64> {
        let answer = self.ours.ask(request)?;
        answer["macs"]
            .as_f64()
            .with_context(|| format!("the worker answered {answer}"))
    }
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

/// The numbers of the layers in the upper half.
fn upper_half(request: &Value) -> Vec<u64> {
    let layers = request["layers"].as_u64().unwrap_or(1);
    (layers - layers.div_ceil(2)..layers).collect()
}
