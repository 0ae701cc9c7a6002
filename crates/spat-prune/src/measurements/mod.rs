//! Measurements that several scorers share.

pub(crate) mod gates;
pub(crate) mod stream;
mod tally;
pub(crate) mod weights;

use burn::tensor::Tensor;
use spat_model::HasAttention;
use spat_spec::Score;

pub(crate) use tally::{Tally, Values, sum_by_module};

use crate::ScoreError;

/// The values of a tensor in f64, row-major.
pub(crate) async fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f64>, ScoreError> {
    let values = spat_model::read(tensor).await.map_err(ScoreError::Device)?;
    Ok(values.into_iter().map(f64::from).collect())
}

/// Scores from each module's position and the number of modules.
pub(crate) fn by_position(
    model: &impl HasAttention,
    value: impl Fn(usize, usize) -> f64,
) -> Vec<Score> {
    let modules = model.active_attention_ids();
    let count = modules.len();
    let modules = modules.into_iter().enumerate();
    let scores = modules.map(|(position, module)| Score {
        module: module.clone(),
        value: value(position, count),
        heads: Vec::new(),
        spread: 0.0,
        batches: 0,
    });
    scores.collect()
}
