//! The state of a training in progress, as one file. A run resumed from it gives the same result as an
//! uninterrupted one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spat_spec::{
    Array, EpochResult, KeptWeights, ModuleId, Phase, TrainingConfig, checked_from_bytes,
    checked_to_bytes, header_entry,
};

use crate::error::JobError;
use crate::store::RunStore;

/// File of the state of the current phase.
pub(crate) const STATE_FILE: &str = "checkpoint/state.safetensors";

const HEADER_KEY: &str = "spat_training";

/// Everything that the next step depends on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TrainingState {
    pub(crate) position: Position,
    pub(crate) model: BTreeMap<String, Array>,
    pub(crate) best: BTreeMap<String, Array>,
    /// Averaged weights; empty before the first point of the average, and without one.
    pub(crate) average: BTreeMap<String, Array>,
    pub(crate) optimizer: BTreeMap<String, Array>,
    pub(crate) scores: BTreeMap<ModuleId, Array>,
}

/// The part of the state that is not an array.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) phase: Option<Phase>,
    /// Number of steps so far.
    pub(crate) step: usize,
    /// Sum of the losses in the current epoch.
    pub(crate) epoch_loss: f64,
    pub(crate) optimizer_steps: i32,
    pub(crate) history: Vec<EpochResult>,
    pub(crate) best_val: Option<f64>,
    /// Validations since the lowest error: epochs, if each has one.
    #[serde(rename = "epochs_without_gain")]
    pub(crate) validations_without_gain: usize,
    pub(crate) seconds_in_epoch: f64,
    /// Validations within the current epoch so far. This field and those below are new; without validations
    /// within epochs and averages they have their defaults.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) validations_in_epoch: usize,
    /// The best weights so far, if they are of the current epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<KeptWeights>,
    /// Points of the average.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) averaged: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl TrainingState {
    pub(crate) async fn save(self, store: &mut impl RunStore) -> Result<(), JobError> {
        let header = serde_json::to_string(&self.position).map_err(|error| run_file(&error))?;
        let mut arrays = BTreeMap::new();
        let mut put = |kind: &str, group: BTreeMap<String, Array>| {
            arrays.extend(
                group
                    .into_iter()
                    .map(|(name, array)| (format!("{kind}/{name}"), array)),
            );
        };
        put("model", self.model);
        put("best", self.best);
        put("average", self.average);
        put("optimizer", self.optimizer);
        put(
            "scores",
            self.scores
                .into_iter()
                .map(|(module, array)| (module.to_string(), array))
                .collect(),
        );
        let bytes =
            checked_to_bytes(HEADER_KEY, &header, &arrays).map_err(|error| run_file(&error))?;
        Ok(store.write(STATE_FILE, &bytes).await?)
    }

    /// The current phase and its completed epochs, if there is one.
    pub(crate) async fn history(
        store: &impl RunStore,
    ) -> Result<Option<(Phase, Vec<EpochResult>)>, JobError> {
        let Some(bytes) = store.read(STATE_FILE).await? else {
            return Ok(None);
        };
        let header = header_entry(&bytes, HEADER_KEY).map_err(|error| run_file(&error))?;
        let position = position(header.as_deref())?;
        Ok(position.phase.map(|phase| (phase, position.history)))
    }

    /// The state of `phase`; `None` if another phase is in progress. The file must match its checksum, if it
    /// has one, and weights must be finite.
    pub(crate) async fn load(
        store: &impl RunStore,
        phase: Phase,
    ) -> Result<Option<Self>, JobError> {
        let Some(bytes) = store.read(STATE_FILE).await? else {
            return Ok(None);
        };
        let file = checked_from_bytes(HEADER_KEY, &bytes).map_err(|error| run_file(&error))?;
        let position = position(file.json.as_deref())?;
        if position.phase != Some(phase) {
            return Ok(None);
        }
        let mut state = Self {
            position,
            ..Self::default()
        };
        for (name, array) in file.arrays {
            let is_weight = ["model/", "best/", "average/"]
                .iter()
                .any(|kind| name.starts_with(kind));
            if is_weight {
                array
                    .check_finite(&name)
                    .map_err(|error| run_file(&error))?;
            }
            match name.split_once('/') {
                Some(("model", name)) => _ = state.model.insert(name.to_owned(), array),
                Some(("best", name)) => _ = state.best.insert(name.to_owned(), array),
                Some(("average", name)) => _ = state.average.insert(name.to_owned(), array),
                Some(("optimizer", name)) => _ = state.optimizer.insert(name.to_owned(), array),
                Some(("scores", name)) => _ = state.scores.insert(ModuleId::from(name), array),
                _ => return Err(run_file(&format!("an unknown array `{name}`"))),
            }
        }
        Ok(Some(state))
    }
}

impl Position {
    /// Checks the counters against a training of `steps_per_epoch` steps per epoch, before one of them is used
    /// in arithmetic.
    ///
    /// # Errors
    /// The counters are not those of any point of that training.
    pub(crate) fn check(
        &self,
        config: &TrainingConfig,
        steps_per_epoch: usize,
    ) -> Result<(), JobError> {
        let epochs = config.epochs;
        let per_epoch = steps_per_epoch.max(1);
        let (ended, is_whole) = (self.step / per_epoch, self.step.is_multiple_of(per_epoch));
        let within = config.validations.saturating_sub(1);
        let possible = self.step <= epochs.saturating_mul(steps_per_epoch)
            && match self.history.len() {
                known if known == ended => true,
                // One epoch less if the training was stopped in a validation.
                known if known.checked_add(1) == Some(ended) => is_whole,
                // One more if the training ended early, within its last epoch.
                known if known == ended + 1 => !is_whole && within > 0,
                _ => false,
            }
            && self.validations_in_epoch <= within
            && self.validations_without_gain
                <= self.history.len().saturating_mul(config.validations)
                    + self.validations_in_epoch
            && self.averaged <= self.step
            && usize::try_from(self.optimizer_steps) == Ok(self.step)
            && self.epoch_loss.is_finite();
        if possible {
            return Ok(());
        }
        Err(run_file(&format!(
            "it is at step {} after {} epochs and {} steps of the optimiser, which a training of {epochs} \
             epochs of {steps_per_epoch} steps never is",
            self.step,
            self.history.len(),
            self.optimizer_steps
        )))
    }
}

fn position(header: Option<&str>) -> Result<Position, JobError> {
    let header = header.ok_or_else(|| run_file(&"it has no training header"))?;
    serde_json::from_str(header).map_err(|error| run_file(&error))
}

fn run_file(reason: &impl std::fmt::Display) -> JobError {
    JobError::RunFile {
        name: STATE_FILE.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::store::MemoryStore;

    /// The result of a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => unreachable!("the memory store does not wait"),
        }
    }

    fn state() -> TrainingState {
        let array = |first: f32| Array {
            shape: vec![2, 3],
            values: (0..6).map(|place| first + place as f32).collect(),
        };
        let named = |name: &str, first| BTreeMap::from([(name.to_owned(), array(first))]);
        TrainingState {
            position: Position {
                phase: Some(Phase::Pretrain),
                step: 5,
                epoch_loss: 0.25,
                optimizer_steps: 5,
                history: vec![EpochResult {
                    epoch: 1,
                    train_loss: 0.5,
                    val_mse: 0.75,
                    learning_rate: 1e-4,
                    seconds: 1.5,
                    best: true,
                    kept: None,
                }],
                best_val: Some(0.75),
                validations_without_gain: 0,
                seconds_in_epoch: 0.5,
                validations_in_epoch: 1,
                kept: None,
                averaged: 2,
            },
            model: named("head.weight", 0.1),
            best: named("head.weight", 0.2),
            average: named("head.weight", 0.25),
            optimizer: named("first.head.weight", 0.3),
            scores: BTreeMap::from([(ModuleId::encoder(0), array(0.4))]),
        }
    }

    fn load(bytes: &[u8]) -> Result<Option<TrainingState>, JobError> {
        let mut store = MemoryStore::default();
        store.files.insert(STATE_FILE.to_owned(), bytes.to_vec());
        now(TrainingState::load(&store, Phase::Pretrain))
    }

    fn saved(state: TrainingState) -> Vec<u8> {
        let mut store = MemoryStore::default();
        now(state.save(&mut store)).unwrap();
        store.files.remove(STATE_FILE).unwrap()
    }

    /// Every bit of the file is flipped in turn.
    #[test]
    fn no_flipped_bit_gives_another_state() {
        let bytes = saved(state());
        assert_eq!(load(&bytes).unwrap().unwrap(), state());
        assert!(8 * bytes.len() >= 1_000);
        for place in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place / 8] ^= 1 << (place % 8);
            if let Ok(read) = load(&flipped) {
                assert_eq!(read, Some(state()), "byte {}", place / 8);
            }
        }
    }

    #[test]
    fn weights_that_are_not_finite_are_refused_by_name() {
        let mut bad = state();
        bad.model.get_mut("head.weight").unwrap().values[1] = f32::NAN;
        let message = load(&saved(bad)).unwrap_err().to_string();
        assert!(
            message.contains("model/head.weight") && message.contains(STATE_FILE),
            "{message}"
        );
    }

    #[test]
    fn counters_that_no_training_reaches_are_refused() {
        let config = |validations| TrainingConfig {
            epochs: 3,
            validations,
            ..TrainingConfig::default()
        };
        let position = Position {
            validations_in_epoch: 0,
            averaged: 0,
            ..state().position
        };
        position.check(&config(1), 4).unwrap();
        let bad = [
            Position {
                step: 1 << 63,
                ..position.clone()
            },
            Position {
                step: 13,
                ..position.clone()
            },
            Position {
                optimizer_steps: -5,
                ..position.clone()
            },
            Position {
                validations_without_gain: 2,
                ..position.clone()
            },
            Position {
                history: Vec::new(),
                ..position.clone()
            },
            Position {
                validations_in_epoch: 1,
                ..position.clone()
            },
            Position {
                averaged: 6,
                ..position.clone()
            },
        ];
        for position in bad {
            let message = position.check(&config(1), 4).unwrap_err().to_string();
            assert!(message.contains("step"), "{message}");
        }
        Position {
            step: 8,
            optimizer_steps: 8,
            ..position.clone()
        }
        .check(&config(1), 4)
        .unwrap();
        // Ended early in the second epoch.
        let ended = Position {
            history: [position.history.clone(), position.history.clone()].concat(),
            validations_without_gain: 3,
            ..position
        };
        ended.check(&config(2), 4).unwrap();
        assert!(ended.check(&config(1), 4).is_err());
    }
}
