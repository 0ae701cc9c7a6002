//! A study as plain text for a terminal.

use spat_spec::{DepthReport, GroundTruthResult, Spread, Stance};

use super::{
    difference,
    findings::{heading, verdict},
    sheet::Sheet,
};
use crate::{escape::plain, number};

/// Maximum line width.
const WIDTH: usize = 98;

/// A study in plain text, at most 100 columns wide.
pub(super) fn tables(sheet: &Sheet<'_>) -> String {
    let mut lines = vec![
        plain(&format!(
            "{}, {}",
            sheet.title,
            number::plural(sheet.seeds, "seed")
        )),
        String::new(),
    ];
    for depth in sheet.depths {
        lines.extend(errors(depth));
        lines.extend(rankings(depth));
    }
    for result in sheet.ground_truth {
        lines.extend(ground_truth(result));
    }
    for (question, found) in sheet.findings_by_question() {
        lines.push(heading(question).to_owned());
        for finding in found {
            let mark = match finding.stance {
                Stance::For => "for",
                Stance::Against => "against",
                Stance::Open => "open",
            };
            lines.extend(wrapped(mark, &plain(&finding.text)));
        }
    }
    lines.push(String::new());
    lines.extend(wrapped("", &verdict(sheet)));
    lines.join("\n")
}

fn errors(depth: &DepthReport) -> Vec<String> {
    let row = |label: &str, test: &Spread, macs: u64, against: &str| {
        format!(
            "{label:<34} {:>17} {:>9}  {against}",
            format!("{} ± {}", number::error(test.mean), number::error(test.sd)),
            number::short(macs)
        )
    };
    let mut lines = vec![
        format!(
            "{:<34} {:>17} {:>9}  against dense fine-tuned",
            number::plural(depth.module_count, "module"),
            depth.measure.test(),
            "MACs"
        ),
        "─".repeat(WIDTH),
        row("dense", &depth.dense.test, depth.dense.macs, ""),
        row(
            "dense, fine-tuned",
            &depth.dense_finetuned.test,
            depth.dense.macs,
            "",
        ),
    ];
    for point in depth.sweep.iter().filter(|point| point.count > 0) {
        let test = &point.against_dense_finetuned;
        lines.push(row(
            &format!("{} removed by SEND, fine-tuned", point.count),
            &point.tuned.test,
            point.tuned.macs,
            &difference(test),
        ));
    }
    lines.push(String::new());
    lines
}

fn rankings(depth: &DepthReport) -> Vec<String> {
    if depth
        .rankings
        .iter()
        .all(|ranking| ranking.regret.is_none())
    {
        return Vec::new();
    }
    let mut lines = vec![
        format!(
            "{:<34} {:>17}  {:>15}",
            "choice by", "regret", "tau, validation"
        ),
        "─".repeat(WIDTH),
    ];
    let mut ordered: Vec<_> = depth
        .rankings
        .iter()
        .filter_map(|ranking| Some((ranking, ranking.regret.as_ref()?)))
        .collect();
    ordered.sort_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
    for (ranking, regret) in ordered {
        let tau = ranking.tau_val.as_ref().map_or_else(String::new, |tau| {
            format!("{:.2} ± {:.2}", tau.mean, tau.sd).replace('-', "−")
        });
        lines.push(format!(
            "{:<34} {:>17}  {tau:>15}",
            ranking.name,
            format!(
                "{} ± {}",
                number::error(regret.mean),
                number::error(regret.sd)
            )
        ));
    }
    lines.push(String::new());
    lines
}

fn ground_truth(result: &GroundTruthResult) -> Vec<String> {
    let mut lines = vec![
        format!("{:<50} {:>20}", "way of scoring", "tau with known order"),
        "─".repeat(WIDTH),
    ];
    let mut ordered: Vec<_> = result.tau.iter().collect();
    ordered.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
    for (name, tau) in ordered {
        let own = if result.own.as_ref() == Some(name) {
            ", as studied"
        } else {
            ""
        };
        let tau = format!("{:.2} ± {:.2}", tau.mean, tau.sd).replace('-', "−");
        lines.push(format!("{:<50} {tau:>20}", format!("{name}{own}")));
    }
    lines.push(String::new());
    lines
}

/// Wraps words into lines, with the mark before the first.
pub(crate) fn wrapped(mark: &str, text: &str) -> Vec<String> {
    let indent = if mark.is_empty() { 0 } else { 9 };
    let mut lines = Vec::new();
    let mut line = format!("{mark:<indent$}");
    for word in text.split_whitespace() {
        let fits = line.chars().count() + word.chars().count() < WIDTH;
        if !fits {
            lines.push(line);
            line = " ".repeat(indent);
        }
        if line.chars().count() > indent {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_wrapped_and_indented() {
        let lines = wrapped("against", &"word ".repeat(40));
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.chars().count() <= 100));
        assert!(lines[0].starts_with("against  word"));
        assert!(lines[1].starts_with("         word"));
    }
}
