//! Loss increase when a module is removed. Expensive; the ground truth that other scorers approximate.

use spat_model::{AttentionSlot, ForwardContext};
use spat_spec::Score;

use crate::measurements::{Tally, Values, numbers};
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `L(without module n) − L` without fine-tuning, on batches that should be of the validation part; for a
/// head, without that head alone. Below 0 the model is better without it.
///
/// The module is removed from the model, so a score chain skips it. The value is the mean of the difference
/// over batches, the spread its standard deviation.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let whole = losses(model, batches).await?;
    let mut tally = Tally::default();
    for slot in model.active_attention() {
        let id = slot.id().clone();
        let without = |change: &dyn Fn(AttentionSlot) -> AttentionSlot| {
            model
                .clone()
                .map_attention(|slot| if *slot.id() == id { change(slot) } else { slot })
        };
        let module = losses(&without(&AttentionSlot::remove), batches).await?;
        let mut heads = Vec::new();
        if options.heads {
            for head in slot.heads() {
                let others: Vec<usize> = slot
                    .heads()
                    .iter()
                    .copied()
                    .filter(|other| other != head)
                    .collect();
                let left = without(&|slot| slot.retain_heads(&others));
                heads.push(losses(&left, batches).await?);
            }
        }
        for (batch, whole) in whole.iter().enumerate() {
            let values = Values {
                module: module[batch] - whole,
                heads: heads.iter().map(|losses| losses[batch] - whole).collect(),
            };
            tally.add(&id, values);
        }
    }
    Ok(tally.scores(model))
}

async fn losses<M: ScorableModel>(model: &M, batches: &[M::Batch]) -> Result<Vec<f64>, ScoreError> {
    let mut losses = Vec::with_capacity(batches.len());
    for batch in batches {
        losses.extend(numbers(model.loss(batch, &mut ForwardContext::evaluation())).await?);
    }
    Ok(losses)
}
