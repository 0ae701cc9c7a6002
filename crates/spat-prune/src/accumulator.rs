//! Scores over many batches, kept on the device until they are read.

use std::collections::BTreeMap;

use burn::tensor::{Device, Transaction};
use spat_gpu::{RunningScores, ScoreReading};
use spat_model::MapValues;
use spat_spec::{Accumulate, Array, MaskShape, ModuleId, Scaling, Score, Scorer, SendOptions};
use thiserror::Error;

/// Scores that cannot be computed.
#[derive(Debug, Error)]
pub enum ScoreError {
    /// Reading from the device failed.
    #[error("the scores could not be read from the device: {0}")]
    Device(String),
    /// Some sensitivities are not finite, so that their mean would not be finite either.
    #[error(
        "{count} sensitivities of {module} became NaN or infinite while it was scored; lower the \
         learning rate, or clip the gradients at a norm of 1"
    )]
    NotFinite {
        /// The module.
        module: ModuleId,
        /// Number of such sensitivities in all batches.
        count: u64,
    },
    /// A scorer that evaluates batches got none.
    #[error("the scorer `{scorer}` needs at least one batch of windows to look at")]
    NoBatches {
        /// The scorer.
        scorer: Scorer,
    },
    /// A scorer needs gradients of the weights, but weights are frozen.
    #[error(
        "the scorer `{scorer}` needs trainable weights, but those of {module} are frozen; use another \
         scorer, such as `taylor`"
    )]
    FrozenWeights {
        /// The method.
        scorer: Scorer,
        /// The first module with frozen weights.
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
        /// The module.
        module: ModuleId,
        /// The score.
        value: f64,
    },
}

/// Running SEND scores of every attention map.
///
/// Each batch is reduced on the device of its sensitivities by [`RunningScores`]; nothing is read back.
#[derive(Debug, Clone)]
pub struct ScoreAccumulator {
    options: SendOptions,
    maps: BTreeMap<ModuleId, RunningScores>,
}

impl ScoreAccumulator {
    /// Empty scores.
    pub fn new(options: SendOptions) -> Self {
        Self {
            options,
            maps: BTreeMap::new(),
        }
    }

    /// The options of SEND.
    pub fn options(&self) -> &SendOptions {
        &self.options
    }

    /// Adds the sensitivities of one batch, `[B or 1, H, Lq, Lk]` per map. `forecast_values` is
    /// the number of values in the mean loss.
    pub fn add<S: Into<MapValues>>(
        &mut self,
        sensitivities: BTreeMap<ModuleId, S>,
        forecast_values: usize,
    ) {
        let sensitivities: BTreeMap<ModuleId, MapValues> = sensitivities
            .into_iter()
            .map(|(map, sensitivity)| (map, sensitivity.into()))
            .collect();
        let keys = |sensitivity: &MapValues| sensitivity.values.dims()[3];
        let longest = sensitivities.values().map(keys).max().unwrap_or(1);
        for (map, sensitivity) in sensitivities {
            let running = self.maps.remove(&map).unwrap_or_else(|| {
                let values = &sensitivity.values;
                RunningScores::new(values.dims()[1], &values.device())
            });
            let row_factor = match self.options.scaling {
                Scaling::Standardise => keys(&sensitivity) as f32 / longest as f32,
                _ => 1.0,
            };
            let running = running.with_causal_rows(sensitivity.causal).with(
                sensitivity.values,
                forecast_values,
                &self.options,
                row_factor,
            );
            self.maps.insert(map, running);
        }
    }

    /// The shape of the mask whose gradient serves all of `scores`; `None` if there are none.
    pub fn mask_for(scores: &[Self]) -> Option<MaskShape> {
        let per_sample = |one: &Self| one.options.mask == MaskShape::PerSample;
        if scores.iter().any(per_sample) {
            return Some(MaskShape::PerSample);
        }
        (!scores.is_empty()).then_some(MaskShape::Shared)
    }

    /// Adds the sensitivities of one batch with the mask of [`ScoreAccumulator::mask_for`] to each accumulator.
    /// For a shared mask they are summed over the samples.
    pub fn add_to_all(
        scores: &mut [Self],
        sensitivities: &BTreeMap<ModuleId, MapValues>,
        forecast_values: usize,
    ) {
        let taken = Self::mask_for(scores);
        let mixed = scores.iter().any(|one| Some(one.options.mask) != taken);
        let shared = mixed.then(|| {
            let sums = sensitivities.iter().map(|(map, each)| {
                let values = each.values.clone().sum_dim(0);
                (map.clone(), MapValues { values, ..*each })
            });
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

    /// Starts an epoch: discards earlier batches if only the last epoch counts.
    pub fn start_epoch(&mut self) {
        if self.options.accumulate == Accumulate::LastEpoch {
            self.maps.clear();
        }
    }

    /// The scores so far of `modules`, which are listed from input to output; reads a few numbers from the
    /// device. A module with several maps has the mean of theirs, as its spread too.
    ///
    /// # Errors
    /// The device is lost, or sensitivities were not finite.
    pub async fn scores(&self, modules: &[&ModuleId]) -> Result<Vec<Score>, ScoreError> {
        let mut maps: BTreeMap<ModuleId, Vec<Score>> = BTreeMap::new();
        for (map, state) in self.read().await? {
            let module = map.module();
            let score = self.score(module.clone(), &ScoreReading::from_state(&state))?;
            maps.entry(module).or_default().push(score);
        }
        let modules = modules.iter();
        Ok(modules
            .filter_map(|module| mean(maps.get(*module)?))
            .collect())
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
        // For an exponential mean, the squares are already the variance.
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

    /// The state as one array per map, for a resumable run.
    ///
    /// # Errors
    /// The device is lost.
    pub async fn state(&self) -> Result<BTreeMap<ModuleId, Array>, ScoreError> {
        let state = self.read().await?.into_iter().map(|(map, values)| {
            let shape = vec![values.len()];
            (map, Array { shape, values })
        });
        Ok(state.collect())
    }

    /// Continues from the result of [`ScoreAccumulator::state`].
    pub fn with_state(
        options: SendOptions,
        state: BTreeMap<ModuleId, Array>,
        device: &Device,
    ) -> Self {
        let maps = state.into_iter().map(|(map, array)| {
            let reading = ScoreReading::from_state(&array.values);
            (map, RunningScores::from_reading(&reading, device))
        });
        Self {
            options,
            maps: maps.collect(),
        }
    }

    /// Reads the state of every map in one round trip.
    async fn read(&self) -> Result<Vec<(ModuleId, Vec<f32>)>, ScoreError> {
        let device = |reason: String| ScoreError::Device(reason);
        let reads = self
            .maps
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
        self.maps
            .keys()
            .zip(values)
            .map(|(map, values)| Ok((map.clone(), values?)))
            .collect()
    }
}

/// The mean over a module's maps.
fn mean(maps: &[Score]) -> Option<Score> {
    let (first, others) = maps.split_first()?;
    let count = maps.len() as f64;
    let mut mean = first.clone();
    for map in others {
        mean.value += map.value;
        mean.spread += map.spread;
        for (sum, head) in mean.heads.iter_mut().zip(&map.heads) {
            *sum += head;
        }
    }
    let numbers = [&mut mean.value, &mut mean.spread];
    for number in numbers.into_iter().chain(&mut mean.heads) {
        *number /= count;
    }
    Some(mean)
}
