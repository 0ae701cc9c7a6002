//! A study as Markdown, for generated documents.

use super::{
    depth::{controls, errors},
    findings::{heading, stance, verdict},
    finetuning,
    rankings::table,
    sheet::Sheet,
    transfer::{ground_truth_table, transfers},
};
use crate::{escape::plain, number, page::ORIGIN};

pub(super) fn markdown(sheet: &Sheet<'_>) -> String {
    let mut out = format!(
        "# {}\n\n```sh\n{}\n```\n\n{}\n\n{ORIGIN}\n\n**{}**\n",
        plain(&sheet.title),
        plain(sheet.command),
        sheet.setting,
        verdict(sheet)
    );
    out += "\n## Findings\n";
    for (question, found) in sheet.findings_by_question() {
        out += &format!("\n### {}\n\n", heading(question));
        for finding in found {
            out += &format!(
                "- **{}** {}\n",
                stance(finding.stance),
                plain(&finding.text)
            );
        }
    }
    for depth in sheet.depths {
        let times = sheet.timings.and_then(|timings| {
            timings
                .depths
                .iter()
                .find(|times| times.module_count == depth.module_count)
        });
        out += &format!("\n## {}\n\n", number::plural(depth.module_count, "module"));
        out += &errors(depth).markdown();
        if !depth.sweep.is_empty() {
            out += &format!(
                "\nControls and cost\n\n{}",
                controls(depth, times).markdown()
            );
        }
        for (title, table) in finetuning::tables(depth) {
            out += &format!("\n{title}\n\n{}", table.markdown());
        }
        if !depth.rankings.is_empty() {
            out += &format!(
                "\nSEND and baseline scorers\n\n{}",
                table(depth, &depth.rankings).markdown()
            );
        }
        if !depth.options.is_empty() {
            out += &format!(
                "\nSEND with other options\n\n{}",
                table(depth, &depth.options).markdown()
            );
        }
    }
    for result in sheet.ground_truth {
        out += &format!(
            "\n## Planted modules\n\n{}",
            ground_truth_table(result).markdown()
        );
    }
    if !sheet.transfers.is_empty() {
        out += &format!(
            "\n## Tables never seen\n\n{}",
            transfers(sheet.transfers).markdown()
        );
    }
    if let Some(timings) = sheet.timings {
        out += &format!(
            "\nTimes were measured on {} with {}.\n",
            plain(&timings.device.name),
            number::plural(timings.device.threads, "thread")
        );
    }
    out
}
