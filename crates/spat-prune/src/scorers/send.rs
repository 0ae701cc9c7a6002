//! SEND: dispersion of the sensitivities S = ∂L/∂M.

use spat_model::{ForwardContext, Probe};
use spat_spec::Score;

use crate::{ScorableModel, ScoreAccumulator, ScoreError, ScoringOptions};

/// SEND, a reconstruction from the abstract and public digests of arXiv 2505.08768, in one pass after
/// training; see [`crate::send`]. During training, [`ScoreAccumulator`] computes the same in each step.
pub(super) async fn score<M: ScorableModel>(
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
    accumulator.scores(&model.active_attention_ids()).await
}
