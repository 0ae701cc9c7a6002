//! Findings of a study: sentences for or against the method.
//!
//! Sentences are computed, including their figures and their stance. If the 95 % interval of paired
//! differences contains zero, the stance is open and the sentence states that.

mod attention;
mod choice;
mod finetuning;
mod pruning;
pub(crate) mod words;

use spat_spec::{DepthReport, Finding, StudyReport};

pub(crate) use attention::ground_truth;

/// All sentences, by depth, then those about all tables.
pub(crate) fn findings(report: &StudyReport) -> Vec<Finding> {
    let depths = report.depths.iter();
    depths
        .flat_map(|depth| of_depth(depth, report.study.count(depth.module_count)))
        .chain(ground_truth(&report.ground_truth))
        .chain(pruning::transfers(report))
        .collect()
}

/// Sentences about one depth; `count` modules go at the study's ratio.
pub(crate) fn of_depth(depth: &DepthReport, count: usize) -> Vec<Finding> {
    let count = count.clamp(1, (depth.module_count - 1).max(1));
    let mut found = pruning::sweep(depth, count);
    found.extend(choice::oracle(depth));
    found.extend(choice::baseline_scorers(depth));
    found.extend(choice::options(depth));
    found.extend(pruning::iterative(depth));
    found.extend(pruning::heads(depth));
    found.extend(pruning::adaptive(depth));
    found.extend(finetuning::finetuning(depth));
    found.extend(attention::stability(depth));
    found.extend(attention::uniformity(depth));
    found
}
