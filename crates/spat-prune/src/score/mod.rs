//! SEND and the baseline scorers behind one function.
//!
//! Notation: A is a module's attention map after the softmax, M the connection mask on it,
//! S = ∂L/∂M at M = 1; W a weight matrix; L the loss of one batch. Every score is larger for a more
//! important module, so the lowest go first. Where a score is taken per batch, its value is the
//! mean and its spread the standard deviation over the batches.

mod entropy;
mod gates;
mod hard_concrete;
mod leave_one_out;
mod options;
mod order;
mod scorable_model;
mod sensitivity;
mod stream;
mod tally;
mod weights;

use spat_spec::{Score, Scorer};

pub use hard_concrete::{HardConcrete, opening};
pub use options::{GateTraining, ScoringOptions, Tuning};
pub use scorable_model::{Sample, ScorableModel};

use crate::ScoreError;

/// Scores every active attention module of `model` on `batches`, from input to output.
///
/// What the batches should be is part of each method: training windows for those that follow the
/// loss, windows of the validation part for [`Scorer::LeaveOneOut`], one mini-batch before any
/// training for [`Scorer::Snip`]. The model itself stays as it is; those that train
/// ([`Scorer::Movement`], [`Scorer::Gates`]) do so on a copy. All passes are in evaluation mode: no
/// dropout, running statistics.
///
/// # Errors
/// The device is lost, a score is no number, or a method that needs batches got none.
pub async fn score_with<M: ScorableModel>(
    scorer: Scorer,
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let looks_at_data = !matches!(
        scorer,
        Scorer::Random | Scorer::First | Scorer::Last | Scorer::Magnitude
    );
    if looks_at_data && batches.is_empty() {
        return Err(ScoreError::NoBatches { scorer });
    }
    let model = &model.valid();
    let scores = match scorer {
        Scorer::Send => sensitivity::send(model, batches, options).await,
        Scorer::SensitivitySum => sensitivity::sum(model, batches, options).await,
        Scorer::Random => Ok(order::random(model, options.seed)),
        Scorer::First => Ok(order::first(model)),
        Scorer::Last => Ok(order::last(model)),
        Scorer::Magnitude => weights::magnitude(model, options.magnitude_power).await,
        Scorer::Snip => weights::snip(model, batches).await,
        Scorer::Taylor => gates::taylor(model, batches).await,
        Scorer::Michel => gates::michel(model, batches, options).await,
        Scorer::Movement => weights::movement(model, batches, &options.tuning).await,
        Scorer::Entropy => entropy::entropy(model, batches).await,
        Scorer::Similarity => stream::similarity(model, batches).await,
        Scorer::BlockInfluence => stream::block_influence(model, batches).await,
        Scorer::LeaveOneOut => leave_one_out::leave_one_out(model, batches, options).await,
        Scorer::Gates => hard_concrete::gates(model, batches, options).await,
    }?;
    match scores.iter().find(|score| !score.value.is_finite()) {
        Some(bad) => Err(ScoreError::NoNumber {
            scorer,
            module: bad.module.clone(),
            value: bad.value,
        }),
        None => Ok(scores),
    }
}

/// The values of a tensor in f64, row-major.
async fn numbers<const D: usize>(tensor: burn::tensor::Tensor<D>) -> Result<Vec<f64>, ScoreError> {
    let values = spat_model::read(tensor).await.map_err(ScoreError::Device)?;
    Ok(values.into_iter().map(f64::from).collect())
}
