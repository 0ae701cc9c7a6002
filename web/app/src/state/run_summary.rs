//! Titles of runs in the history.

use spat_spec::PruneRule;
pub(crate) use spat_spec::{RunSummary, Stage};

/// The suffix of a run's title before its ratio is known.
pub(super) const NO_RATIO_SUFFIX: &str = ", α to choose";

/// Sets a finished run's title, unless the user has changed it.
pub(super) fn name_finished(summary: &mut RunSummary, rule: &PruneRule) {
    let is_unfinished = summary
        .title
        .strip_prefix(&*summary.table)
        .is_some_and(|rest| rest.starts_with(" · ") && rest.ends_with(NO_RATIO_SUFFIX));
    if is_unfinished || summary.has_standard_title() {
        summary.title = RunSummary::standard_title(&summary.table, rule);
    }
}
