//! Movement of the weights during fine-tuning.

use std::collections::BTreeMap;

use burn::module::{ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use spat_model::ForwardContext;
use spat_spec::{ModuleId, Score};

use crate::measurements::weights::{by_head, score_of, weighted_gradients};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `−Σ_t (∂L/∂w)⁽ᵗ⁾ · w⁽ᵗ⁾` over the steps t of a fine-tuning, summed over the matrices (Sanh et al. 2020,
/// arXiv 2005.07683): low if weights move towards 0. The batches are used in turn.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let tuning = &options.tuning;
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
        score_of(slot, heads.iter().sum(), heads, tuning.steps as u64)
    });
    Ok(scores.collect())
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
