//! Values per batch, and their means.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use spat_model::HasAttention;
use spat_spec::{ModuleId, Score};

/// One module's value and those of its active heads, from one batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub(crate) module: f64,
    pub(crate) heads: Vec<f64>,
}

impl Values {
    /// The same, multiplied by `factor`.
    pub(crate) fn times(mut self, factor: f64) -> Self {
        let values = std::iter::once(&mut self.module).chain(&mut self.heads);
        values.for_each(|value| *value *= factor);
        self
    }
}

/// The sums over the maps of each module of a batch, and how many maps it has.
pub(crate) fn sum_by_module(
    maps: impl IntoIterator<Item = (ModuleId, Values)>,
) -> BTreeMap<ModuleId, (Values, usize)> {
    let mut sums: BTreeMap<ModuleId, (Values, usize)> = BTreeMap::new();
    for (map, values) in maps {
        match sums.entry(map.module()) {
            Entry::Vacant(entry) => _ = entry.insert((values, 1)),
            Entry::Occupied(mut entry) => {
                let (sum, count) = entry.get_mut();
                sum.module += values.module;
                for (sum, head) in sum.heads.iter_mut().zip(values.heads) {
                    *sum += head;
                }
                *count += 1;
            }
        }
    }
    sums
}

/// Values of all batches so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    batches: BTreeMap<ModuleId, Vec<Values>>,
}

impl Tally {
    pub(crate) fn add(&mut self, module: &ModuleId, values: Values) {
        self.batches.entry(module.clone()).or_default().push(values);
    }

    /// Means over batches and the spread of the module's value, from input to output.
    pub(crate) fn scores(mut self, model: &impl HasAttention) -> Vec<Score> {
        model
            .active_attention_ids()
            .into_iter()
            .map(|module| score(module, &self.batches.remove(module).unwrap_or_default()))
            .collect()
    }
}

/// A module that appeared in no batch scores NaN.
fn score(module: &ModuleId, batches: &[Values]) -> Score {
    let count = batches.len() as f64;
    let value = batches.iter().map(|batch| batch.module).sum::<f64>() / count;
    let variance = batches
        .iter()
        .map(|batch| (batch.module - value).powi(2))
        .sum::<f64>()
        / count;
    let width = batches.first().map_or(0, |batch| batch.heads.len());
    let heads = (0..width)
        .map(|head| batches.iter().map(|batch| batch.heads[head]).sum::<f64>() / count)
        .collect();
    Score {
        module: module.clone(),
        value,
        heads,
        spread: variance.sqrt(),
        batches: batches.len() as u64,
    }
}
