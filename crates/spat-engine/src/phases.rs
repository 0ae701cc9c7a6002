//! Results of the phases of a job, stored so that a resumed run does not repeat them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spat_model::Forecaster;
use spat_spec::{
    EpochResult, ModuleId, Phase, Plan, Score, Structure, add_checksum, checked_from_bytes,
    checked_to_bytes, remove_checksum,
};

use crate::error::JobError;
use crate::store::RunStore;
use crate::trainer::Trained;
use crate::training_state::STATE_FILE;

const PROGRESS_FILE: &str = "checkpoint/phases.json";

/// Header entry of the weights of a phase; it has a checksum only.
const WEIGHTS_KEY: &str = "spat_weights";

/// Completed phases, and the plan between them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Phases {
    histories: BTreeMap<Phase, Vec<EpochResult>>,
    pub(crate) scores: Option<Vec<Score>>,
    pub(crate) plan: Option<Plan>,
    /// Validation losses of a search for the number of modules, by removed modules; `None` if not finite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<(Vec<ModuleId>, Option<f64>)>,
    /// The same without fine-tuning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    screened: Vec<(Vec<ModuleId>, Option<f64>)>,
    /// Validation losses of fine-tuned candidates, window by window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    window_losses: Vec<WindowLosses>,
    /// Epochs of the linear baselines that are trained, by name. A new plan does not concern them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    linear_baselines: BTreeMap<String, Vec<EpochResult>>,
    /// Epochs of the dense models before earlier cutoffs, by the cutoff's number from 1. A new plan does not concern
    /// them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    folds: BTreeMap<usize, Vec<EpochResult>>,
}

/// Validation losses of a candidate.
#[derive(Debug, Serialize, Deserialize)]
struct WindowLosses {
    removed: Vec<ModuleId>,
    /// Number of the earlier cutoff, or 0 for the validation part.
    #[serde(default, skip_serializing_if = "is_zero")]
    fold: usize,
    #[serde(with = "spat_spec::hex_numbers")]
    losses: Vec<f32>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Phases {
    pub(crate) async fn load(store: &impl RunStore) -> Result<Self, JobError> {
        let Some(bytes) = store.read(PROGRESS_FILE).await? else {
            return Ok(Self::default());
        };
        let text = str::from_utf8(&bytes).map_err(|error| run_file(PROGRESS_FILE, &error))?;
        let (text, _) = remove_checksum(text, &BTreeMap::new())
            .map_err(|error| run_file(PROGRESS_FILE, &error))?;
        serde_json::from_str(&text).map_err(|error| run_file(PROGRESS_FILE, &error))
    }

    pub(crate) async fn save(&self, store: &mut impl RunStore) -> Result<(), JobError> {
        let text =
            serde_json::to_string_pretty(self).map_err(|error| run_file(PROGRESS_FILE, &error))?;
        let text = add_checksum(&text, &BTreeMap::new());
        Ok(store.write(PROGRESS_FILE, text.as_bytes()).await?)
    }

    /// The epochs of every completed phase.
    pub(crate) fn histories(&self) -> impl Iterator<Item = (Phase, Vec<EpochResult>)> {
        self.histories.clone().into_iter()
    }

    /// The final model of a phase; `None` if the phase is not complete.
    pub(crate) async fn ended(
        &self,
        phase: Phase,
        structure: &Structure,
        device: &burn::tensor::Device,
        store: &impl RunStore,
    ) -> Result<Option<Trained>, JobError> {
        let Some(history) = self.histories.get(&phase) else {
            return Ok(None);
        };
        let model = read_weights(&weights_file(phase), structure, device, store).await?;
        Ok(Some(Trained {
            model,
            history: history.clone(),
        }))
    }

    /// The linear baseline `name`; `None` if it is not trained.
    pub(crate) async fn linear_baseline(
        &self,
        name: &str,
        structure: &Structure,
        device: &burn::tensor::Device,
        store: &impl RunStore,
    ) -> Result<Option<Trained>, JobError> {
        let Some(history) = self.linear_baselines.get(name) else {
            return Ok(None);
        };
        let model = read_weights(&baseline_file(name), structure, device, store).await?;
        Ok(Some(Trained {
            model,
            history: history.clone(),
        }))
    }

    /// The dense model before the cutoff `number`; `None` if it is not trained.
    pub(crate) async fn fold(
        &self,
        number: usize,
        structure: &Structure,
        device: &burn::tensor::Device,
        store: &impl RunStore,
    ) -> Result<Option<Trained>, JobError> {
        let Some(history) = self.folds.get(&number) else {
            return Ok(None);
        };
        let model = read_weights(&fold_file(number), structure, device, store).await?;
        Ok(Some(Trained {
            model,
            history: history.clone(),
        }))
    }

    /// Stores the dense model before a cutoff, with the training state as in [`Phases::end_linear_baseline`].
    pub(crate) async fn end_fold(
        &mut self,
        number: usize,
        trained: &Trained,
        store: &mut impl RunStore,
    ) -> Result<(), JobError> {
        write_weights(&fold_file(number), trained, store).await?;
        store.remove(STATE_FILE).await?;
        self.folds.insert(number, trained.history.clone());
        self.save(store).await
    }

    /// Discards the plan and everything that was trained after it; the dense model stays.
    pub(crate) async fn forget_plan(&mut self, store: &mut impl RunStore) -> Result<(), JobError> {
        self.plan = None;
        self.candidates.clear();
        self.screened.clear();
        self.window_losses.clear();
        self.histories.retain(|&phase, _| phase == Phase::Pretrain);
        store.remove(STATE_FILE).await?;
        store.remove("report.json").await?;
        self.save(store).await
    }

    /// Stores the result of a phase. Weights are written first: a kill in between repeats the end of the
    /// phase and never loses it.
    pub(crate) async fn end(
        &mut self,
        phase: Phase,
        trained: &Trained,
        store: &mut impl RunStore,
    ) -> Result<(), JobError> {
        write_weights(&weights_file(phase), trained, store).await?;
        self.histories.insert(phase, trained.history.clone());
        self.save(store).await?;
        // Removed last: the training state of a completed phase is useless to the next one, but without
        // both the training would be lost.
        Ok(store.remove(STATE_FILE).await?)
    }

    /// Stores a linear baseline. The training state is removed before it is marked as complete, because the next
    /// one is trained in the same phase and must not resume from it.
    pub(crate) async fn end_linear_baseline(
        &mut self,
        name: &str,
        trained: &Trained,
        store: &mut impl RunStore,
    ) -> Result<(), JobError> {
        write_weights(&baseline_file(name), trained, store).await?;
        store.remove(STATE_FILE).await?;
        self.linear_baselines
            .insert(name.to_owned(), trained.history.clone());
        self.save(store).await
    }

    /// The stored loss of a candidate; `None` if it was not fine-tuned.
    pub(crate) fn candidate(&self, removed: &[ModuleId]) -> Option<f64> {
        known_loss(&self.candidates, removed)
    }

    /// Stores a candidate's loss. The training state is removed first, because the next candidate is
    /// trained in the same phase and must not resume from it.
    pub(crate) async fn end_candidate(
        &mut self,
        removed: Vec<ModuleId>,
        loss: f64,
        store: &mut impl RunStore,
    ) -> Result<(), JobError> {
        store.remove(STATE_FILE).await?;
        let loss = loss.is_finite().then_some(loss);
        self.candidates.push((removed, loss));
        self.save(store).await
    }

    /// The stored loss of a candidate without fine-tuning; `None` if it was not evaluated.
    pub(crate) fn screened(&self, removed: &[ModuleId]) -> Option<f64> {
        known_loss(&self.screened, removed)
    }

    /// Stores a candidate's loss without fine-tuning.
    pub(crate) async fn end_screening(
        &mut self,
        removed: Vec<ModuleId>,
        loss: f64,
        store: &mut impl RunStore,
    ) -> Result<(), JobError> {
        let loss = loss.is_finite().then_some(loss);
        self.screened.push((removed, loss));
        self.save(store).await
    }

    /// The stored losses of a candidate in each window after the cutoff `fold`, or of the validation part if that
    /// is 0; `None` if it was not fine-tuned.
    pub(crate) fn window_losses(&self, removed: &[ModuleId], fold: usize) -> Option<Vec<f64>> {
        let mut known = self.window_losses.iter();
        let known = known.find(|known| known.removed == removed && known.fold == fold)?;
        Some(known.losses.iter().map(|&loss| f64::from(loss)).collect())
    }

    /// Stores a candidate's losses in each window, with the training state as in [`Phases::end_candidate`], and
    /// returns them as a resumed search reads them: rounded to 32 bits.
    pub(crate) async fn end_window_losses(
        &mut self,
        removed: Vec<ModuleId>,
        fold: usize,
        losses: &[f64],
        store: &mut impl RunStore,
    ) -> Result<Vec<f64>, JobError> {
        store.remove(STATE_FILE).await?;
        let losses: Vec<f32> = losses.iter().map(|&loss| loss as f32).collect();
        let rounded = losses.iter().map(|&loss| f64::from(loss)).collect();
        self.window_losses.push(WindowLosses {
            removed,
            fold,
            losses,
        });
        self.save(store).await?;
        Ok(rounded)
    }
}

fn known_loss(losses: &[(Vec<ModuleId>, Option<f64>)], removed: &[ModuleId]) -> Option<f64> {
    let known = losses.iter().find(|(other, _)| other == removed);
    known.map(|(_, loss)| loss.unwrap_or(f64::NAN))
}

fn run_file(name: &str, reason: &impl std::fmt::Display) -> JobError {
    JobError::RunFile {
        name: name.to_owned(),
        reason: reason.to_string(),
    }
}

async fn read_weights(
    file: &str,
    structure: &Structure,
    device: &burn::tensor::Device,
    store: &impl RunStore,
) -> Result<Forecaster, JobError> {
    let Some(bytes) = store.read(file).await? else {
        return Err(run_file(file, &"it is missing"));
    };
    let damaged = |error| run_file(file, &error);
    let weights = checked_from_bytes(WEIGHTS_KEY, &bytes)
        .map_err(damaged)?
        .arrays;
    for (path, array) in &weights {
        array.check_finite(path).map_err(damaged)?;
    }
    Ok(Forecaster::try_init(structure, 0, device)?.with_weights(weights)?)
}

async fn write_weights(
    file: &str,
    trained: &Trained,
    store: &mut impl RunStore,
) -> Result<(), JobError> {
    let bytes = checked_to_bytes(WEIGHTS_KEY, "{}", &trained.model.weights().await?)
        .map_err(|error| JobError::Checkpoint(error.into()))?;
    Ok(store.write(file, &bytes).await?)
}

fn baseline_file(name: &str) -> String {
    format!("checkpoint/linear_{name}.safetensors")
}

fn fold_file(number: usize) -> String {
    format!("checkpoint/fold_{number}.safetensors")
}

fn weights_file(phase: Phase) -> String {
    let name = match phase {
        Phase::Pretrain => "pretrain",
        Phase::Score => "score",
        Phase::Finetune => "finetune",
        Phase::DenseFinetuned => "dense_finetuned",
        Phase::PrunedFromScratch => "pruned_from_scratch",
        Phase::Evaluate => "evaluate",
        Phase::LinearBaseline => "linear_baseline",
        Phase::Fold => "fold",
    };
    format!("checkpoint/{name}.safetensors")
}
