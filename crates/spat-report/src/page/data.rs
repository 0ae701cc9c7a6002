//! Facts about the table, and its repairs.

use spat_spec::Report;

use super::{MOST_CHANNELS, section as wrap};
use crate::{escape::escape, number, table::Table};

pub(super) fn section(report: &Report) -> String {
    let data = &report.data;
    let mut table = Table::new("", ["", ""]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("File", data.name.clone());
    row("Rows after repair", number::count(data.rows as u64));
    row("Time step", data.frequency.clone());
    row("Season", number::plural(data.season, "row"));
    row("Training windows", number::count(data.windows.train as u64));
    row("Validation windows", number::count(data.windows.val as u64));
    row("Test windows", number::count(data.windows.test as u64));
    row("Channels", number::count(data.channels as u64));
    let facts = table
        .html()
        .replacen("<table>", "<table class=\"plain\">", 1);

    let names: String = data
        .channel_names
        .iter()
        .take(MOST_CHANNELS)
        .map(|name| format!("<li>{}</li>", escape(name)))
        .collect();
    let hidden = data.channel_names.len().saturating_sub(MOST_CHANNELS);
    let more = if hidden > 0 {
        format!("<li>… and {} more</li>", number::count(hidden as u64))
    } else {
        String::new()
    };

    let lines = data.repairs.lines();
    let repairs = if lines.is_empty() {
        "<p>Nothing was repaired.</p>".to_owned()
    } else {
        let items: String = lines
            .iter()
            .map(|line| format!("<li>{}</li>", escape(line)))
            .collect();
        format!("<ul>{items}</ul>")
    };
    let body = format!(
        "{facts}<h3>Channel names</h3><ul class=\"names\">{names}{more}</ul><h3>Repairs</h3>{repairs}"
    );
    wrap("data", "Data", &body)
}
