//! The order of the modules from output to input.

use spat_spec::Score;

use crate::measurements::by_position;
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// The last modules are removed first.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    _batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    Ok(by_position(model, |position, count| {
        (count - 1 - position) as f64
    }))
}
