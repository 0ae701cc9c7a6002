//! A suite as plain text for a terminal.

use spat_spec::{PublishedChanges, Reference, Stance, SuiteReport, SuiteScope};

use super::{choice, setting, verdict};
use crate::{escape::plain, number, study::wrapped};

pub(super) fn tables(report: &SuiteReport) -> String {
    let mut lines = vec![plain(&report.suite.title), String::new()];
    lines.extend(wrapped("", &setting(report)));
    lines.push(String::new());
    lines.push(format!(
        "{:<44} {:>10} {:>12} {:>10} {:>10}",
        "change, percent", "MACs", "parameters", "MSE", "MAE"
    ));
    lines.push("─".repeat(90));
    let mut row = |label: &str, figures: [f64; 4]| {
        let [macs, params, mse, mae] = figures.map(super::percent);
        lines.push(format!(
            "{label:<44} {macs:>10} {params:>12} {mse:>10} {mae:>10}"
        ));
    };
    let paper = PublishedChanges::SPAT;
    row(
        "the paper",
        [paper.macs, paper.params, paper.mse, paper.mae],
    );
    for change in &report.changes {
        if change.scope != SuiteScope::All {
            continue;
        }
        let against = match change.against {
            Reference::Dense => "dense",
            Reference::Control => "dense, fine-tuned",
        };
        row(
            &format!("{}, against {against}", choice(change.pruning)),
            [
                change.macs.mean,
                change.params.mean,
                change.mse.mean,
                change.mae.mean,
            ],
        );
    }
    lines.push(String::new());
    for finding in &report.findings {
        let mark = match finding.stance {
            Stance::For => "for",
            Stance::Against => "against",
            Stance::Open => "open",
        };
        lines.extend(wrapped(mark, &plain(&finding.text)));
    }
    if !report.missing.is_empty() {
        let missing = number::plural(report.missing.len(), "cell");
        lines.extend(wrapped(
            "",
            &format!("{missing} without a result; the page lists them."),
        ));
    }
    lines.push(String::new());
    lines.extend(wrapped("", &verdict(report)));
    lines.join("\n")
}
