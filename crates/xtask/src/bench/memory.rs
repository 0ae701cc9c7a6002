//! Memory of training steps on both sides.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Size;
use super::worker::Worker;

/// Number of measured steps. Later steps reuse the memory of the first.
const STEPS: u64 = 3;

/// Measures each size in new processes, since a process may keep freed memory.
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
        let mine = peak(&ours()?.request(&request)?)?;
        // The form that needs less.
        let mut theirs = f64::INFINITY;
        for attention in ["sdpa", "explicit"] {
            request["attention"] = json!(attention);
            theirs = theirs.min(peak(&torch()?.request(&request)?)?);
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
