//! Where a training step's time goes.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Size;
use super::worker::Worker;

/// One line for each part of a step and for each operation within the parts.
pub(super) fn run(sizes: &[Size], mut ours: Worker) -> Result<()> {
    println!("| size | part, or operation | ms | share |");
    println!("|---|---|---|---|");
    for size in sizes {
        let mut request = size.request.clone();
        request["mode"] = json!("profile");
        request["removed"] = json!([]);
        request["warmup"] = json!(3);
        request["steps"] = json!(size.steps.max(3));
        let answer = ours.ask(&request)?;
        let parts = named(&answer["parts"])?;
        let mut operations = named(&answer["operations"])?;
        operations.sort_by(|a, b| b.1.total_cmp(&a.1));
        let whole: f64 = parts.iter().map(|(_, ms)| ms).sum();
        let within: f64 = operations.iter().map(|(_, ms)| ms).sum();
        let line = |what: &str, ms: f64| {
            let share = 100.0 * ms / whole;
            println!("| {} | {what} | {ms:.2} | {share:.1} % |", size.name);
        };
        line("**the step**", whole);
        for (name, ms) in &parts {
            line(&format!("**{name}**"), *ms);
        }
        for (name, ms) in &operations {
            line(name, *ms);
        }
        line("everything else", whole - within);
    }
    Ok(())
}

fn named(list: &Value) -> Result<Vec<(String, f64)>> {
    let entry = |entry: &Value| Some((entry[0].as_str()?.to_owned(), entry[1].as_f64()?));
    list.as_array()
        .and_then(|list| list.iter().map(entry).collect())
        .with_context(|| format!("the worker answered {list}"))
}
