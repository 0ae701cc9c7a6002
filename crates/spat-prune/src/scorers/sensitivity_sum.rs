//! Sum of the absolute sensitivities S = ∂L/∂M.

use spat_model::{ForwardContext, Probe};
use spat_spec::Score;

use crate::measurements::{Tally, Values, numbers};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// SEND without the dispersion: `Σ_{h,i,j} |S[h,i,j]|`, by head and over all heads.
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
        for (module, sensitivity) in cx.sensitivities(&mut loss.backward()) {
            let [samples, heads, queries, keys] = sensitivity.dims();
            let entries = sensitivity
                .abs()
                .swap_dims(0, 1)
                .reshape([heads, samples * queries * keys]);
            let heads = numbers(entries.sum_dim(1)).await?;
            let module_value = heads.iter().sum();
            tally.add(
                &module,
                Values {
                    module: module_value,
                    heads,
                },
            );
        }
    }
    Ok(tally.scores(&model))
}
