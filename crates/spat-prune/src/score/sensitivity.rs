//! Scores of S = ∂L/∂M, the sensitivities of connections.

use spat_model::{ForwardContext, Probe};
use spat_spec::Score;

use super::numbers;
use super::options::ScoringOptions;
use super::scorable_model::ScorableModel;
use super::tally::{Tally, Values};
use crate::{ScoreAccumulator, ScoreError};

/// SEND, a reconstruction from the abstract and public digests of arXiv 2505.08768, in one pass
/// after training; see [`crate::send`]. While a model is trained, [`ScoreAccumulator`] takes the
/// same from each training step.
pub(super) async fn send<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let model = model.clone().train();
    let mut accumulator = ScoreAccumulator::new(options.send);
    for batch in batches {
        let mut cx = ForwardContext::evaluation().with_probe(Probe::Masks(options.send.mask));
        let loss = model.loss(&M::tracked(batch), &mut cx);
        accumulator.add(
            cx.sensitivities(&mut loss.backward()),
            M::loss_values(batch),
        );
    }
    accumulator.scores().await
}

/// SEND without the dispersion: `Σ_{h,i,j} |S[h,i,j]|`, by head and over all heads.
///
/// This is SNIP's connection sensitivity (Lee et al. 2019, arXiv 1810.02340) moved from weights to
/// attention entries, without its division by the sum over everything, which changes no order.
pub(super) async fn sum<M: ScorableModel>(
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
