//! What the numbers say, in sentences that may speak against the method.
//!
//! Each sentence is computed: its figures, and which way it points. Where a 95 % interval of paired
//! differences holds zero, the numbers decide nothing, and the sentence says so.

mod attention;
mod choice;
mod pruning;
mod words;

use spat_spec::{DepthReport, Finding, StudyReport};

pub(crate) use attention::ground_truth;

/// All sentences, by depth, then those about all tables.
pub(crate) fn findings(report: &StudyReport) -> Vec<Finding> {
    let depths = report.depths.iter();
    depths
        .flat_map(|depth| of_depth(depth, report.study.count(depth.layers)))
        .chain(ground_truth(&report.ground_truth))
        .chain(pruning::transfers(report))
        .collect()
}

/// Sentences about one depth; `count` modules go at the study's ratio.
pub(crate) fn of_depth(depth: &DepthReport, count: usize) -> Vec<Finding> {
    let count = count.clamp(1, (depth.layers - 1).max(1));
    let mut found = pruning::sweep(depth, count);
    found.extend(choice::oracle(depth));
    found.extend(choice::baseline_scorers(depth));
    found.extend(choice::options(depth));
    found.extend(pruning::iterative(depth));
    found.extend(pruning::heads(depth));
    found.extend(pruning::adaptive(depth));
    found.extend(attention::stability(depth));
    found.extend(attention::uniformity(depth));
    found
}
