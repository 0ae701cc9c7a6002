//! How much a module, or its whole layer, turns the residual stream.

use burn::tensor::Tensor;
use spat_model::{ForwardContext, Probe, Stream};
use spat_spec::Score;

use super::numbers;
use super::scorable_model::ScorableModel;
use super::tally::{Tally, Values};
use crate::ScoreError;

/// `mean over tokens of 1 − cos(x, x + MHA(x))`; what turns the stream least goes first
/// (LLM-Drop, CASE-Lab-UMD/LLM-Drop `layer_drop.py`). In a post-norm layer the sum is taken before
/// the norm. No loss and no training have part in it.
pub(super) async fn similarity<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
) -> Result<Vec<Score>, ScoreError> {
    turned(model, batches, |stream| {
        let after = stream.input.clone() + stream.branch.clone();
        (stream.input.clone(), after)
    })
    .await
}

/// `BI = 1 − mean over tokens of cos(x_i, x_{i+1})` over the whole encoder layer (ShortGPT,
/// arXiv 2403.03853; sramshetty/ShortGPT `short_gpt/metrics.py`), given to the layer's attention
/// module.
pub(super) async fn block_influence<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
) -> Result<Vec<Score>, ScoreError> {
    turned(model, batches, |stream| {
        (stream.input.clone(), stream.output.clone())
    })
    .await
}

async fn turned<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    ends: impl Fn(&Stream) -> (Tensor<2>, Tensor<2>),
) -> Result<Vec<Score>, ScoreError> {
    let mut tally = Tally::default();
    for batch in batches {
        let mut cx = ForwardContext::evaluation().with_probe(Probe::Streams);
        model.loss(batch, &mut cx);
        for (module, stream) in cx.streams() {
            let (before, after) = ends(stream);
            let mean = numbers(turn(before, after).mean()).await?;
            tally.add(
                module,
                Values {
                    module: mean.first().copied().unwrap_or(f64::NAN),
                    heads: Vec::new(),
                },
            );
        }
    }
    Ok(tally.scores(model))
}

/// `1 − cos(a, b)` of each row, `[rows, width] → [rows, 1]`, as `½‖a/|a| − b/|b|‖²`: the same number,
/// without the digits that 1 − cos loses in f32 where it matters, near 0.
fn turn(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let unit = |x: Tensor<2>| {
        let length = x.clone().square().sum_dim(1).sqrt();
        x / length.clamp_min(1e-20)
    };
    (unit(a) - unit(b)).square().sum_dim(1) * 0.5
}
