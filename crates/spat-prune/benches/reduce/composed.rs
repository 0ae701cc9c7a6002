//! Compares our stages with the same formula composed of Burn's tensor operations, on one GPU or on the
//! software adapter: dispatches, time, and computed bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use cubecl::logging::{LaunchObservation, LaunchObserver};
use spat_gpu::{RunningScores, Task};
use spat_prune::send;
use spat_spec::{Scaling, SendOptions};

use crate::gpu;

pub(crate) fn run() {
    let sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let (device, is_card, name) = gpu();
    println!("device: {name}\n");

    let shapes = match sizes[..] {
        [batch, heads, length, ..] => vec![[batch, heads, length, length]],
        _ if is_card => vec![[32, 8, 512, 512], [32, 8, 25, 25], [1, 8, 866, 866]],
        _ => vec![[4, 8, 128, 128], [32, 8, 11, 11], [1, 8, 512, 512]],
    };
    let rounds = sizes
        .get(3)
        .copied()
        .unwrap_or(if is_card { 30 } else { 5 });
    println!(
        "| sensitivities | scaling | read | bytes over that | dispatches | ms | GB/s | composed: dispatches | composed: ms | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for shape in shapes {
        for scaling in [Scaling::None, Scaling::Standardise] {
            compare(shape, scaling, rounds, &device);
        }
    }
}

fn compare(shape: [usize; 4], scaling: Scaling, rounds: usize, device: &Device) {
    let options = SendOptions {
        scaling,
        ..SendOptions::default()
    };
    let length = shape.iter().product();
    let numbers: Vec<f32> = (0..length)
        .map(|place| ((place * 7_919) % 10_007) as f32 * 1e-9)
        .collect();
    let maps = Tensor::<4>::from_data(TensorData::new(numbers, shape), device);
    let heads = shape[1];
    let start = RunningScores::new(heads, device);

    let mut times = [Vec::new(), Vec::new()];
    let mut launches = [0, 0];
    for round in 0..=rounds {
        let by_shader = timed(|| start.clone().with(maps.clone(), 1, &options, 1.0).state());
        let composed = timed(|| {
            let heads = send(maps.clone(), 1, &options);
            welford(Tensor::cat(vec![heads.clone(), heads.mean()], 0))
        });
        launches = [by_shader.1, composed.1];
        if round > 0 {
            times[0].push(by_shader.0);
            times[1].push(composed.0);
        }
    }
    let [shader, composed] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let task = Task::dispersion(shape, 1, &options);
    let [needed, moved] = bytes(&task);
    println!(
        "| {shape:?} | {scaling:?} | {:.1} MB | {:+.2} % | {} | {shader:.3} | {:.1} | {} | {composed:.3} | {:.2} |",
        needed / 1e6,
        100.0 * (moved / needed - 1.0),
        launches[0],
        moved / shader / 1e6,
        launches[1],
        shader / composed,
    );
}

/// Bytes that the reduction must read, and bytes that its stages read and write.
fn bytes(task: &Task) -> [f64; 2] {
    let tensor = f64::from(task.length()) * 4.0;
    let readings = if task.partials > 0 { 2.0 } else { 1.0 };
    let partials = f64::from(task.partials) * 16.0;
    let sums = f64::from(task.sums()) * 8.0;
    let state = f64::from(2 + 2 * (task.heads + 1)) * 4.0;
    // The partials, at most 16 KB, are written once; the workgroups of the next stage read them from the cache.
    [
        tensor * readings,
        tensor * readings + 2.0 * partials + 2.0 * sums + 2.0 * state,
    ]
}

/// The running mean and spread of the composition.
fn welford(values: Tensor<1>) -> Tensor<1> {
    let mean = values.zeros_like();
    let squares = values.zeros_like();
    let before = values.clone() - mean.clone();
    let mean = mean + before.clone() * 0.5;
    let after = values - mean.clone();
    Tensor::cat(vec![squares + before * after, mean], 0)
}

/// Milliseconds until the results are read, and kernel launches.
fn timed(work: impl FnOnce() -> Tensor<1>) -> (f64, usize) {
    let count = Arc::new(Counter::default());
    let watching = LaunchObservation::new(count.clone());
    let started = Instant::now();
    // Data are lazy; reading the values waits for them.
    let numbers: Vec<f32> = work()
        .into_data()
        .try_into_vec()
        .expect("the device is lost");
    assert!(numbers.iter().all(|number| number.is_finite()));
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    drop(watching);
    (milliseconds, count.0.load(Ordering::Relaxed))
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl LaunchObserver for Counter {
    fn launched(&self, _kernel: &'static str) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
