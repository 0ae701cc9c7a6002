//! The method's first experiment: does a low score go with uniform attention?

use spat_spec::{Scorer, Spread, Uniformity};

use crate::compare::{interval, tau};
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::values;

/// SEND beside the entropy of the attention rows.
pub(crate) fn measure(context: &StudyContext<'_>) -> Result<Option<Uniformity>, StudyError> {
    if context.layers() < 2 {
        return Ok(None);
    }
    let tasks: Vec<_> = context
        .seeds()
        .map(|seed| context.score_task(context.dense(seed), Scorer::Entropy, context.terms.send))
        .collect();
    context.runner.ask(&tasks)?;
    let mut points = Vec::new();
    let mut taus = Vec::new();
    for seed in context.seeds() {
        let send = context.send_values(seed)?;
        let scored = context.scored(context.dense(seed), Scorer::Entropy, context.terms.send)?;
        let entropy: Vec<f64> = values(&scored).into_iter().map(entropy_of).collect();
        let largest = send.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        points.extend(
            send.iter()
                .map(|value| value / largest)
                .zip(entropy.iter().copied()),
        );
        taus.push(tau(&send, &entropy));
    }
    Ok(Some(Uniformity {
        points,
        interval: interval(&taus),
        tau: Spread::of(taus),
    }))
}

/// Entropy in shares of the uniform row's, from the score that is larger for less of it.
fn entropy_of(score: f64) -> f64 {
    1.0 - score
}
