//! Memory used by a training step.

use serde_json::{Value, json};

use crate::Bench;

/// Peak resident memory of the first steps, minus the resident memory before them, in megabytes.
pub(crate) fn memory(bench: &mut Bench, request: &Value, steps: u64) -> Value {
    // Resets the peak to the current resident memory.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident("VmRSS");
    for _ in 0..steps {
        bench.train();
    }
    json!({ "id": request["id"], "peak_mb": resident("VmHWM") - before })
}

/// A line of `/proc/self/status`, in megabytes.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}
