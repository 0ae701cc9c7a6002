//! Text tables, for the page and below charts.

use crate::{
    escape::{escape, plain},
    number,
};

/// A table whose first column names its rows. Text is escaped on output.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    caption: String,
    groups: Vec<(String, usize)>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    left_out: usize,
}

impl Table {
    /// An empty table with column heads.
    pub fn new<T: Into<String>>(
        caption: impl Into<String>,
        columns: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            caption: caption.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Heads over several columns each, with the number of columns that they span.
    pub fn groups(mut self, groups: &[(&str, usize)]) -> Self {
        self.groups = groups
            .iter()
            .map(|&(name, span)| (name.to_owned(), span))
            .collect();
        self
    }

    /// Adds a row: its name, then one cell per column.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether it has no rows yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a last line that `rows` more rows are not shown.
    pub fn left_out(&mut self, rows: usize) {
        self.left_out = rows;
    }

    /// Keeps the first `rows` rows and adds the number of the others.
    pub fn limit(mut self, rows: usize) -> Self {
        self.left_out += self.rows.len().saturating_sub(rows);
        self.rows.truncate(rows);
        self
    }

    /// The table as Markdown, without its caption.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells
                .iter()
                .map(|cell| plain(cell).replace('|', "\\|"))
                .collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut out = line(&self.columns);
        out += &format!("|{}\n", "---|".repeat(self.columns.len()));
        for row in &self.rows {
            out += &line(row);
        }
        out
    }

    /// The table as HTML.
    pub fn html(&self) -> String {
        // A table wider than its container scrolls horizontally, also by keyboard.
        let mut out = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table>",
            if self.caption.is_empty() {
                "Table".to_owned()
            } else {
                escape(&self.caption)
            }
        );
        if !self.caption.is_empty() {
            out += &format!("<caption>{}</caption>", escape(&self.caption));
        }
        out += "<thead>";
        if !self.groups.is_empty() {
            out += "<tr class=\"groups\">";
            for (name, span) in &self.groups {
                out += &format!(
                    "<th colspan=\"{span}\" scope=\"colgroup\">{}</th>",
                    escape(name)
                );
            }
            out += "</tr>";
        }
        out += "<tr>";
        for column in &self.columns {
            out += &format!("<th scope=\"col\">{}</th>", escape(column));
        }
        out += "</tr></thead><tbody>";
        for row in &self.rows {
            out += "<tr>";
            for (place, cell) in row.iter().enumerate() {
                let cell = escape(cell);
                out += &if place == 0 {
                    format!("<th scope=\"row\">{cell}</th>")
                } else {
                    format!("<td>{cell}</td>")
                };
            }
            out += "</tr>";
        }
        if self.left_out > 0 {
            out += &format!(
                "<tr class=\"more\"><td colspan=\"{}\">… and {} more, all in report.json</td></tr>",
                self.columns.len().max(1),
                number::count(self.left_out as u64),
            );
        }
        out + "</tbody></table></div>"
    }
}
