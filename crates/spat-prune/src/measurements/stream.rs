//! Change of the residual stream's direction by a module or its whole layer.

use burn::tensor::Tensor;
use spat_model::{ForwardContext, Probe, Stream};
use spat_spec::Score;

use super::{Tally, Values, numbers};
use crate::{ScorableModel, ScoreError};

/// `mean over tokens of 1 − cos(before, after)` for each module, where `ends` selects both from the stream
/// around it. Needs no loss and no training.
pub(crate) async fn rotation<M: ScorableModel>(
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
            let mean = numbers(one_minus_cosine(before, after).mean()).await?;
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

/// `1 − cos(a, b)` of each row, `[rows, width] → [rows, 1]`, as `½‖a/|a| − b/|b|‖²`: the same number without
/// cancellation near 0, where 1 − cos loses digits in f32.
fn one_minus_cosine(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let unit = |x: Tensor<2>| {
        let length = x.clone().square().sum_dim(1).sqrt();
        x / length.clamp_min(1e-20)
    };
    (unit(a) - unit(b)).square().sum_dim(1) * 0.5
}
