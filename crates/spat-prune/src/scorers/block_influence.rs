//! Change of the residual stream by the module's whole layer.

use spat_spec::Score;

use crate::measurements::stream::rotation;
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `BI = 1 − mean over tokens of cos(x_i, x_{i+1})` over the whole encoder layer (ShortGPT,
/// arXiv 2403.03853; sramshetty/ShortGPT `short_gpt/metrics.py`), as the score of the layer's attention
/// module.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    rotation(model, batches, |stream| {
        (stream.input.clone(), stream.output.clone())
    })
    .await
}
