//! The memory that training steps take, on both sides.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Size;
use super::worker::Worker;

/// Steps from the first on: the later ones live in what the first took.
const STEPS: u64 = 3;

/// Each size in processes of its own: memory that one has taken it may keep.
pub(super) fn run(
    sizes: &[Size],
    ours: impl Fn() -> Result<Worker>,
    torch: impl Fn() -> Result<Worker>,
) -> Result<()> {
    println!("| size | spat, MB | PyTorch, MB | ratio |");
    println!("|---|---|---|---|");
    for size in sizes {
        let mut request = size.request.clone();
        request["mode"] = json!("memory");
        request["steps"] = json!(STEPS);
        let mine = peak(&ours()?.ask(&request)?)?;
        // The form that takes less.
        let mut theirs = f64::INFINITY;
        for attention in ["sdpa", "explicit"] {
            request["attention"] = json!(attention);
            theirs = theirs.min(peak(&torch()?.ask(&request)?)?);
        }
        println!(
            "| {} | {mine:.0} | {theirs:.0} | {:.2} |",
            size.name,
            mine / theirs
        );
    }
    Ok(())
}

fn peak(answer: &Value) -> Result<f64> {
    answer["peak_mb"]
        .as_f64()
        .with_context(|| format!("the worker failed: {answer}"))
}
