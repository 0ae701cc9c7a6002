//! Display names of the identifiers in a report.

use spat_spec::{ModuleId, Report, Scorer};

/// A control, as a row label.
pub(crate) fn control(name: &str) -> String {
    match name {
        "dense_finetuned" => "dense fine-tuned as long".to_owned(),
        "pruned_from_scratch" => "pruned from new weights".to_owned(),
        other => spaced(other),
    }
}

/// A baseline, as a row label.
pub fn baseline(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "naive" => "naive (last value)".to_owned(),
        "seasonal_naive" => "seasonal naive".to_owned(),
        "mean" => "mean of the look-back".to_owned(),
        "dlinear" => "DLinear".to_owned(),
        "rlinear" => "RLinear".to_owned(),
        _ => spaced(name),
    }
}

/// A module where space is scarce: "encoder 1" for `encoder.1.attention`, "decoder 0 cross" for
/// `decoder.0.cross_attention`.
pub fn module(id: &ModuleId) -> String {
    let name = id.as_str();
    name.strip_suffix(".attention")
        .unwrap_or(name)
        .replace("_attention", "")
        .replace('.', " ")
}

/// The same with a capital letter, for a heading.
pub fn heading(id: &ModuleId) -> String {
    capital(&module(id))
}

/// The text with a capital first letter, unless it begins with a name such as iTransformer.
pub(crate) fn capital(text: &str) -> String {
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// The label of a scorer's values.
pub fn score_label(scorer: Scorer) -> String {
    capital(&score(scorer.name()))
}

/// Display name of a scorer.
pub(crate) fn score(name: &str) -> String {
    if name.eq_ignore_ascii_case("send") {
        "SEND".to_owned()
    } else {
        spaced(name)
    }
}

/// Display name of the first model of a run: its own where there is no second one.
pub fn dense(report: &Report) -> String {
    match report.changed_model() {
        Some(_) => "dense".to_owned(),
        None => report.experiment.forecaster.name().to_owned(),
    }
}

/// Display name of the pruned model, which is not always fine-tuned.
pub(crate) fn pruned(report: &Report) -> &'static str {
    if report.pruned.epochs > 0 {
        "pruned, fine-tuned"
    } else {
        "pruned, not fine-tuned"
    }
}
