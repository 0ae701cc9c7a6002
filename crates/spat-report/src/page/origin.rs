//! Notes, and everything needed to reproduce the report.

use spat_spec::Report;

use super::{paragraph, scores::ORIGIN, section as wrap};
use crate::{escape::escape, number, table::Table};

pub(super) fn section(report: &Report) -> String {
    // Repairs are listed in the section about the data.
    let repairs = report.data.repairs.lines();
    let notes: Vec<&String> = report
        .notes
        .iter()
        .filter(|note| !repairs.contains(note))
        .collect();
    let notes = if notes.is_empty() {
        String::new()
    } else {
        let items: String = notes
            .into_iter()
            .map(|note| format!("<li>{}</li>", escape(note)))
            .collect();
        wrap("notes", "Notes", &format!("<ul>{items}</ul>"))
    };
    let mut table = Table::new("", ["", ""]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("Version", report.version.clone());
    row("Seed", report.seed.to_string());
    row("Hash of experiment and table", report.hash.clone());
    row(
        "Device",
        format!(
            "{} ({})",
            report.device.name,
            report.device.kind.to_uppercase()
        ),
    );
    let threads = report.device.threads;
    if threads > 0 {
        row("Threads", number::count(threads as u64));
    }
    // Serialisation of plain fields cannot fail; if it does, the page contains the error.
    let experiment =
        serde_json::to_string_pretty(&report.experiment).unwrap_or_else(|error| error.to_string());
    let body = format!(
        "<pre class=\"command\"><code>{}</code></pre>{}{}<details><summary>The whole experiment as JSON</summary>\
         <pre><code>{}</code></pre></details>{}",
        escape(&report.command),
        paragraph(
            "The same experiment on the same bytes gives the same figures on the CPU; a GPU may differ in the last digits, and times always do."
        ),
        table
            .html()
            .replacen("<table>", "<table class=\"plain\">", 1),
        escape(&experiment),
        paragraph(ORIGIN),
    );
    notes + &wrap("again", "Reproduce this report", &body)
}
