//! Distance of attention from uniform.

use spat_gpu::attention_entropy;
use spat_model::{ForwardContext, Probe};
use spat_spec::Score;

use crate::measurements::{Tally, Values, numbers, sum_by_module};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `1 − mean_{b,h,i} H(A[b,h,i,:]) / ln Lk` with `H(a) = −Σ_j a_j ln a_j`: 0 for uniform attention,
/// 1 for a single key. The most uniform modules are removed first (`entropy` in Hugging Face's
/// `run_bertology.py`).
///
/// In row i of a causal map, Lk is i + 1; its row 0 is left out.
///
/// Needs no loss: the gradient-free counterpart of SEND. With one key the score is 0. A module with several
/// maps has the mean of theirs.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let mut tally = Tally::default();
    for batch in batches {
        let mut cx = ForwardContext::evaluation().with_probe(Probe::Maps);
        model.loss(batch, &mut cx);
        let mut all = Vec::new();
        for (map, maps) in cx.maps() {
            let uniform = (maps.values.dims()[3] as f64).ln();
            let heads: Vec<f64> = numbers(attention_entropy(maps.values.clone(), maps.causal))
                .await?
                .into_iter()
                .map(|nats| {
                    if uniform > 0.0 {
                        1.0 - nats / uniform
                    } else {
                        0.0
                    }
                })
                .collect();
            let mean = heads.iter().sum::<f64>() / heads.len().max(1) as f64;
            let module = mean;
            all.push((map.clone(), Values { module, heads }));
        }
        for (module, (sum, count)) in sum_by_module(all) {
            tally.add(&module, sum.times(1.0 / count as f64));
        }
    }
    Ok(tally.scores(model))
}
