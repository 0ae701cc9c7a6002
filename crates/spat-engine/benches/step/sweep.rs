//! A sweep over all test windows, with the engine's evaluation code.

use std::time::Instant;

use burn::module::Module as _;
use serde_json::{Value, json};
use spat_engine::TrialRunner;
use spat_model::Forecaster;

use crate::table::table;
use crate::{device, structure};

/// A table on a device, and a forecaster.
pub(crate) struct Sweep {
    trial_runner: TrialRunner,
    model: Forecaster,
}

impl Sweep {
    pub(crate) fn new(request: &Value) -> Self {
        let windows = request["windows"].as_u64().unwrap() as usize;
        let (series, split) = table(request, windows);
        let ((device, _), structure) = (device(request), structure(request));
        let trial_runner = TrialRunner::new(series, split, &structure.forecaster, &device).unwrap();
        Self {
            trial_runner,
            model: Forecaster::init(&structure, 1, &device.autodiff()).valid(),
        }
    }

    /// Milliseconds of each sweep, number of windows per sweep, the engine's batch size, and the resulting
    /// error.
    pub(crate) fn answer(&self, request: &Value, warmup: u64, sweeps: u64) -> Value {
        let mut times = Vec::new();
        let mut errors = None;
        for sweep in 0..warmup + sweeps {
            let started = Instant::now();
            errors = Some(pollster::block_on(self.trial_runner.test_errors(&self.model)).unwrap());
            if sweep >= warmup {
                times.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
        json!({
            "id": request["id"],
            "ms": times,
            "windows": self.trial_runner.facts("made").windows.test,
            "evaluation_batch": self.trial_runner.evaluation_batch(),
            "errors": errors.map(|errors| [errors.mse, errors.mae]),
        })
    }
}
