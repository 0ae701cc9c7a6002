//! The order of the modules from input to output.

use spat_spec::Score;

use crate::measurements::by_position;
use crate::{ScorableModel, ScoreError, ScoringOptions};

/// The first modules go first: with few modules, any score may only reflect their depth.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    _batches: &[M::Batch],
    _options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    Ok(by_position(model, |position, _| position as f64))
}
