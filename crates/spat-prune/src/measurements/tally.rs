//! Values per batch, and their means.

use std::collections::BTreeMap;

use spat_model::HasAttention;
use spat_spec::{ModuleId, Score};

/// One module's value and those of its active heads, from one batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub(crate) module: f64,
    pub(crate) heads: Vec<f64>,
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
