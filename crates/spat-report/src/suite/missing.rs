//! Cells without a result.

use spat_spec::SuiteReport;

use super::Block;
use crate::{number, table::Table};

pub(super) fn blocks(report: &SuiteReport) -> Vec<Block> {
    if report.missing.is_empty() {
        return vec![Block::Paragraph("Every cell has a result.".to_owned())];
    }
    let mut table = Table::new("", ["", "model", "horizon", "reason"]);
    for missing in &report.missing {
        table.row([
            report.suite.tables[missing.table].name.clone(),
            report.suite.models[missing.model].name.clone(),
            missing.horizon.to_string(),
            missing.reason.clone(),
        ]);
    }
    let text = format!(
        "{} of {} without a result.",
        number::count(report.missing.len() as u64),
        number::plural(report.cells.len() + report.missing.len(), "cell")
    );
    vec![Block::Paragraph(text), Block::Table(table)]
}
