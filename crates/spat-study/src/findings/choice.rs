//! Findings about SEND's choices of modules.

use spat_spec::{DepthReport, Finding, Question, RankingReport, Spread, Stance};

use super::words::{difference, finding, lower, plural, rough, spread, stance};
use crate::compare::paired;

pub(super) fn oracle(depth: &DepthReport) -> Vec<Finding> {
    let (Some(send), false) = (depth.rankings.first(), depth.subsets.is_empty()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let (Some(mine), Some(random)) = (&send.regret, depth.random_regret()) {
        let test = paired(&mine.values, &random.values);
        let verdict = match lower(&test) {
            Some(true) => "SEND chooses better than chance",
            Some(false) => "SEND chooses worse than chance",
            None => "these seeds do not show that SEND chooses better than chance",
        };
        found.push(finding(
            Question::Oracle,
            match lower(&test) {
                Some(true) => Stance::For,
                Some(false) => Stance::Against,
                None if mine.mean < random.mean => Stance::Open,
                None => Stance::Against,
            },
            format!(
                "With {} modules, all {} subsets were trained. SEND's choice lies {} above the best subset of its size, a random choice {}; SEND against random {}: {verdict}.",
                depth.module_count,
                depth.subsets.len(),
                spread(mine),
                spread(&random),
                difference(&test)
            ),
        ));
    }
    if let Some((best, worst)) = best_and_worst(depth) {
        let sd = depth.dense_finetuned.test.sd;
        let gap = worst - best;
        let (stance, verdict) = if gap < 2.0 * sd {
            (Stance::Against, "the choice matters little")
        } else {
            (Stance::Open, "the choice matters")
        };
        found.push(finding(
            Question::Oracle,
            stance,
            format!(
                "With {} modules, the best and the worst subset of the same size differ by {gap:.4} in the mean over seeds, and seeds by {sd:.4}: {verdict}.",
                depth.module_count
            ),
        ));
    }
    if let (Some(val), Some(test)) = (&send.tau_val, &send.tau_test) {
        let sure = val.mean - 2.0 * val.sd > 0.0;
        found.push(finding(
            Question::Oracle,
            match (sure, val.mean > 0.0) {
                (true, _) => Stance::For,
                (_, true) => Stance::Open,
                (_, false) => Stance::Against,
            },
            format!(
                "With {} modules, SEND's order agrees with the harm that removing each module alone does by Kendall's tau {} on validation {sample}s and {} on test {sample}s (1 is agreement, 0 chance).",
                depth.module_count,
                rough(val),
                rough(test),
                sample = depth.measure.sample()
            ),
        ));
    }
    found
}

/// Mean over sizes of the best and of the worst subset's mean over seeds.
fn best_and_worst(depth: &DepthReport) -> Option<(f64, f64)> {
    let mut sums = (0.0, 0.0);
    let sizes = 1..depth.module_count;
    if sizes.is_empty() {
        return None;
    }
    for size in sizes.clone() {
        let means = depth
            .subsets
            .iter()
            .filter(|subset| subset.removed.len() == size);
        let means: Vec<f64> = means.map(|subset| subset.test.mean).collect();
        sums.0 += means.iter().copied().fold(f64::INFINITY, f64::min);
        sums.1 += means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    }
    let count = sizes.len() as f64;
    Some((sums.0 / count, sums.1 / count))
}

/// The cost of a ranking's choices: regret where it is known, otherwise the test error.
fn price(ranking: &RankingReport) -> Option<&Spread> {
    ranking
        .regret
        .as_ref()
        .or_else(|| ranking.picks.first().map(|pick| &pick.test))
}

pub(super) fn baseline_scorers(depth: &DepthReport) -> Vec<Finding> {
    let Some((send, baselines)) = depth.rankings.split_first() else {
        return Vec::new();
    };
    let (Some(mine), false) = (price(send), baselines.is_empty()) else {
        return Vec::new();
    };
    let mut ordered: Vec<(&RankingReport, &Spread)> = baselines
        .iter()
        .filter_map(|scorer| Some((scorer, price(scorer)?)))
        .collect();
    ordered.sort_by(|a, b| a.1.mean.total_cmp(&b.1.mean).then(a.0.name.cmp(&b.0.name)));
    let better = ordered
        .iter()
        .filter(|(_, price)| price.mean < mine.mean)
        .count();
    let better_ones: Vec<&str> = ordered
        .iter()
        .filter(|(_, theirs)| lower(&paired(&theirs.values, &mine.values)) == Some(true))
        .map(|(scorer, _)| scorer.name.as_str())
        .collect();
    let beaten: Vec<&str> = ordered
        .iter()
        .filter(|(_, theirs)| lower(&paired(&mine.values, &theirs.values)) == Some(true))
        .map(|(scorer, _)| scorer.name.as_str())
        .collect();
    let list = |names: &[&str]| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let what = if send.regret.is_some() {
        "regret"
    } else {
        depth.measure.test()
    };
    let Some((best, least)) = ordered.first() else {
        return Vec::new();
    };
    let mut found = vec![finding(
        Question::BaselineScorers,
        match (better_ones.is_empty(), beaten.is_empty()) {
            (true, false) => Stance::For,
            (false, _) => Stance::Against,
            (true, true) if better > baselines.len() / 2 => Stance::Against,
            _ => Stance::Open,
        },
        format!(
            "With {} modules, {better} of {} have a lower mean {what} than SEND ({}); the lowest is that of {} with {}. Significantly better than SEND over these seeds (95 %, not corrected for {} comparisons) {}; significantly worse {}.",
            depth.module_count,
            plural(baselines.len(), "baseline scorer"),
            spread(mine),
            best.name,
            spread(least),
            baselines.len(),
            list(&better_ones),
            list(&beaten)
        ),
    )];
    for name in ["first", "last"] {
        let Some((scorer, theirs)) = ordered.iter().find(|(scorer, _)| scorer.name == name) else {
            continue;
        };
        if let Some(tau) = scorer.tau_send.as_ref().filter(|tau| tau.mean > 0.6) {
            let test = paired(&mine.values, &theirs.values);
            found.push(finding(
                Question::BaselineScorers,
                match lower(&test) {
                    Some(true) => Stance::For,
                    _ => Stance::Against,
                },
                format!(
                    "With {} modules, SEND ranks nearly as \"the {name} modules go first\" does (tau {}), a rule that uses no data; SEND against it {}.",
                    depth.module_count,
                    rough(tau),
                    difference(&test)
                ),
            ));
        }
    }
    found
}

pub(super) fn options(depth: &DepthReport) -> Vec<Finding> {
    let Some((send, variants)) = depth.options.split_first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let other: Vec<String> = variants
        .iter()
        .filter_map(|variant| {
            let tau = variant.tau_send.as_ref().filter(|tau| tau.mean < 0.5)?;
            Some(format!("{} (tau {})", variant.name, rough(tau)))
        })
        .collect();
    let text = if other.is_empty() {
        "all options rank much alike (tau with the study's own of 0.5 or more)".to_owned()
    } else {
        format!(
            "these options rank quite otherwise than the study's own: {}",
            other.join(", ")
        )
    };
    found.push(finding(
        Question::Options,
        if other.is_empty() {
            Stance::For
        } else {
            Stance::Against
        },
        format!(
            "With {} modules, {text}. What the sources leave open {}.",
            depth.module_count,
            if other.is_empty() {
                "hardly matters here"
            } else {
                "decides what is removed"
            }
        ),
    ));
    let Some(mine) = price(send) else {
        return found;
    };
    let mut ordered: Vec<(&RankingReport, &Spread)> = variants
        .iter()
        .filter_map(|variant| Some((variant, price(variant)?)))
        .collect();
    ordered.sort_by(|a, b| a.1.mean.total_cmp(&b.1.mean).then(a.0.name.cmp(&b.0.name)));
    if let (Some((best, low)), Some((worst, high))) = (ordered.first(), ordered.last()) {
        let test = paired(&low.values, &mine.values);
        let what = if send.regret.is_some() {
            "regret"
        } else {
            depth.measure.test()
        };
        found.push(finding(
            Question::Options,
            stance(lower(&test).map(|lower| !lower)),
            format!(
                "With {} modules, SEND as studied has a {what} of {}; of its variants \"{}\" has the lowest with {} ({} against as studied) and \"{}\" the highest with {}.",
                depth.module_count,
                spread(mine),
                best.name,
                spread(low),
                difference(&test),
                worst.name,
                spread(high)
            ),
        ));
    }
    found
}
