//! A random order, as a baseline.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_spec::Score;

use crate::{ScorableModel, ScoreError, ScoringOptions};

/// Uniform in `[0, 1)`, modules and heads independently (`RandomImportance` of Torch-Pruning). Report the
/// mean over many seeds.
pub(super) async fn score<M: ScorableModel>(
    model: &M,
    _batches: &[M::Batch],
    options: &ScoringOptions,
) -> Result<Vec<Score>, ScoreError> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed);
    let mut draw = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let active = model.active_attention().into_iter();
    let scores = active.map(|slot| Score {
        module: slot.id().clone(),
        value: draw(),
        heads: slot.heads().iter().map(|_| draw()).collect(),
        spread: 0.0,
        batches: 0,
    });
    Ok(scores.collect())
}
