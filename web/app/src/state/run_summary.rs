//! Titles of runs in the history.

pub(crate) use spat_spec::{RunSummary, Stage};

/// The suffix of a run's title before its ratio is known.
pub(super) const NO_RATIO_SUFFIX: &str = ", α to choose";

/// Sets a finished run's title, unless the user has changed it.
pub(super) fn name_finished(summary: &mut RunSummary, ratio: f64) {
    let ours = summary
        .title
        .strip_prefix(&*summary.table)
        .is_some_and(|rest| {
            rest.starts_with(" · ") && rest.ends_with(NO_RATIO_SUFFIX)
                || rest.starts_with(" · α = ")
        });
    if ours {
        summary.title = format!("{} · α = {ratio}", summary.table);
    }
}
