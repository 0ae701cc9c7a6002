//! Time profile of a training step.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Size;
use super::worker::Worker;

/// Measured steps per step of a plain block; as many warm-up steps precede them.
const REPEATS: usize = 4;

/// One line for each part of a step and for each operation within the parts: medians of steps whose
/// operations were timed. The last line is the overhead of the profiler, by steps without it in between.
pub(super) fn run(sizes: &[Size], mut ours: Worker) -> Result<()> {
    println!("| size | part, or operation | ms | share |");
    println!("|---|---|---|---|");
    for size in sizes {
        let mut request = size.request.clone();
        let steps = (REPEATS * size.steps).max(5);
        request["mode"] = json!("profile");
        request["warmup"] = json!(steps);
        request["steps"] = json!(steps);
        let answer = ours.request(&request)?;
        let number = |name: &str| {
            answer[name]
                .as_f64()
                .with_context(|| format!("the worker answered {answer}"))
        };
        let step = number("step")?;
        let line = |what: &str, ms: f64| {
            let share = 100.0 * ms / step;
            println!("| {} | {what} | {ms:.2} | {share:.1} % |", size.name);
        };
        line("**the step**", step);
        for (name, ms) in named(&answer["parts"])? {
            line(&format!("**{name}**"), ms);
        }
        let mut operations = named(&answer["operations"])?;
        operations.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (name, ms) in operations {
            line(&name, ms);
        }
        line("everything else", number("rest")?);
        line("of it the clock around operations", number("clock")?);
    }
    println!(
        "\nMedians of steps. Steps with and without the clock around operations take turns; its line is the median \
         of what a step with it takes longer than its neighbour."
    );
    Ok(())
}

fn named(list: &Value) -> Result<Vec<(String, f64)>> {
    let entry = |entry: &Value| Some((entry[0].as_str()?.to_owned(), entry[1].as_f64()?));
    list.as_array()
        .and_then(|list| list.iter().map(entry).collect())
        .with_context(|| format!("the worker answered {list}"))
}
