//! Orders that look at no data: what any score must beat.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use spat_model::HasAttention;
use spat_spec::Score;

/// Uniform in `[0, 1)`, modules and heads drawn apart (`RandomImportance` of Torch-Pruning). Report
/// the mean over many seeds.
pub(super) fn random(model: &impl HasAttention, seed: u64) -> Vec<Score> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut draw = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    model
        .active_attention()
        .into_iter()
        .map(|slot| Score {
            module: slot.id().clone(),
            value: draw(),
            heads: slot.heads().iter().map(|_| draw()).collect(),
            spread: 0.0,
            batches: 0,
        })
        .collect()
}

/// The first modules go first: with few modules, any score may only tell their depth.
pub(super) fn first(model: &impl HasAttention) -> Vec<Score> {
    by_place(model, |place, _| place)
}

/// The last modules go first.
pub(super) fn last(model: &impl HasAttention) -> Vec<Score> {
    by_place(model, |place, count| count - 1 - place)
}

fn by_place(model: &impl HasAttention, value: impl Fn(usize, usize) -> usize) -> Vec<Score> {
    let names = model.active_attention_ids();
    let count = names.len();
    names
        .into_iter()
        .enumerate()
        .map(|(place, module)| Score {
            module: module.clone(),
            value: value(place, count) as f64,
            heads: Vec::new(),
            spread: 0.0,
            batches: 0,
        })
        .collect()
}
