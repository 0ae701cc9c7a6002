//! Sentences about ways of fine-tuning.

use spat_spec::{DepthReport, Finding, FinetunedErrors, FinetuningResult, Question};

use super::words::{difference, finding, lower, stance};

/// What the study's own way does to the dense model, and the way with the lowest validation error of the pruned one.
pub(super) fn finetuning(depth: &DepthReport) -> Vec<Finding> {
    let Some(own) = depth.finetuning.first() else {
        return Vec::new();
    };
    let mut found = vec![finding(
        Question::Finetuning,
        stance(None),
        format!(
            "With {} modules, fine-tuning as the study does changes the test error of the dense model by {} and \
             leaves the pruned model at {} of it.",
            depth.module_count,
            percent(&own.dense),
            percent(&own.pruned)
        ),
    )];
    // Chosen without the test part.
    let by_val = |a: &&FinetuningResult, b: &&FinetuningResult| {
        a.pruned.val.mean.total_cmp(&b.pruned.val.mean)
    };
    let best = depth.finetuning.iter().min_by(by_val);
    found.extend(best.filter(|best| best.name != own.name).map(|best| {
        let against = &best.pruned.test_against_own;
        finding(
            Question::Finetuning,
            stance(lower(against)),
            format!(
                "Of {} ways to fine-tune, the pruned model has the lowest validation error with \"{}\" ({}). \
                 Compared with the study's own way, that changes its test error by {}, and that of the dense model \
                 by {}.",
                depth.finetuning.len(),
                best.name,
                best.title,
                difference(against),
                difference(&best.dense.test_against_own)
            ),
        )
    }));
    found
}

fn percent(errors: &FinetunedErrors) -> String {
    let spread = &errors.percent_to_dense;
    format!("{:+.1} % ± {:.1}", spread.mean, spread.sd).replace('-', "−")
}
