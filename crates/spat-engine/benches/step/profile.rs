//! Where a training step's time goes, and the memory that it takes.

use std::time::{Duration, Instant};

use burn::tensor::Device;
use serde_json::{Value, json};
use spat_engine::{Batch, Dataset};
use spat_kernels::{start_profile, take_profile};
use spat_model::{Pass, mean_squared_error, read};
use spat_series::{Series, SplitRule, TimeIndex};

use crate::Bench;

/// Mean milliseconds of a step: its parts, and the operations of the CPU within them.
pub(crate) fn profile(bench: &mut Bench, request: &Value, steps: u64) -> Value {
    let dataset = dataset(request);
    let size = |name: &str| request[name].as_u64().unwrap() as usize;
    let rows: Vec<usize> = (0..size("batch")).collect();
    let device = Device::flex().autodiff();
    let mut parts = [Duration::ZERO; 4];
    start_profile();
    for step in 0..steps {
        let mut stopwatch = Stopwatch::new();
        let Batch { inputs, target } = dataset.batch(&rows, &device);
        parts[0] += stopwatch.lap();
        let mut pass = Pass::training(step);
        let loss = mean_squared_error(bench.model.forward(inputs, &mut pass), target);
        parts[1] += stopwatch.lap();
        let gradients = loss.backward();
        parts[2] += stopwatch.lap();
        bench.model =
            bench
                .optimizer
                .step(1e-4, bench.model.clone(), gradients, pass.take_running());
        pollster::block_on(read(loss.inner())).unwrap();
        parts[3] += stopwatch.lap();
    }
    let mean = |time: Duration| time.as_secs_f64() * 1e3 / steps as f64;
    let operations: Vec<Value> = take_profile()
        .into_iter()
        .map(|(name, time)| json!([name, mean(time)]))
        .collect();
    let [data, forward, backward, optimiser] = parts.map(mean);
    json!({
        "id": request["id"],
        "parts": [
            ["data", data], ["forward", forward], ["backward", backward], ["optimiser", optimiser]
        ],
        "operations": operations,
    })
}

/// Peak resident memory of the first steps beyond what stood before them, megabytes.
pub(crate) fn memory(bench: &mut Bench, request: &Value, steps: u64) -> Value {
    // Resets the peak to what is resident now.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident("VmRSS");
    for _ in 0..steps {
        bench.train();
    }
    json!({ "id": request["id"], "peak_mb": resident("VmHWM") - before })
}

/// A line of this process's status, megabytes.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
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

/// An hourly series with as many training windows as a batch takes.
fn dataset(request: &Value) -> Dataset {
    let size = |name: &str| request[name].as_u64().unwrap() as usize;
    let (channels, window) = (size("channels"), size("lookback") + size("horizon"));
    let (train, rest) = (window + size("batch"), size("horizon"));
    let rows = train + 2 * rest;
    let values = (0..rows * channels)
        .map(|place| ((place * 7919 % 1009) as f32 / 500.0) - 1.0)
        .collect();
    let names = (0..channels).map(|channel| format!("c{channel}")).collect();
    let stamps = (0..rows as i64).map(|hour| hour * 3600).collect();
    let series = Series::from_values(names, values, TimeIndex::from_stamps(stamps)).unwrap();
    let split = SplitRule::Rows {
        train,
        val: rest,
        test: rest,
    };
    let marks = size("marks") > 0;
    Dataset::new(series, split, size("lookback"), size("horizon"), marks).unwrap()
}
