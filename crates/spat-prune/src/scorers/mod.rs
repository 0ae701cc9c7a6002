//! SEND and the baseline scorers behind one function, a file each; the list is [`spat_spec::scorers`].
//!
//! Notation: A is a module's attention map after the softmax, M the connection mask on it,
//! S = ∂L/∂M at M = 1; W a weight matrix; L the loss of one batch. Every score is larger for a more
//! important module, so the lowest go first. Where a score is taken per batch, its value is the
//! mean and its spread the standard deviation over the batches.

use spat_model::AttentionSlot;
use spat_spec::{Score, Scorer};

use crate::measurements::weights::is_trainable;
use crate::{ScorableModel, ScoreError, ScoringOptions};

pub use gates::{HardConcrete, opening};

macro_rules! dispatch {
    ($($module:ident => $scorer:ident $description:tt,)+) => {
        $(mod $module;)+

        async fn score<M: ScorableModel>(
            scorer: Scorer,
            model: &M,
            batches: &[M::Batch],
            options: &ScoringOptions,
        ) -> Result<Vec<Score>, ScoreError> {
            match scorer {
                $(Scorer::$scorer => $module::score(model, batches, options).await,)+
            }
        }
    };
}
spat_spec::scorers!(dispatch);

/// Scores every active attention module of `model` on `batches`, from input to output.
///
/// [`Scorer::needs`] specifies of which part of the table the batches are, and whether the model is one
/// before training. The model itself stays as it is; scorers that train ([`Scorer::Movement`],
/// [`Scorer::Gates`]) do so on a copy. All passes are in evaluation mode: no dropout, running
/// statistics.
///
/// # Errors
/// The device is lost, a score is no number, a scorer that needs batches got none, or one that needs
/// trainable weights found frozen ones.
pub async fn score_with<M: ScorableModel>(
    scorer: Scorer,
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let needs = scorer.needs();
    if needs.part.is_some() && batches.is_empty() {
        return Err(ScoreError::NoBatches { scorer });
    }
    let model = &model.valid();
    if needs.trainable_weights {
        refuse_frozen(scorer, model)?;
    }
    let scores = score(scorer, model, batches, options).await?;
    match scores.iter().find(|score| !score.value.is_finite()) {
        Some(bad) => Err(ScoreError::NoNumber {
            scorer,
            module: bad.module.clone(),
            value: bad.value,
        }),
        None => Ok(scores),
    }
}

/// Frozen weights have no gradient: their score would be 0, and they would be removed first.
fn refuse_frozen(scorer: Scorer, model: &impl ScorableModel) -> Result<(), ScoreError> {
    let trained = model.clone().train();
    let frozen = |slot: &&AttentionSlot| !is_trainable(slot);
    match trained.active_attention().into_iter().find(frozen) {
        Some(slot) => Err(ScoreError::FrozenWeights {
            scorer,
            module: slot.id().clone(),
        }),
        None => Ok(()),
    }
}
