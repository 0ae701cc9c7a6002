//! Reductions on request: one JSON request per line in, one JSON answer per line out.
//!
//! Request: `{"id", "shape": [B, H, Lq, Lk], "scaling": "none"|"standardise", "device": "cpu"|"gpu",
//! "batches", "warmup", "steps"}`. A step is `batches` reductions that are accumulated, and one reading of
//! the scores. Answer: `{"id", "ms": [per reduction], "heads": [H], "on"}` or `{"id", "error"}`.

use std::io::BufRead as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::{Value, json};
use spat_gpu::{RunningScores, ScoreReading};
use spat_spec::{Scaling, SendOptions, Sign};

use crate::gpu;

/// Message of the first panic of a request, which causes the later ones.
static FIRST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Sensitivities on a device.
struct Sensitivities {
    shape: [usize; 4],
    maps: Tensor<4>,
    device: Device,
    on: String,
}

pub(crate) fn serve() {
    // As in the program `spat`.
    spat_memory::keep_freed_memory();
    std::panic::set_hook(Box::new(|panic| {
        let mut first = FIRST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| panic.to_string());
    }));
    // Only the last ones are kept, since a tensor may fill much of the memory.
    let mut kept: Option<(String, Sensitivities)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("requests are text");
        let request: Value = serde_json::from_str(&line).expect("requests are JSON");
        let key = format!("{} {}", request["shape"], request["device"]);
        let sensitivities = match kept.take() {
            Some((before, kept)) if before == key => Some(kept),
            _ => None,
        };
        let answered = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let sensitivities = match sensitivities {
                Some(sensitivities) => sensitivities,
                None => Sensitivities::new(&request)?,
            };
            let answer = sensitivities.reduce(&request)?;
            Ok::<_, String>((sensitivities, answer))
        }));
        let said = FIRST_PANIC
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let answer = match answered {
            Ok(Ok((sensitivities, answer))) => {
                kept = Some((key, sensitivities));
                answer
            }
            Ok(Err(reason)) => failure(&request, &said.unwrap_or(reason)),
            Err(_) => failure(&request, said.as_deref().unwrap_or("a panic")),
        };
        println!("{answer}");
    }
}

fn failure(request: &Value, reason: &str) -> Value {
    json!({ "id": request["id"], "error": reason })
}

impl Sensitivities {
    /// The same numbers as in `reduce.py`, of the magnitude that a mean loss gives, with a different spread
    /// for each head.
    fn new(request: &Value) -> Result<Self, String> {
        let shape: [usize; 4] = serde_json::from_value(request["shape"].clone())
            .map_err(|error| format!("shape: {error}"))?;
        let (device, on) = match request["device"].as_str() {
            Some("gpu") => {
                let (device, _, on) = gpu();
                (device, on)
            }
            _ => (Device::flex(), "the CPU".to_owned()),
        };
        let [_, heads, queries, keys] = shape;
        let numbers: Vec<f32> = (0..shape.iter().product())
            .map(|place: usize| {
                let head = place / (queries * keys) % heads;
                ((place * 7_919 % 10_007) as f32 - 5_003.0) * 1e-9 * (1.0 + head as f32)
            })
            .collect();
        let maps = Tensor::from_data(TensorData::new(numbers, shape), &device);
        Ok(Self {
            shape,
            maps,
            device,
            on,
        })
    }

    fn reduce(&self, request: &Value) -> Result<Value, String> {
        let options = SendOptions {
            sign: Sign::Signed,
            scaling: match request["scaling"].as_str() {
                Some("standardise") => Scaling::Standardise,
                _ => Scaling::None,
            },
            ..SendOptions::default()
        };
        let number = |name: &str| request[name].as_u64().unwrap_or(1);
        let (batches, warmup) = (number("batches"), number("warmup"));
        let [_, heads, ..] = self.shape;
        let start = RunningScores::new(heads, &self.device);
        let mut times = Vec::new();
        let mut state = Vec::new();
        for step in 0..warmup + number("steps") {
            let started = Instant::now();
            let mut scores = start.clone();
            for _ in 0..batches {
                scores = scores.with(self.maps.clone(), 1, &options, 1.0);
            }
            state = pollster::block_on(scores.state().into_data_async())
                .map_err(|error| error.to_string())?
                .try_into_vec::<f32>()
                .map_err(|error| format!("{error:?}"))?;
            if step >= warmup {
                times.push(started.elapsed().as_secs_f64() * 1e3 / batches as f64);
            }
        }
        let mut reading = ScoreReading::from_state(&state);
        if reading.batches != batches || reading.not_finite > 0 {
            return Err(format!("{batches} batches were reduced to {reading:?}"));
        }
        // The last one is that of the module.
        reading.means.pop();
        Ok(json!({
            "id": request["id"],
            "ms": times,
            "heads": reading.means,
            "on": self.on,
        }))
    }
}
