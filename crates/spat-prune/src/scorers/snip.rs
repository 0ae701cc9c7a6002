//! SNIP: connection sensitivity of the weights.

use std::collections::BTreeMap;

use spat_model::ForwardContext;
use spat_spec::{ModuleId, Score};

use crate::measurements::weights::{by_head, score_of, weighted_gradients};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `s_j = |c_j| / Σ_k |c_k|` with `c = w ⊙ ∂L/∂w`, the slope of the loss along a factor on each weight;
/// a module has the sum over its matrices (Lee et al. 2019, arXiv 1810.02340; namhoonlee/snip-public).
///
/// All batches together are the single mini-batch of the method, which is meant for an untrained model. k
/// runs over the matrices of all attention modules, so the scores sum to 1.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let model = model.clone().train();
    let total: usize = batches.iter().map(M::loss_values).sum();
    let mut slopes: BTreeMap<ModuleId, Vec<Vec<f64>>> = BTreeMap::new();
    for batch in batches {
        let loss = model.loss(&M::tracked(batch), &mut ForwardContext::evaluation());
        let gradients = loss.backward();
        let share = M::loss_values(batch) as f64 / total.max(1) as f64;
        for slot in model.active_attention() {
            let products = weighted_gradients(slot, &gradients).await?;
            let sums = slopes.entry(slot.id().clone()).or_insert_with(|| {
                products
                    .iter()
                    .map(|matrix| vec![0.0; matrix.len()])
                    .collect()
            });
            for (sums, products) in sums.iter_mut().zip(products) {
                for (sum, product) in sums.iter_mut().zip(products) {
                    *sum += share * product;
                }
            }
        }
    }
    let all: f64 = slopes.values().flatten().flatten().map(|c| c.abs()).sum();
    let all = all.max(f64::MIN_POSITIVE);
    let active = model.active_attention();
    let scores = active.into_iter().map(|slot| {
        let matrices = slopes.remove(slot.id()).unwrap_or_default();
        let heads = by_head(slot, &matrices, |c| c.abs() / all);
        score_of(slot, heads.iter().sum(), heads, 1)
    });
    Ok(scores.collect())
}
