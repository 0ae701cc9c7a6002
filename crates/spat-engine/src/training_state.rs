//! The state of a training in progress, as one file. A run resumed from it gives the same result as an
//! uninterrupted one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spat_spec::{Array, EpochResult, ModuleId, Phase, arrays_from_bytes, arrays_to_bytes};

use crate::error::JobError;
use crate::store::RunStore;

/// File of the state of the current phase.
pub(crate) const STATE_FILE: &str = "checkpoint/state.safetensors";

const HEADER_KEY: &str = "spat_training";

/// Everything that the next step depends on.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrainingState {
    pub(crate) position: Position,
    pub(crate) model: BTreeMap<String, Array>,
    pub(crate) best: BTreeMap<String, Array>,
    pub(crate) optimizer: BTreeMap<String, Array>,
    pub(crate) scores: BTreeMap<ModuleId, Array>,
}

/// The part of the state that is not an array.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) phase: Option<Phase>,
    /// Number of steps so far.
    pub(crate) step: usize,
    /// Sum of the losses in the current epoch.
    pub(crate) epoch_loss: f64,
    pub(crate) optimizer_steps: i32,
    pub(crate) history: Vec<EpochResult>,
    pub(crate) best_val: Option<f64>,
    pub(crate) epochs_without_gain: usize,
    pub(crate) seconds_in_epoch: f64,
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
        put("optimizer", self.optimizer);
        put(
            "scores",
            self.scores
                .into_iter()
                .map(|(module, array)| (module.to_string(), array))
                .collect(),
        );
        let metadata = Some([(HEADER_KEY.to_owned(), header)].into());
        let bytes = arrays_to_bytes(&arrays, metadata).map_err(|error| run_file(&error))?;
        Ok(store.write(STATE_FILE, &bytes).await?)
    }

    /// The current phase and its completed epochs, if there is one.
    pub(crate) async fn history(
        store: &impl RunStore,
    ) -> Result<Option<(Phase, Vec<EpochResult>)>, JobError> {
        let Some(bytes) = store.read(STATE_FILE).await? else {
            return Ok(None);
        };
        let position = position(&bytes)?;
        Ok(position.phase.map(|phase| (phase, position.history)))
    }

    /// The state of `phase`; `None` if another phase is in progress.
    pub(crate) async fn load(
        store: &impl RunStore,
        phase: Phase,
    ) -> Result<Option<Self>, JobError> {
        let Some(bytes) = store.read(STATE_FILE).await? else {
            return Ok(None);
        };
        let position = position(&bytes)?;
        if position.phase != Some(phase) {
            return Ok(None);
        }
        let mut state = Self {
            position,
            ..Self::default()
        };
        for (name, array) in arrays_from_bytes(&bytes)? {
            match name.split_once('/') {
                Some(("model", name)) => _ = state.model.insert(name.to_owned(), array),
                Some(("best", name)) => _ = state.best.insert(name.to_owned(), array),
                Some(("optimizer", name)) => _ = state.optimizer.insert(name.to_owned(), array),
                Some(("scores", name)) => _ = state.scores.insert(ModuleId::from(name), array),
                _ => return Err(run_file(&format!("an unknown array `{name}`"))),
            }
        }
        Ok(Some(state))
    }
}

fn position(bytes: &[u8]) -> Result<Position, JobError> {
    let header = spat_spec::header_entry(bytes, HEADER_KEY)?
        .ok_or_else(|| run_file(&"it has no training header"))?;
    serde_json::from_str(&header).map_err(|error| run_file(&error))
}

fn run_file(reason: &impl std::fmt::Display) -> JobError {
    JobError::RunFile {
        name: STATE_FILE.to_owned(),
        reason: reason.to_string(),
    }
}
