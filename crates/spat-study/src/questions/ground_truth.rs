//! Compares scorers with a known order of modules.

use std::collections::BTreeMap;

use crate::synthetic::ground_truth::{GroundTruthConfig, TRUTH};
use spat_spec::{Accumulate, GroundTruthResult, GroundTruthStudy, Scaling, SendOptions};

use crate::compare::tau;
use crate::error::StudyError;
use crate::runner::Runner;
use crate::subsets::{Subset, lowest};
use crate::task::{Outcome, Task};

/// Compares every scorer with the known order, over the study's seeds.
pub(crate) fn measure(
    study: &GroundTruthStudy,
    runner: &Runner<'_>,
) -> Result<GroundTruthResult, StudyError> {
    let tasks: Vec<Task> = study
        .seeds
        .iter()
        .map(|&seed| {
            Task::GroundTruth(GroundTruthConfig {
                steps: study.steps,
                seed,
                ..GroundTruthConfig::default()
            })
        })
        .collect();
    let mut taus: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut hits: BTreeMap<String, f64> = BTreeMap::new();
    // All modules except the unconstrained one.
    let constrained: Subset = (0..TRUTH.len())
        .filter(|&layer| TRUTH[layer] + 1.0 < TRUTH.len() as f64)
        .collect();
    for outcome in runner.ask(&tasks)? {
        let Outcome::Ranked(ways) = outcome else {
            return Err(StudyError::Mismatch(
                "a model of known order was not ranked".to_owned(),
            ));
        };
        for (name, values) in ways {
            let hit = lowest(&values, constrained.len()) == constrained;
            *hits.entry(name.clone()).or_default() += f64::from(u8::from(hit));
            taus.entry(name).or_default().push(tau(&TRUTH, &values));
        }
    }
    let seeds = study.seeds.len() as f64;
    Ok(GroundTruthResult {
        constraints: "one trained module, and a silent one, noise, uniform attention and a copy at a tenth of its strength".to_owned(),
        own: own(study.send),
        found: hits
            .into_iter()
            .map(|(name, hits)| (name, hits / seeds))
            .collect(),
        tau: taus
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().collect()))
            .collect(),
    })
}

/// The name of the study's own options, if they are among the tried ones.
fn own(send: SendOptions) -> Option<String> {
    let tried = matches!(send.accumulate, Accumulate::Mean | Accumulate::Sum)
        && !matches!(send.scaling, Scaling::Temperature(_));
    tried.then(|| send.spelled())
}
