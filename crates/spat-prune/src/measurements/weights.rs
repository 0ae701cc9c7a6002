//! The weights W_q, W_k, W_v, W_o of a module, biases left out. A module of several attentions has those of
//! each.

use burn::tensor::{Gradients, Tensor};
use spat_model::AttentionSlot;
use spat_spec::Score;

use super::numbers;
use crate::ScoreError;

/// A score without a spread.
pub(crate) fn score_of(slot: &AttentionSlot, value: f64, heads: Vec<f64>, batches: u64) -> Score {
    Score {
        module: slot.id().clone(),
        value,
        heads,
        spread: 0.0,
        batches,
    }
}

/// W_q, W_k, W_v, W_o of a module that is not removed.
pub(crate) fn matrices(slot: &AttentionSlot) -> Vec<Tensor<2>> {
    slot.parts()
        .flat_map(|module| [&module.query, &module.key, &module.value, &module.output])
        .map(|layer| layer.weight.val())
        .collect()
}

/// The entries of every matrix, row-major.
pub(crate) async fn read_all(tensors: Vec<Tensor<2>>) -> Result<Vec<Vec<f64>>, ScoreError> {
    let mut values = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        values.push(numbers(tensor).await?);
    }
    Ok(values)
}

/// `w ⊙ ∂L/∂w` of the matrices.
pub(crate) async fn weighted_gradients(
    slot: &AttentionSlot,
    gradients: &Gradients,
) -> Result<Vec<Vec<f64>>, ScoreError> {
    let products = matrices(slot).into_iter().map(|weight| {
        let plain = weight.clone().inner();
        match weight.grad(gradients) {
            Some(gradient) => plain * gradient,
            None => plain.zeros_like(),
        }
    });
    read_all(products.collect()).await
}

/// The sum over each active head's entries of the matrices: W_q, W_k, W_v
/// `[d_model, H · w]` by columns, W_o `[H · w, d_model]` by rows.
pub(crate) fn by_head(
    slot: &AttentionSlot,
    matrices: &[Vec<f64>],
    of: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let heads = slot.heads().len();
    let width = slot.head_width().unwrap_or(1);
    let inner = heads * width;
    let mut sums = vec![0.0; heads];
    for (number, matrix) in matrices.iter().enumerate() {
        let d_model = matrix.len() / inner.max(1);
        for (place, &entry) in matrix.iter().enumerate() {
            let column = if number % 4 < 3 {
                place % inner
            } else {
                place / d_model
            };
            sums[column / width] += of(entry);
        }
    }
    sums
}

/// Whether all matrices are trained, in a model for training.
pub(crate) fn is_trainable(slot: &AttentionSlot) -> bool {
    matrices(slot).iter().all(Tensor::is_require_grad)
}
