//! The oracle: every subset of modules removed, the rest fine-tuned. And what each single module
//! is worth.

use spat_spec::{Spread, SubsetResult};

use crate::error::StudyError;
use crate::site::Site;
use crate::subsets::Subset;

/// Every subset in the order of their bit patterns.
pub(crate) fn every_subset(site: &Site<'_>) -> Result<Vec<SubsetResult>, StudyError> {
    let pairs = site
        .seeds()
        .flat_map(|seed| Subset::all(site.layers()).map(move |subset| (seed, subset)));
    site.tune(pairs)?;
    Subset::all(site.layers())
        .map(|subset| {
            let errors = site.error_spread(|seed| Ok(site.tuned(seed, subset)))?;
            Ok(SubsetResult {
                removed: subset.places(),
                val: errors.val,
                test: errors.test,
            })
        })
        .collect()
}

/// How much higher the error is without each single module, on validation and on test windows, both
/// fine-tuned as long.
pub(crate) fn single_modules(site: &Site<'_>) -> Result<(Vec<Spread>, Vec<Spread>), StudyError> {
    let wanted: Vec<Subset> = std::iter::once(Subset::NONE)
        .chain((0..site.layers()).map(Subset::single))
        .collect();
    let pairs = site
        .seeds()
        .flat_map(|seed| wanted.iter().map(move |&subset| (seed, subset)));
    site.tune(pairs)?;
    let mut val = Vec::new();
    let mut test = Vec::new();
    for module in 0..site.layers() {
        let mut harms = (Vec::new(), Vec::new());
        for seed in site.seeds() {
            let with = site.errors(site.tuned(seed, Subset::NONE))?;
            let without = site.errors(site.tuned(seed, Subset::single(module)))?;
            harms.0.push(without.val - with.val);
            harms.1.push(without.test - with.test);
        }
        val.push(Spread::of(harms.0));
        test.push(Spread::of(harms.1));
    }
    Ok((val, test))
}
