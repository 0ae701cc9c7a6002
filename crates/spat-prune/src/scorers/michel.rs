//! Michel's head importance: absolute slopes along the heads' gates.

use spat_spec::Score;

use crate::measurements::gates::gate_gradients;
use crate::measurements::{Tally, Values, numbers};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `I_h = mean over tokens of |ctx_h · ∂L/∂ctx_h|`, and `Σ_h I_h` for the module (Michel et al. 2019,
/// arXiv 1905.10650; pmichel31415/fairseq `prune.py`): unlike Taylor's slope, tokens do not cancel.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let model = model.clone().train();
    let mut tally = Tally::default();
    for batch in batches {
        for (module, gradients) in gate_gradients(&model, batch) {
            let heads = numbers(gradients.heads.abs().mean_dim(0)).await?;
            tally.add(
                &module,
                Values {
                    module: heads.iter().sum(),
                    heads,
                },
            );
        }
    }
    let mut scores = tally.scores(&model);
    if options.michel_layer_norm {
        for score in &mut scores {
            let norm = score.heads.iter().map(|head| head * head).sum::<f64>();
            let norm = norm.sqrt().max(f64::MIN_POSITIVE);
            score.heads.iter_mut().for_each(|head| *head /= norm);
        }
    }
    Ok(scores)
}
