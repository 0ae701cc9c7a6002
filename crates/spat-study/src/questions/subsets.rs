//! The oracle: every subset of modules removed and the rest fine-tuned, and the importance of each single
//! module.

use spat_spec::{Spread, SubsetResult};

use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::Subset;

/// All subsets in the order of their bit patterns.
pub(crate) fn every_subset(context: &StudyContext<'_>) -> Result<Vec<SubsetResult>, StudyError> {
    let pairs = context
        .seeds()
        .flat_map(|seed| Subset::all(context.count_modules()).map(move |subset| (seed, subset)));
    context.tune(pairs)?;
    Subset::all(context.count_modules())
        .map(|subset| {
            let errors = context.error_spread(|seed| Ok(context.tuned(seed, subset)))?;
            Ok(SubsetResult {
                removed: subset.places(),
                val: errors.val,
                test: errors.test,
            })
        })
        .collect()
}

/// The rise of the error without each single module, on validation and test windows, both models fine-tuned
/// as long.
pub(crate) fn single_modules(
    context: &StudyContext<'_>,
) -> Result<(Vec<Spread>, Vec<Spread>), StudyError> {
    let wanted: Vec<Subset> = std::iter::once(Subset::NONE)
        .chain((0..context.count_modules()).map(Subset::single))
        .collect();
    let pairs = context
        .seeds()
        .flat_map(|seed| wanted.iter().map(move |&subset| (seed, subset)));
    context.tune(pairs)?;
    let mut val = Vec::new();
    let mut test = Vec::new();
    for module in 0..context.count_modules() {
        let mut harms = (Vec::new(), Vec::new());
        for seed in context.seeds() {
            let with = context.errors(context.tuned(seed, Subset::NONE))?;
            let without = context.errors(context.tuned(seed, Subset::single(module)))?;
            harms.0.push(without.val - with.val);
            harms.1.push(without.test - with.test);
        }
        val.push(Spread::of(harms.0));
        test.push(Spread::of(harms.1));
    }
    Ok((val, test))
}
