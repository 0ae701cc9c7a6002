//! Findings about the effect of pruning on the forecast.

use spat_spec::{DepthReport, Finding, Question, Stance, StudyReport, SweepPoint};

use super::words::{difference, finding, lower, modules, plural, spread, stance};

pub(super) fn sweep(depth: &DepthReport, count: usize) -> Vec<Finding> {
    let Some(point) = depth.sweep.iter().find(|point| point.count == count) else {
        return Vec::new();
    };
    let mut found = vec![gain(depth, point), seeds(depth)];
    found.extend(scratch(depth, point));
    found.extend(everything(depth));
    let front: Vec<String> = depth
        .sweep
        .iter()
        .filter(|point| point.on_front)
        .map(|point| point.count.to_string())
        .collect();
    found.push(finding(
        Question::Sweep,
        Stance::Open,
        format!(
            "With {} modules, nothing is both cheaper in MACs and better than removing {} of {} (fine-tuned, mean over seeds).",
            depth.module_count,
            front.join(", "),
            modules(depth.module_count)
        ),
    ));
    found
}

/// Whether a gain is more than extra training.
fn gain(depth: &DepthReport, point: &SweepPoint) -> Finding {
    let test = &point.against_dense_finetuned;
    let tuned = &point.tuned.test;
    let verdict = match lower(test) {
        Some(true) => "that is a gain beyond extra training",
        Some(false) => "the removal costs accuracy",
        None if tuned.mean < depth.dense.test.mean => {
            "extra training alone gives the same gain over the dense model, within these seeds' noise"
        }
        None => "these seeds show no difference",
    };
    let saved = 100.0 * (1.0 - point.tuned.macs as f64 / depth.dense.macs.max(1) as f64);
    finding(
        Question::Sweep,
        stance(lower(test)),
        format!(
            "With {} modules, SEND removes {} and {saved:.1} % of the MACs. The {error} goes from {} (dense) to {} (pruned and fine-tuned); the dense model fine-tuned as long reaches {}. Pruned against that control {}: {verdict}.",
            depth.module_count,
            modules(point.count),
            spread(&depth.dense.test),
            spread(tuned),
            spread(&depth.dense_finetuned.test),
            difference(test),
            error = depth.measure.test(),
        ),
    )
}

/// The size of differences that exceeds the effect of the seed.
fn seeds(depth: &DepthReport) -> Finding {
    let means: Vec<f64> = depth
        .sweep
        .iter()
        .map(|point| point.tuned.test.mean)
        .collect();
    let low = means.iter().copied().fold(f64::INFINITY, f64::min);
    let high = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sd = depth.dense.test.sd;
    let (stance, verdict) = if high - low < 2.0 * sd {
        (
            Stance::Against,
            "the seed matters about as much as how much is removed, so that small gains are noise",
        )
    } else {
        (
            Stance::Open,
            "the number removed matters more than the seed",
        )
    };
    finding(
        Question::Sweep,
        stance,
        format!(
            "With {} modules, another seed moves the dense model's {} by {sd:.4} (one deviation); from removing none to removing all the fine-tuned means span {:.4}: {verdict}.",
            depth.module_count,
            depth.measure.test(),
            high - low
        ),
    )
}

fn scratch(depth: &DepthReport, point: &SweepPoint) -> Option<Finding> {
    let scratch = point.scratch_test.as_ref()?;
    let test = point.against_scratch.as_ref()?;
    let verdict = match lower(test) {
        Some(true) => "the trained weights are worth keeping",
        Some(false) => "new weights do better than the trained ones",
        None => "these seeds do not show that the dense training is worth keeping",
    };
    Some(finding(
        Question::Sweep,
        stance(lower(test)),
        format!(
            "With {} modules, the pruned structure trained from new weights reaches {}, fine-tuned from the dense model {}; the difference is {}: {verdict}.",
            depth.module_count,
            spread(scratch),
            spread(&point.tuned.test),
            difference(test)
        ),
    ))
}

/// Whether attention improves the forecast. If not, the ranking does not matter.
fn everything(depth: &DepthReport) -> Option<Finding> {
    let all = depth
        .sweep
        .iter()
        .find(|point| point.count == depth.module_count)?;
    let test = &all.against_dense_finetuned;
    let (stance, verdict) = match lower(test) {
        Some(false) => (
            Stance::For,
            "attention reduces the error here, so that the choice of modules matters",
        ),
        Some(true) => (
            Stance::Against,
            "the model is better without any attention, so that no ranking is needed",
        ),
        None => (
            Stance::Against,
            "these seeds do not show that attention reduces the error here, so that any ranking would do",
        ),
    };
    Some(finding(
        Question::Sweep,
        stance,
        format!(
            "With {} modules and all attention removed, the {} is {} against {} of the dense model fine-tuned as long, {}: {verdict}.",
            depth.module_count,
            depth.measure.test(),
            spread(&all.tuned.test),
            spread(&depth.dense_finetuned.test),
            difference(test)
        ),
    ))
}

pub(super) fn iterative(depth: &DepthReport) -> Vec<Finding> {
    let each = depth.iterative.iter().map(|point| {
        let verdict = match lower(&point.paired) {
            Some(true) => "one at a time is better",
            Some(false) => "at once is better",
            None => "these seeds show no difference",
        };
        finding(
            Question::Iterative,
            Stance::Open,
            format!(
                "With {} modules, {} removed one at a time give {}, at once {}, both with {} of fine-tuning; {}: {verdict}. In {} of {} both removed the same modules.",
                depth.module_count,
                modules(point.count),
                spread(&point.iterative),
                spread(&point.one_shot),
                plural(point.epochs, "epoch"),
                difference(&point.paired),
                point.same,
                plural(point.paired.pairs, "seed"),
            ),
        )
    });
    each.collect()
}

pub(super) fn heads(depth: &DepthReport) -> Vec<Finding> {
    let each = depth.heads.iter().map(|point| {
        let verdict = match lower(&point.paired) {
            Some(true) => "single heads are the better unit",
            Some(false) => "whole modules are the better unit",
            None => "these seeds show no difference",
        };
        finding(
            Question::Heads,
            match lower(&point.paired) {
                Some(true) => Stance::Against,
                Some(false) => Stance::For,
                None => Stance::Open,
            },
            format!(
                "With {} modules, removing {} by SEND gives {}, removing the {} with the lowest SEND, at the same MACs, {} (random heads {}); heads against modules {}: {verdict}.",
                depth.module_count,
                modules(point.modules),
                spread(&point.by_module),
                plural(point.heads, "head"),
                spread(&point.by_head),
                spread(&point.by_random_head),
                difference(&point.paired)
            ),
        )
    });
    each.collect()
}

pub(super) fn adaptive(depth: &DepthReport) -> Vec<Finding> {
    let each = depth.adaptive.iter().map(|result| {
        let counts: Vec<String> = result.counts.iter().map(ToString::to_string).collect();
        let better = result.against_fixed.iter().filter(|(_, test)| lower(test) == Some(true)).count();
        let worse = result.against_fixed.iter().filter(|(_, test)| lower(test) == Some(false)).count();
        // Being better than removing everything is no advantage if attention does not help, nor if nothing was removed.
        let merits = result
            .against_fixed
            .iter()
            .filter(|(count, test)| *count < depth.module_count && lower(test) == Some(true))
            .count();
        finding(
            Question::Adaptive,
            match (merits, worse, result.counts.iter().all(|&count| count == 0)) {
                (0, 1.., _) => Stance::Against,
                (1.., 0, false) => Stance::For,
                _ => Stance::Open,
            },
            format!(
                "With {} modules, the rule \"{}\" removes {} modules in the seeds and reaches {}; the best fixed number, known only in hindsight, is {} lower. Over these seeds it is significantly better than {better} and significantly worse than {worse} of {} fixed numbers, and needs {:.1} fine-tunings to decide.",
                depth.module_count,
                result.title,
                counts.join(", "),
                spread(&result.test),
                spread(&result.regret),
                result.against_fixed.len(),
                result.trainings.mean
            ),
        )
    });
    each.collect()
}

pub(super) fn transfers(report: &StudyReport) -> Vec<Finding> {
    let foreign = report
        .transfers
        .iter()
        .filter(|transfer| transfer.from != transfer.to);
    foreign
        .map(|transfer| {
            let verdict = match lower(&transfer.paired) {
                Some(true) => "the pruned model transfers better",
                Some(false) => "the pruned model transfers worse",
                None => "these seeds show no difference",
            };
            finding(
                Question::ZeroShot,
                stance(lower(&transfer.paired)),
                format!(
                    "Trained on {} and evaluated on {} without further training, models of {} layers reach {} dense, {} dense and fine-tuned, {} pruned by SEND and fine-tuned; pruned against dense fine-tuned {}: {verdict}.",
                    transfer.from,
                    transfer.to,
                    transfer.layers,
                    spread(&transfer.dense),
                    spread(&transfer.dense_finetuned),
                    spread(&transfer.pruned),
                    difference(&transfer.paired)
                ),
            )
        })
        .collect()
}
