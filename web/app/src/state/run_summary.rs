//! What the history shows of a run that is kept.

pub(crate) use spat_spec::{RunSummary, Stage};

/// The end of a run's title before its ratio is known.
pub(super) const TO_CHOOSE: &str = ", α to choose";

/// Gives a finished run its title, unless a person gave it another.
pub(super) fn name_finished(summary: &mut RunSummary, ratio: f64) {
    let ours = summary
        .title
        .strip_prefix(&*summary.table)
        .is_some_and(|rest| {
            rest.starts_with(" · ") && rest.ends_with(TO_CHOOSE) || rest.starts_with(" · α = ")
        });
    if ours {
        summary.title = format!("{} · α = {ratio}", summary.table);
    }
}
