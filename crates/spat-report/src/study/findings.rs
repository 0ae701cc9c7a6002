//! The findings, at the start of the page.

use spat_spec::{Question, Stance};

use super::sheet::Sheet;
use crate::{
    escape::escape,
    number,
    page::{aside, section as wrap},
};

/// Number of findings per stance.
pub(super) fn verdict(sheet: &Sheet<'_>) -> String {
    let count = |stance| sheet.findings.iter().filter(|f| f.stance == stance).count();
    let (pro, contra, open) = (
        count(Stance::For),
        count(Stance::Against),
        count(Stance::Open),
    );
    let weight = if sheet.seeds < 3 {
        " With fewer than three seeds none of this is conclusive."
    } else {
        ""
    };
    format!(
        "Of {}, {pro} support the method, {contra} oppose it, and {open} are inconclusive.{weight}",
        number::plural(sheet.findings.len(), "finding")
    )
}

pub(super) fn section(sheet: &Sheet<'_>) -> String {
    let mut body = aside(
        "Each sentence is computed from the figures below, whether or not it supports the method.",
    );
    for (question, found) in sheet.findings_by_question() {
        let items: String = found
            .iter()
            .map(|finding| {
                format!(
                    "<li><strong>{}</strong> {}</li>",
                    stance(finding.stance),
                    escape(&finding.text)
                )
            })
            .collect();
        body += &format!("<h3>{}</h3><ul>{items}</ul>", heading(question));
    }
    wrap("findings", "Findings", &body)
}

/// Label of a finding's stance.
pub(crate) fn stance(stance: Stance) -> &'static str {
    match stance {
        Stance::For => "For.",
        Stance::Against => "Against.",
        Stance::Open => "Open.",
    }
}

pub(super) fn heading(question: Question) -> &'static str {
    match question {
        Question::Oracle => "Does SEND choose well?",
        Question::Sweep => "What does pruning do?",
        Question::BaselineScorers => "What beats SEND?",
        Question::Options => "Do SEND's open choices matter?",
        Question::Iterative => "One at a time, or at once?",
        Question::Heads => "Heads, or whole modules?",
        Question::Adaptive => "Can the number be chosen without the user?",
        Question::Finetuning => "How should a model be fine-tuned?",
        Question::Stability => "Is the ranking stable?",
        Question::Uniformity => "Do low scores go with uniform attention?",
        Question::GroundTruth => "Is a known order found?",
        Question::ZeroShot => "How well does it transfer to unseen tables?",
    }
}
