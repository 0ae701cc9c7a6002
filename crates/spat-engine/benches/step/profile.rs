//! Time profile of a training step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use serde_json::{Value, json};
use spat_cpu::{start_profile, take_profile};
use spat_engine::Dataset;
use spat_model::{ForwardContext, mean_squared_error, read};
use spat_prune::Sample;

use crate::Bench;
use crate::table::table;

const PARTS: [&str; 4] = ["data", "forward", "backward", "optimiser"];

/// A profiled step.
struct Step {
    parts: [f64; 4],
    operations: BTreeMap<&'static str, f64>,
}

/// Median milliseconds of a step: its parts, the CPU operations within them, the remainder, and the
/// overhead of the profiler. Steps with and without the profiler alternate; the first `warmup` pairs are
/// not counted.
pub(crate) fn profile(bench: &mut Bench, request: &Value, warmup: u64, steps: u64) -> Value {
    let (series, split) = table(request, 1);
    let size = |name: &str| request[name].as_u64().unwrap() as usize;
    let inputs = crate::structure(request).forecaster.inputs();
    let dataset = Dataset::new(series, split, size("lookback"), size("horizon"), inputs).unwrap();
    let rows: Vec<usize> = (0..size("batch")).collect();
    let (mut longer, mut timed) = (Vec::new(), Vec::new());
    for pair in 0..warmup + steps {
        // The order alternates, because the second step finds warm caches.
        let (without, step) = if pair % 2 == 0 {
            let without = parts(bench, &dataset, &rows);
            (without, profiled(bench, &dataset, &rows))
        } else {
            let step = profiled(bench, &dataset, &rows);
            (parts(bench, &dataset, &rows), step)
        };
        if pair >= warmup {
            longer.push(step.parts.iter().sum::<f64>() - without.iter().sum::<f64>());
            timed.push(step);
        }
    }
    let of_each = |value: &dyn Fn(&Step) -> f64| median(timed.iter().map(value).collect());
    let whole = |step: &Step| step.parts.iter().sum::<f64>();
    let names: BTreeSet<&str> = timed
        .iter()
        .flat_map(|step| step.operations.keys().copied())
        .collect();
    let within = |step: &Step| step.operations.values().sum::<f64>();
    let parts = PARTS
        .iter()
        .enumerate()
        .map(|(part, name)| json!([name, of_each(&|step| step.parts[part])]));
    let operations = names.iter().map(|name| {
        let time = |step: &Step| step.operations.get(name).copied().unwrap_or(0.0);
        json!([name, of_each(&time)])
    });
    json!({
        "id": request["id"],
        "step": of_each(&whole),
        "clock": median(longer),
        "parts": parts.collect::<Vec<_>>(),
        "operations": operations.collect::<Vec<_>>(),
        "rest": of_each(&|step| whole(step) - within(step)),
    })
}

/// One training step with its parts and its operations timed.
fn profiled(bench: &mut Bench, dataset: &Dataset, rows: &[usize]) -> Step {
    start_profile();
    let parts = parts(bench, dataset, rows);
    let operations = take_profile()
        .into_iter()
        .map(|(name, time)| (name, milliseconds(time)))
        .collect();
    Step { parts, operations }
}

/// One training step with its parts timed.
fn parts(bench: &mut Bench, dataset: &Dataset, rows: &[usize]) -> [f64; 4] {
    let device = Device::flex().autodiff();
    let mut stopwatch = Stopwatch::new();
    let Sample { inputs, target } = dataset.batch(rows, &device);
    let data = stopwatch.lap();
    bench.steps += 1;
    let mut cx = ForwardContext::training(bench.steps);
    let loss = mean_squared_error(bench.model.forward(inputs, &mut cx), target.values);
    let forward = stopwatch.lap();
    let gradients = loss.backward();
    let backward = stopwatch.lap();
    bench.model = bench
        .optimizer
        .step(1e-4, bench.model.clone(), gradients, cx.take_running());
    pollster::block_on(read(loss.inner())).unwrap();
    [data, forward, backward, stopwatch.lap()].map(milliseconds)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The median; 0 for an empty slice.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

struct Stopwatch(Instant);

impl Stopwatch {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self) -> Duration {
        let time = self.0.elapsed();
        self.0 = Instant::now();
        time
    }
}
