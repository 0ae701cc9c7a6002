//! Times training steps and forward passes on request: the counterpart of `bench.py`, driven by `cargo
//! xtask bench` over the same JSON lines. `"device": "gpu"` selects the first card, or a software adapter
//! if there is none, and the response then lists a step's launches by kernel; `"vectors": 128` in the first
//! request limits the CPU kernels to 128-bit vectors, as in a browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod memory;
mod profile;
mod sweep;
mod table;

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use burn::module::Module as _;
use burn::tensor::{Device, DeviceKind, DeviceType, Distribution, Tensor};
use cubecl::logging::{LaunchObservation, LaunchObserver};
use serde_json::{Value, json};
use spat_engine::Adam;
use spat_model::{Forecaster, ForwardContext, Inputs, mean_squared_error, read};
use spat_spec::{ForecasterConfig, ModuleId, OptimizerConfig, Structure};
use sweep::Sweep;

/// A model that is timed repeatedly.
struct Bench {
    model: Forecaster,
    optimizer: Adam,
    inputs: Inputs,
    target: Tensor<3>,
    steps: u64,
    /// Multiply-adds of a forecast.
    macs: u64,
    /// Description of the device.
    on: String,
}

fn main() {
    // As in the program `spat`.
    spat_memory::keep_freed_memory();
    let mut benches: HashMap<String, Bench> = HashMap::new();
    let mut sweeps: HashMap<String, Sweep> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("requests are text");
        if line == "exit" || line.starts_with("--") {
            break;
        }
        let request: Value = serde_json::from_str(&line).expect("requests are JSON");
        if let Some(bits) = request["vectors"].as_u64()
            && benches.is_empty()
        {
            assert!(
                spat_cpu::limit_vectors(bits),
                "vectors are limited at first, and on x86-64"
            );
        }
        let number = |name: &str| request[name].as_u64().unwrap_or(0);
        let (warmup, steps) = (number("warmup"), number("steps"));
        if request["mode"] == "sweep" {
            let sweep = sweeps
                .entry(key(&request))
                .or_insert_with(|| Sweep::new(&request));
            println!("{}", sweep.answer(&request, warmup, steps));
            continue;
        }
        let bench = benches
            .entry(key(&request))
            .or_insert_with(|| Bench::new(&request));
        let training = match request["mode"].as_str() {
            Some("profile") => {
                println!("{}", profile::profile(bench, &request, warmup, steps));
                continue;
            }
            Some("memory") => {
                println!("{}", memory::memory(bench, &request, steps));
                continue;
            }
            mode => mode == Some("train"),
        };
        let mut times = Vec::new();
        let launches = Arc::new(Launches::default());
        for step in 0..warmup + steps {
            let started = Instant::now();
            let watching = (step == 0).then(|| LaunchObservation::new(launches.clone()));
            if training {
                bench.train();
            } else {
                bench.infer();
            }
            drop(watching);
            if step >= warmup {
                times.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
        let launches = launches.0.lock().unwrap();
        println!(
            "{}",
            json!({
                "id": request["id"],
                "ms": times,
                "macs": bench.macs,
                "on": bench.on,
                "launches": launches.values().sum::<usize>(),
                "by_kernel": *launches,
            })
        );
    }
}

/// Launches by the kernel's name.
#[derive(Default)]
struct Launches(Mutex<BTreeMap<&'static str, usize>>);

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        *self.0.lock().unwrap().entry(kernel).or_default() += 1;
    }
}

/// Everything except what may differ between blocks of one model.
fn key(request: &Value) -> String {
    let mut shape = request.clone();
    for name in [
        "id",
        "mode",
        "warmup",
        "steps",
        "attention",
        "compile",
        "evaluation_batch",
    ] {
        shape[name] = Value::Null;
    }
    shape.to_string()
}

/// The forecaster of a request, without the modules that it removes.
fn structure(request: &Value) -> Structure {
    let forecaster: ForecasterConfig = serde_json::from_value(request.clone()).unwrap();
    let removed: Vec<ModuleId> = request["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| ModuleId::encoder(layer.as_u64().unwrap() as usize))
        .collect();
    Structure::dense(forecaster)
        .without_modules(&removed)
        .unwrap()
}

/// The requested device, without autodiff, and its name.
fn device(request: &Value) -> (Device, String) {
    if request["device"] != "gpu" {
        return (Device::flex(), "the CPU".to_owned());
    }
    let software = Device::wgpu(DeviceKind::Cpu);
    let adapters = Device::enumerate(DeviceType::Wgpu).into_vec();
    let card = adapters.into_iter().find(|adapter| *adapter != software);
    let note = match card {
        Some(_) => "",
        None => ", a software adapter on the CPU: these are not GPU figures",
    };
    let device = card.unwrap_or(software);
    let name = device
        .identity()
        .map_or_else(|| "unknown".to_owned(), |identity| identity.name);
    (device, format!("{name}{note}"))
}

impl Bench {
    fn new(request: &Value) -> Self {
        let size = |name: &str| request[name].as_u64().unwrap() as usize;
        let (lookback, horizon, channels) = (size("lookback"), size("horizon"), size("channels"));
        let time_features = size("marks");
        let structure = structure(request);
        let future = structure.forecaster.inputs().future_time_features;
        let marked_rows = lookback + if future { horizon } else { 0 };
        let (device, on) = device(request);
        let device = device.autodiff();
        let random = |rows: usize, width: usize| {
            Tensor::<3>::random(
                [size("batch"), rows, width],
                Distribution::Normal(0.0, 1.0),
                &device,
            )
        };
        Self {
            model: Forecaster::init(&structure, 1, &device),
            optimizer: Adam::new(OptimizerConfig::Adam, None),
            inputs: Inputs {
                time_features: (time_features > 0).then(|| random(marked_rows, time_features)),
                ..random(lookback, channels).into()
            },
            target: random(horizon, channels),
            steps: 0,
            macs: structure.cost().macs,
            on,
        }
    }

    fn train(&mut self) {
        self.steps += 1;
        let mut cx = ForwardContext::training(self.steps);
        let forecast = self.model.forward(self.inputs.clone(), &mut cx);
        let loss = mean_squared_error(forecast, self.target.clone());
        let gradients = loss.backward();
        self.model = self
            .optimizer
            .step(1e-4, self.model.clone(), gradients, cx.take_running());
        pollster::block_on(read(loss.inner())).unwrap();
    }

    fn infer(&mut self) {
        let inputs = self.inputs.clone().inner();
        let forecast = self
            .model
            .valid()
            .forward(inputs, &mut ForwardContext::evaluation());
        pollster::block_on(read(forecast.sum())).unwrap();
    }
}
