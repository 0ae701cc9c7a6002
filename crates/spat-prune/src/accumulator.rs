//! Scores over many batches, kept on the device until somebody looks.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use spat_model::read;
use spat_spec::{Accumulate, Array, ModuleId, Score, SendOptions};
use thiserror::Error;

use crate::send::send;

/// The device did not give scores back.
#[derive(Debug, Error)]
#[error("the scores could not be read from the device: {0}")]
pub struct ScoreError(String);

/// Running SEND of every module.
///
/// Each batch costs a few small tensor operations and no read-back. Mean and spread run by
/// Welford's update (Knuth, TAOCP vol. 2, 4.2.2), which does not lose digits over thousands of
/// batches.
#[derive(Debug, Clone)]
pub struct ScoreAccumulator {
    options: SendOptions,
    modules: BTreeMap<ModuleId, Running>,
}

/// `[H + 1]` values: one per head, then the module's own (the mean over heads).
#[derive(Debug, Clone)]
struct Running {
    batches: u64,
    /// Running mean, or moving average.
    mean: Tensor<1>,
    /// Sum of squared deviations from the running mean.
    squares: Tensor<1>,
}

impl ScoreAccumulator {
    /// Nothing scored yet.
    pub fn new(options: SendOptions) -> Self {
        Self {
            options,
            modules: BTreeMap::new(),
        }
    }

    /// The choices in SEND.
    pub fn options(&self) -> &SendOptions {
        &self.options
    }

    /// Adds the sensitivities of one batch, `[B or 1, H, Lq, Lk]` per module. `forecast_values` is
    /// the number of values in the mean loss.
    pub fn add(&mut self, sensitivities: BTreeMap<ModuleId, Tensor<4>>, forecast_values: usize) {
        for (module, sensitivity) in sensitivities {
            let heads = send(sensitivity, forecast_values, &self.options);
            let values = Tensor::cat(vec![heads.clone(), heads.mean()], 0);
            let running = match self.modules.remove(&module) {
                None => Running {
                    batches: 1,
                    squares: values.zeros_like(),
                    mean: values,
                },
                Some(running) => running.with(values, self.options.accumulate),
            };
            self.modules.insert(module, running);
        }
    }

    /// An epoch begins: forgets what came before where only the last epoch counts.
    pub fn start_epoch(&mut self) {
        if self.options.accumulate == Accumulate::LastEpoch {
            self.modules.clear();
        }
    }

    /// Scores so far, in the order of the modules' names; reads a few numbers from the device.
    ///
    /// # Errors
    /// The device is lost.
    pub async fn scores(&self) -> Result<Vec<Score>, ScoreError> {
        let mut scores = Vec::new();
        for (module, running) in &self.modules {
            let mean = read(running.mean.clone()).await.map_err(ScoreError)?;
            let squares = read(running.squares.clone()).await.map_err(ScoreError)?;
            let factor = match self.options.accumulate {
                Accumulate::Sum => running.batches as f64,
                _ => 1.0,
            };
            let mut heads: Vec<f64> = mean
                .iter()
                .map(|&value| f64::from(value) * factor)
                .collect();
            let value = heads.pop().unwrap_or_default();
            let variance =
                f64::from(squares.last().copied().unwrap_or_default()) / running.batches as f64;
            scores.push(Score {
                module: module.clone(),
                value,
                heads,
                spread: variance.max(0.0).sqrt(),
                batches: running.batches,
            });
        }
        scores.sort_by_key(|score| layer_number(&score.module));
        Ok(scores)
    }

    /// The state as arrays, for a resumable run: per module `[2, H + 1]` and the batches.
    ///
    /// # Errors
    /// The device is lost.
    pub async fn state(&self) -> Result<BTreeMap<ModuleId, (u64, Array)>, ScoreError> {
        let mut state = BTreeMap::new();
        for (module, running) in &self.modules {
            let mut values = read(running.mean.clone()).await.map_err(ScoreError)?;
            let shape = vec![2, values.len()];
            values.extend(read(running.squares.clone()).await.map_err(ScoreError)?);
            state.insert(module.clone(), (running.batches, Array { shape, values }));
        }
        Ok(state)
    }

    /// Goes on from [`ScoreAccumulator::state`].
    pub fn with_state(
        options: SendOptions,
        state: BTreeMap<ModuleId, (u64, Array)>,
        device: &burn::tensor::Device,
    ) -> Self {
        let modules = state
            .into_iter()
            .map(|(module, (batches, array))| {
                let half = array.values.len() / 2;
                let tensor = |values: &[f32]| Tensor::<1>::from_floats(values, device);
                let mean = tensor(&array.values[..half]);
                let squares = tensor(&array.values[half..]);
                (
                    module,
                    Running {
                        batches,
                        mean,
                        squares,
                    },
                )
            })
            .collect();
        Self { options, modules }
    }
}

impl Running {
    fn with(self, values: Tensor<1>, accumulate: Accumulate) -> Self {
        let batches = self.batches + 1;
        let before = values.clone() - self.mean.clone();
        let weight = match accumulate {
            Accumulate::Ema(newest) => newest,
            Accumulate::Sum | Accumulate::Mean | Accumulate::LastEpoch => 1.0 / batches as f64,
        };
        let mean = self.mean + before.clone() * weight;
        let after = values - mean.clone();
        Self {
            batches,
            squares: self.squares + before * after,
            mean,
        }
    }
}

/// Orders `encoder.10.attention` behind `encoder.9.attention`.
fn layer_number(module: &ModuleId) -> (String, usize) {
    let number = module
        .as_str()
        .split('.')
        .find_map(|part| part.parse().ok())
        .unwrap_or(0);
    (module.block().to_owned(), number)
}
