//! First-order Taylor expansion of the loss along a gate.

use spat_spec::Score;

use crate::measurements::gates::gate_gradients;
use crate::measurements::{Tally, Values, numbers};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `(∂L/∂g)²`, averaged over batches (Molchanov et al. 2019, arXiv 1906.10771, "Taylor-FO" on a
/// gate).
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let model = model.clone().train();
    let mut tally = Tally::default();
    for batch in batches {
        for (module, gradients) in gate_gradients(&model, batch) {
            let heads = numbers(gradients.heads.sum_dim(0)).await?;
            let whole = numbers(gradients.module.sum()).await?;
            tally.add(
                &module,
                Values {
                    module: whole.iter().sum::<f64>().powi(2),
                    heads: heads.into_iter().map(|slope| slope.powi(2)).collect(),
                },
            );
        }
    }
    Ok(tally.scores(&model))
}
