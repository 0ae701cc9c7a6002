//! What the numbers say, in sentences that may speak against the method.
//!
//! Each sentence is computed: its figures, and which way it points. Where a 95 % interval of paired
//! differences holds zero, the numbers decide nothing, and the sentence says so.

mod attention;
mod choice;
mod pruning;
mod words;

use spat_spec::{Finding, StudyReport};

/// All sentences, by depth, then those about all tables.
pub(crate) fn findings(report: &StudyReport) -> Vec<Finding> {
    let mut found = Vec::new();
    for depth in &report.depths {
        let count = report
            .study
            .count(depth.layers)
            .clamp(1, (depth.layers - 1).max(1));
        found.extend(pruning::sweep(depth, count));
        found.extend(choice::oracle(depth));
        found.extend(choice::rivals(depth));
        found.extend(choice::options(depth));
        found.extend(pruning::iterative(depth));
        found.extend(pruning::heads(depth));
        found.extend(pruning::adaptive(depth));
        found.extend(attention::stability(depth));
        found.extend(attention::uniformity(depth));
    }
    found.extend(attention::planted(report));
    found.extend(pruning::transfers(report));
    found
}
