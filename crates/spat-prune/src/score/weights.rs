//! Scores of the weights W_q, W_k, W_v, W_o, biases left out.

use std::collections::BTreeMap;

use burn::module::{ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Gradients, Tensor};
use spat_model::{AttentionSlot, ForwardContext, HasAttention};
use spat_spec::{ModuleId, Score};

use super::numbers;
use super::options::Tuning;
use super::scorable_model::ScorableModel;
use crate::ScoreError;

/// `mean |w|^p` over the entries of the four matrices; of a head over its columns of W_q, W_k, W_v
/// and its rows of W_o. A mean, so that it knows no size (`GroupMagnitudeImportance` of
/// VainF/Torch-Pruning: Σ |w|^p without a root).
pub(super) async fn magnitude(
    model: &impl HasAttention,
    power: i32,
) -> Result<Vec<Score>, ScoreError> {
    let mut scores = Vec::new();
    for slot in model.active_attention() {
        let matrices = read_all(matrices(slot)).await?;
        let entries = matrices.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        let sums = by_head(slot, &matrices, |w| w.abs().powi(power));
        let per_head = entries / sums.len().max(1) as f64;
        scores.push(score(
            slot,
            sums.iter().sum::<f64>() / entries,
            sums.iter().map(|sum| sum / per_head).collect(),
            0,
        ));
    }
    Ok(scores)
}

/// `s_j = |c_j| / Σ_k |c_k|` with `c = w ⊙ ∂L/∂w`, the slope of the loss along a factor on each weight;
/// a module has the sum over its matrices (Lee et al. 2019, arXiv 1810.02340; namhoonlee/snip-public).
///
/// All batches together are the one mini-batch of the method, which is meant for a model before
/// any training. k runs over the matrices of all attention modules, so the scores sum to 1.
pub(super) async fn snip<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
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
        score(slot, heads.iter().sum(), heads, 1)
    });
    Ok(scores.collect())
}

/// `−Σ_t (∂L/∂w)⁽ᵗ⁾ · w⁽ᵗ⁾` over the steps t of a tuning, summed over the matrices (Sanh et al. 2020,
/// arXiv 2005.07683): low where weights move towards 0. The batches are taken in turn.
pub(super) async fn movement<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    tuning: &Tuning,
) -> Result<Vec<Score>, ScoreError> {
    let mut tuned = model.clone().train();
    let mut moved: BTreeMap<ModuleId, Vec<f64>> = BTreeMap::new();
    for batch in batches.iter().cycle().take(tuning.steps) {
        let loss = tuned.loss(&M::tracked(batch), &mut ForwardContext::evaluation());
        let gradients = loss.backward();
        for slot in tuned.active_attention() {
            let products = weighted_gradients(slot, &gradients).await?;
            let heads = by_head(slot, &products, |product| -product);
            let sums = moved
                .entry(slot.id().clone())
                .or_insert_with(|| vec![0.0; heads.len()]);
            for (sum, head) in sums.iter_mut().zip(heads) {
                *sum += head;
            }
        }
        let gradients = GradientsParams::from_grads(gradients, &tuned);
        tuned = tuned.map(&mut Descent {
            gradients,
            learning_rate: tuning.learning_rate,
        });
    }
    let scores = model.active_attention().into_iter().map(|slot| {
        let heads = moved.remove(slot.id()).unwrap_or_default();
        score(slot, heads.iter().sum(), heads, tuning.steps as u64)
    });
    Ok(scores.collect())
}

fn score(slot: &AttentionSlot, value: f64, heads: Vec<f64>, batches: u64) -> Score {
    Score {
        module: slot.id().clone(),
        value,
        heads,
        spread: 0.0,
        batches,
    }
}

/// W_q, W_k, W_v, W_o of a module that is not removed.
fn matrices(slot: &AttentionSlot) -> Vec<Tensor<2>> {
    slot.module
        .iter()
        .flat_map(|module| [&module.query, &module.key, &module.value, &module.output])
        .map(|layer| layer.weight.val())
        .collect()
}

async fn read_all(tensors: Vec<Tensor<2>>) -> Result<Vec<Vec<f64>>, ScoreError> {
    let mut values = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        values.push(numbers(tensor).await?);
    }
    Ok(values)
}

/// `w ⊙ ∂L/∂w` of the four matrices.
async fn weighted_gradients(
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

/// The sum over each active head's entries of the four matrices: W_q, W_k, W_v
/// `[d_model, H · w]` by columns, W_o `[H · w, d_model]` by rows.
fn by_head(slot: &AttentionSlot, matrices: &[Vec<f64>], of: impl Fn(f64) -> f64) -> Vec<f64> {
    let heads = slot.heads().len();
    let width = slot.head_width().unwrap_or(1);
    let inner = heads * width;
    let mut sums = vec![0.0; heads];
    for (number, matrix) in matrices.iter().enumerate() {
        let d_model = matrix.len() / inner.max(1);
        for (place, &entry) in matrix.iter().enumerate() {
            let column = if number < 3 {
                place % inner
            } else {
                place / d_model
            };
            sums[column / width] += of(entry);
        }
    }
    sums
}

/// `w ← w − η ∂L/∂w`.
struct Descent {
    gradients: GradientsParams,
    learning_rate: f64,
}

impl ModuleMapper for Descent {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        param.map(|old| {
            Tensor::from_inner(old.inner() - gradient * self.learning_rate).require_grad()
        })
    }
}
