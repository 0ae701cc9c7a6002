//! Change of the residual stream by the module.

use spat_spec::Score;

use crate::measurements::stream::rotation;
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// `mean over tokens of 1 − cos(x, x + MHA(x))`; the module that changes the stream least is removed first
/// (LLM-Drop, CASE-Lab-UMD/LLM-Drop `layer_drop.py`). In a post-norm layer the sum is that before the norm.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    rotation(model, batches, |stream| {
        let after = stream.input.clone() + stream.branch.clone();
        (stream.input.clone(), after)
    })
    .await
}
