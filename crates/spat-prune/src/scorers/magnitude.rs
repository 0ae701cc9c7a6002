//! Size of the weights.

use spat_spec::Score;

use crate::measurements::weights::{by_head, matrices, read_all, score_of};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `mean |w|^p` over the entries of the four matrices; for a head, over its columns of W_q, W_k, W_v and its
/// rows of W_o. A mean, so that it does not depend on the size (`GroupMagnitudeImportance` of
/// VainF/Torch-Pruning: Σ |w|^p without a root).
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    _batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let mut scores = Vec::new();
    for slot in model.active_attention() {
        let matrices = read_all(matrices(slot)).await?;
        let entries = matrices.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        let sums = by_head(slot, &matrices, |w| w.abs().powi(options.magnitude_power));
        let per_head = entries / sums.len().max(1) as f64;
        scores.push(score_of(
            slot,
            sums.iter().sum::<f64>() / entries,
            sums.iter().map(|sum| sum / per_head).collect(),
            0,
        ));
    }
    Ok(scores)
}
