//! Scores of gates: a factor g = 1 on what a head or a module says, and the loss's slope along it.
//!
//! For `y = g · part(x)` the slope at g = 1 is `∂L/∂g = Σ over tokens of part(x) · ∂L/∂y`.

use std::collections::BTreeMap;

use spat_model::{ForwardContext, GateGradients, Probe};
use spat_spec::{ModuleId, Score};

use super::numbers;
use super::options::ScoringOptions;
use super::scorable_model::ScorableModel;
use super::tally::{Tally, Values};
use crate::ScoreError;

/// `(∂L/∂g)²`, averaged over batches (Molchanov et al. 2019, arXiv 1906.10771, "Taylor-FO" on a
/// gate). A module's gate stands behind W_o and its bias, a head's on its context; so a module is
/// not the sum of its heads.
pub(super) async fn taylor<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
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

/// `I_h = mean over tokens of |ctx_h · ∂L/∂ctx_h|`, and `Σ_h I_h` for the module (Michel et al. 2019,
/// arXiv 1905.10650; pmichel31415/fairseq `prune.py`): unlike Taylor's slope, tokens do not cancel.
pub(super) async fn michel<M: ScorableModel>(
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

fn gate_gradients<M: ScorableModel>(
    model: &M,
    batch: &M::Batch,
) -> BTreeMap<ModuleId, GateGradients> {
    let mut cx = ForwardContext::evaluation().with_probe(Probe::Gates);
    let loss = model.loss(&M::tracked(batch), &mut cx);
    cx.gate_gradients(&mut loss.backward())
}
