//! Findings about the score as a property of the model.

use spat_spec::{DepthReport, Finding, GroundTruthResult, Question, Stance};

use super::words::{finding, rough};

/// Agreement from which an order counts as found.
const FOUND: f64 = 0.8;

pub(super) fn stability(depth: &DepthReport) -> Option<Finding> {
    let stability = depth.stability.as_ref()?;
    let (low, high) = stability.seeds_interval;
    let (stance, verdict) = if stability.seeds.values.is_empty() {
        (Stance::Open, "one seed is no evidence about others")
    } else if low > 0.5 {
        (
            Stance::For,
            "the order is one of the architecture and the data, not of chance",
        )
    } else if stability.seeds.mean < 0.5 {
        (Stance::Against, "the order depends on the seed")
    } else {
        (Stance::Open, "the order depends on the seed in part")
    };
    let epochs = stability.epochs.first().map_or_else(String::new, |first| {
        format!(
            " After the first epoch the order is the last epoch's by a tau of {}.",
            rough(first)
        )
    });
    let seeds = if stability.seeds.values.is_empty() {
        verdict.to_owned()
    } else {
        format!(
            "models of different seeds agree by {} (95 % bootstrap interval {low:.2} to {high:.2}): {verdict}",
            rough(&stability.seeds)
        )
    };
    Some(finding(
        Question::Stability,
        stance,
        format!(
            "With {} modules, two scorings of one and the same model on different batches agree by Kendall's tau {} (1 is the same order, 0 chance), and would remove the same modules in {:.0} % of pairs; {seeds}.{epochs}",
            depth.module_count,
            rough(&stability.batches),
            100.0 * stability.same_choice
        )
        .replace(" -", " −"),
    ))
}

pub(super) fn uniformity(depth: &DepthReport) -> Option<Finding> {
    let uniformity = depth.uniformity.as_ref()?;
    let (low, high) = uniformity.interval;
    let (stance, verdict) = if high < 0.0 {
        (
            Stance::For,
            "low scores go with uniform attention, as the method claims",
        )
    } else if low > 0.0 {
        (
            Stance::Against,
            "low scores go with peaked attention, the opposite of the method's claim",
        )
    } else {
        (Stance::Open, "these models show no relation")
    };
    Some(finding(
        Question::Uniformity,
        stance,
        format!(
            "With {} modules, SEND and the entropy of attention are related by Kendall's tau {} (95 % bootstrap interval {low:.2} to {high:.2}): {verdict}.",
            depth.module_count,
            rough(&uniformity.tau)
        )
        .replace(" -", " −"),
    ))
}

pub(crate) fn ground_truth(results: &[GroundTruthResult]) -> Vec<Finding> {
    let each = results.iter().map(|result| {
        let send: Vec<_> = result.tau.iter().filter(|(name, _)| name.starts_with("send")).collect();
        let best = send.iter().max_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
        let others: Vec<&str> = result
            .tau
            .iter()
            .filter(|(name, tau)| !name.starts_with("send") && tau.mean >= FOUND)
            .map(|(name, _)| name.as_str())
            .collect();
        let others = if others.is_empty() {
            "no baseline scorer".to_owned()
        } else {
            others.join(", ")
        };
        let own = result.own.as_ref().and_then(|own| result.tau.get(own));
        let (stance, sentence) = match (best, own) {
            (Some((_, tau)), Some(own)) if own.mean >= FOUND => (
                Stance::For,
                format!("SEND as studied finds the known order (tau {}), the best of its settings by {}", rough(own), rough(tau)),
            ),
            (Some((name, tau)), _) if tau.mean >= FOUND => (
                Stance::Open,
                format!(
                    "SEND finds the known order in the setting \"{name}\" (tau {}), not as studied{}",
                    rough(tau),
                    own.map_or_else(String::new, |own| format!(" (tau {})", rough(own)))
                ),
            ),
            (Some((name, tau)), _) => (
                Stance::Against,
                format!("SEND does not find the known order in any setting; the nearest is \"{name}\" (tau {})", rough(tau)),
            ),
            (None, _) => (Stance::Open, "SEND was not included".to_owned()),
        };
        finding(
            Question::GroundTruth,
            stance,
            format!("Ground truth, {}: {sentence}. Of the others, {others} reached {FOUND}.", result.constraints),
        )
    });
    each.chain(results.iter().filter_map(choices)).collect()
}

/// Which of SEND's options decides whether the order is found. The settings are named by their options:
/// `send when mask sign scaling`.
fn choices(result: &GroundTruthResult) -> Option<Finding> {
    let settings: Vec<(Vec<&str>, f64)> = result
        .tau
        .iter()
        .filter(|(name, _)| name.starts_with("send "))
        .map(|(name, tau)| (name.split(' ').collect(), tau.mean))
        .filter(|(choices, _): &(Vec<&str>, f64)| choices.len() == 5)
        .collect();
    if settings.is_empty() {
        return None;
    }
    let found = settings.iter().filter(|(_, tau)| *tau >= FOUND).count();
    let mean = |place: usize, choice: &str| {
        let with: Vec<f64> = settings
            .iter()
            .filter(|(choices, _)| choices[place] == choice)
            .map(|(_, tau)| *tau)
            .collect();
        (!with.is_empty()).then(|| with.iter().sum::<f64>() / with.len() as f64)
    };
    let by = |place: usize, choices: &[&str]| {
        let each = choices.iter().filter_map(|choice| {
            let mean = format!("{:.2}", mean(place, choice)?).replace('-', "−");
            Some(format!("{choice} {mean}"))
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let standardised = mean(4, "standardise");
    let plain = mean(4, "none");
    let against = matches!((standardised, plain), (Some(s), Some(p)) if s + 0.3 < p);
    let why = if against {
        " Dividing S by the module's own deviation removes the scale that identifies a redundant module."
    } else {
        ""
    };
    Some(finding(
        Question::GroundTruth,
        if against {
            Stance::Against
        } else {
            Stance::Open
        },
        format!(
            "{found} of {} settings of SEND reach a tau of {FOUND} in the mean over seeds. Mean tau by scaling: {}; by sign: {}; by mask: {}.{why}",
            settings.len(),
            by(4, &["none", "sum-loss", "standardise"]),
            by(3, &["signed", "absolute"]),
            by(2, &["shared", "per-sample"]),
        ),
    ))
}
