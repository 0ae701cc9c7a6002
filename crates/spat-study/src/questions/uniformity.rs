//! Whether low scores go with uniform attention, the method's first experiment.

use spat_spec::{Scorer, Spread, Uniformity};

use crate::compare::{interval, tau};
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::subsets::values;

/// SEND and the entropy of the attention rows, per module.
pub(crate) fn measure(context: &StudyContext<'_>) -> Result<Option<Uniformity>, StudyError> {
    if context.count_modules() < 2 {
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

/// Entropy relative to that of a uniform row, from a score that is larger for less entropy.
fn entropy_of(score: f64) -> f64 {
    1.0 - score
}
