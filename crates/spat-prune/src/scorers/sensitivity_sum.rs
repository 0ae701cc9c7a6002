//! Sum of the absolute sensitivities S = ∂L/∂M.

use spat_model::{ForwardContext, Probe};
use spat_spec::Score;

use crate::measurements::{Tally, Values, numbers, sum_by_module};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// SEND without the dispersion: `Σ_{h,i,j} |S[h,i,j]|`, by head and over all heads, of all maps of a module.
///
/// SNIP's connection sensitivity (Lee et al. 2019, arXiv 1810.02340) applied to attention entries instead of
/// weights, without its division by the total, which does not change the order.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let model = model.clone().train();
    let mut tally = Tally::default();
    for batch in batches {
        let mut cx = ForwardContext::evaluation().with_probe(Probe::Masks(options.send.mask));
        let loss = model.loss(&M::tracked(batch), &mut cx);
        let mut all = Vec::new();
        for (map, sensitivity) in cx.sensitivities(&mut loss.backward()) {
            let [samples, heads, queries, keys] = sensitivity.values.dims();
            let entries = sensitivity
                .values
                .abs()
                .swap_dims(0, 1)
                .reshape([heads, samples * queries * keys]);
            let heads = numbers(entries.sum_dim(1)).await?;
            let module = heads.iter().sum();
            all.push((map, Values { module, heads }));
        }
        for (module, (sum, _)) in sum_by_module(all) {
            tally.add(&module, sum);
        }
    }
    Ok(tally.scores(&model))
}
