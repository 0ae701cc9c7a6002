//! Errors of all models on all tables, and pruned models against those without attention.

use spat_spec::{ComparedModel, SuiteReport};

use super::{Block, column, form};
use crate::{number, table::Table};

pub(super) fn blocks(report: &SuiteReport) -> Vec<Block> {
    let models = &report.models;
    if models.rows.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![
        Block::Note(
            "Test MSE, mean over seeds, by ascending mean rank. Ranks and the mean distance to the lowest MSE of a column are over the columns that every model has. The models without attention are trained as long as the dense ones, and not fine-tuned.".to_owned(),
        ),
        Block::Table(errors(report)),
        Block::Heading("Test MAE".to_owned()),
        Block::Table(absolute_errors(report)),
    ];
    if !models.pairs.is_empty() {
        blocks.push(Block::Heading(
            "Pruned models against models without attention".to_owned(),
        ));
        blocks.push(Block::Note(
            "Columns of the table above with a lower, an equal and a higher test MSE of the pruned model; in brackets p of the sign test.".to_owned(),
        ));
        blocks.push(Block::Table(pairs(report)));
    }
    blocks
}

fn name(report: &SuiteReport, row: &ComparedModel) -> String {
    let name = &report.suite.models[row.model].name;
    if row.attention {
        format!("{name}, {}", form(row.form))
    } else {
        name.clone()
    }
}

fn errors(report: &SuiteReport) -> Table {
    let models = &report.models;
    let first = ["", "mean rank", "above the lowest", "parameters", "MACs"].map(str::to_owned);
    let columns = models
        .columns
        .iter()
        .map(|one| column(report, one.table, one.horizon));
    let mut table = Table::new("", first.into_iter().chain(columns));
    for row in &models.rows {
        let first = [
            name(report, row),
            row.mean_rank
                .map_or_else(String::new, |rank| format!("{rank:.1}")),
            row.above_lowest
                .map_or_else(String::new, |above| format!("{above:.1} %")),
            number::short(row.params.round() as u64),
            number::short(row.macs.round() as u64),
        ];
        let errors = row.mse.iter().map(|mse| {
            mse.as_ref()
                .map_or_else(|| number::NONE.to_owned(), |mse| number::error(mse.mean))
        });
        table.row(first.into_iter().chain(errors));
    }
    table
}

fn absolute_errors(report: &SuiteReport) -> Table {
    let models = &report.models;
    let columns = models
        .columns
        .iter()
        .map(|one| column(report, one.table, one.horizon));
    let mut table = Table::new("", std::iter::once(String::new()).chain(columns));
    for row in &models.rows {
        let errors = row
            .mae
            .iter()
            .map(|mae| mae.map_or_else(|| number::NONE.to_owned(), number::error));
        table.row(std::iter::once(name(report, row)).chain(errors));
    }
    table
}

fn pairs(report: &SuiteReport) -> Table {
    let models = &report.models;
    let mut others: Vec<usize> = models.pairs.iter().map(|pair| pair.other).collect();
    others.sort_unstable();
    others.dedup();
    let mut rows: Vec<usize> = models.pairs.iter().map(|pair| pair.row).collect();
    rows.dedup();
    let heads = others
        .iter()
        .map(|&other| name(report, &models.rows[other]));
    let mut table = Table::new("", std::iter::once(String::new()).chain(heads));
    for row in rows {
        let cells = others.iter().map(|&other| {
            let mut pairs = models.pairs.iter();
            let pair = pairs.find(|pair| pair.row == row && pair.other == other);
            pair.map_or_else(String::new, |pair| {
                let columns = &pair.columns;
                format!(
                    "{}, {}, {} ({:.2})",
                    columns.wins, columns.ties, columns.losses, columns.p
                )
            })
        });
        table.row(std::iter::once(name(report, &models.rows[row])).chain(cells));
    }
    table
}
