//! Scores over many batches, kept on the device until somebody looks.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, Transaction};
use spat_gpu::{RunningScores, ScoreReading};
use spat_spec::{Accumulate, Array, MaskShape, ModuleId, Score, Scorer, SendOptions};
use thiserror::Error;

/// Scores that cannot be had.
#[derive(Debug, Error)]
pub enum ScoreError {
    /// The device did not give them back.
    #[error("the scores could not be read from the device: {0}")]
    Device(String),
    /// Some sensitivities were no number, so that a mean over them would be none either.
    #[error(
        "{count} sensitivities of {module} became NaN or infinite while it was scored; lower the \
         learning rate, or clip the gradients at a norm of 1"
    )]
    NotFinite {
        /// Where.
        module: ModuleId,
        /// How many, over all batches.
        count: u64,
    },
    /// A method that looks at data was given none.
    #[error("the scorer `{scorer}` needs at least one batch of windows to look at")]
    NoBatches {
        /// The method.
        scorer: Scorer,
    },
    /// A scorer that follows the weights' gradients met weights that are not trained.
    #[error(
        "the scorer `{scorer}` needs trainable weights, but those of {module} are frozen; use another \
         scorer, such as `taylor`"
    )]
    FrozenWeights {
        /// The method.
        scorer: Scorer,
        /// The first frozen module.
        module: ModuleId,
    },
    /// A module's score is NaN or infinite.
    #[error(
        "the scorer `{scorer}` gives {module} the value {value}; the model has diverged, or a \
         training inside the scorer has: lower its learning rate"
    )]
    NoNumber {
        /// The method.
        scorer: Scorer,
        /// Whose score.
        module: ModuleId,
        /// Its value.
        value: f64,
    },
}

/// Running SEND of every module.
///
/// Each batch is reduced where its sensitivities lie, by [`RunningScores`]; nothing is read back.
#[derive(Debug, Clone)]
pub struct ScoreAccumulator {
    options: SendOptions,
    modules: BTreeMap<ModuleId, RunningScores>,
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
            let running = self.modules.remove(&module).unwrap_or_else(|| {
                RunningScores::new(sensitivity.dims()[1], &sensitivity.device())
            });
            let running = running.with(sensitivity, forecast_values, &self.options);
            self.modules.insert(module, running);
        }
    }

    /// The mask whose gradient serves all of `scores`; none where there are none.
    pub fn mask_for(scores: &[Self]) -> Option<MaskShape> {
        let per_sample = |one: &Self| one.options.mask == MaskShape::PerSample;
        if scores.iter().any(per_sample) {
            return Some(MaskShape::PerSample);
        }
        (!scores.is_empty()).then_some(MaskShape::Shared)
    }

    /// Adds the sensitivities of one batch, taken with [`ScoreAccumulator::mask_for`], to each in its
    /// own way: a shared mask's gradient is the sum of those of the samples.
    pub fn add_to_all(
        scores: &mut [Self],
        sensitivities: &BTreeMap<ModuleId, Tensor<4>>,
        forecast_values: usize,
    ) {
        let taken = Self::mask_for(scores);
        let mixed = scores.iter().any(|one| Some(one.options.mask) != taken);
        let shared = mixed.then(|| {
            let sums = sensitivities
                .iter()
                .map(|(module, each)| (module.clone(), each.clone().sum_dim(0)));
            sums.collect::<BTreeMap<_, _>>()
        });
        for one in scores {
            let sensitivities = match (&shared, one.options.mask) {
                (Some(shared), MaskShape::Shared) => shared,
                _ => sensitivities,
            };
            one.add(sensitivities.clone(), forecast_values);
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
    /// The device is lost, or sensitivities were no numbers.
    pub async fn scores(&self) -> Result<Vec<Score>, ScoreError> {
        let mut scores = Vec::new();
        for (module, state) in self.read().await? {
            scores.push(self.score(module, &ScoreReading::from_state(&state))?);
        }
        scores.sort_by_key(|score| layer_number(&score.module));
        Ok(scores)
    }

    fn score(&self, module: ModuleId, reading: &ScoreReading) -> Result<Score, ScoreError> {
        if reading.not_finite > 0 {
            return Err(ScoreError::NotFinite {
                module,
                count: reading.not_finite,
            });
        }
        let factor = match self.options.accumulate {
            Accumulate::Sum => reading.batches as f64,
            _ => 1.0,
        };
        let mut heads: Vec<f64> = reading
            .means
            .iter()
            .map(|&mean| f64::from(mean) * factor)
            .collect();
        let value = heads.pop().unwrap_or_default();
        let squares = reading.squares.last().copied().unwrap_or_default();
        // An exponential mean's squares are the variance itself.
        let over = match self.options.accumulate {
            Accumulate::Ema(_) => 1,
            _ => reading.batches.max(1),
        };
        let variance = f64::from(squares) / over as f64;
        Ok(Score {
            module,
            value,
            heads,
            spread: variance.max(0.0).sqrt() * factor,
            batches: reading.batches,
        })
    }

    /// The state as one array per module, for a resumable run.
    ///
    /// # Errors
    /// The device is lost.
    pub async fn state(&self) -> Result<BTreeMap<ModuleId, Array>, ScoreError> {
        let state = self.read().await?.into_iter().map(|(module, values)| {
            let shape = vec![values.len()];
            (module, Array { shape, values })
        });
        Ok(state.collect())
    }

    /// Goes on from [`ScoreAccumulator::state`].
    pub fn with_state(
        options: SendOptions,
        state: BTreeMap<ModuleId, Array>,
        device: &Device,
    ) -> Self {
        let modules = state.into_iter().map(|(module, array)| {
            let reading = ScoreReading::from_state(&array.values);
            (module, RunningScores::from_reading(&reading, device))
        });
        Self {
            options,
            modules: modules.collect(),
        }
    }

    /// The state of every module, in one round trip.
    async fn read(&self) -> Result<Vec<(ModuleId, Vec<f32>)>, ScoreError> {
        let device = |reason: String| ScoreError::Device(reason);
        let reads = self
            .modules
            .values()
            .fold(Transaction::default(), |reads, running| {
                reads.register(running.state())
            });
        let read = reads
            .execute_async()
            .await
            .map_err(|error| device(error.to_string()))?;
        let values = read.into_iter().map(|data| {
            data.convert::<f32>()
                .try_into_vec::<f32>()
                .map_err(|error| device(format!("{error:?}")))
        });
        self.modules
            .keys()
            .zip(values)
            .map(|(module, values)| Ok((module.clone(), values?)))
            .collect()
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
