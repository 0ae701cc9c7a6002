//! Models on tables that they were not trained on.

use spat_spec::{PairedTest, Spread, SuiteReport};

use super::{Block, percent};
use crate::{number, table::Table};

pub(super) fn blocks(report: &SuiteReport) -> Vec<Block> {
    if report.zero_shot.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Note(
            "Test MSE, mean over seeds. The forecast table is split by the same rule as the training table, and scaled by its own train rows. The last column is the same model trained on the forecast table.".to_owned(),
        ),
        Block::Table(table(report)),
    ]
}

fn table(report: &SuiteReport) -> Table {
    let mut table = Table::new(
        "",
        [
            "trained on → forecast, model",
            "dense",
            "control",
            "SEND at the ratio",
            "selection rule",
            "SEND against the control",
            "rule against the control",
            "trained there",
        ],
    );
    let mean = |spread: &Spread| number::error(spread.mean);
    let change = |test: &PairedTest| format!("{} %", percent(test.difference));
    for result in &report.zero_shot {
        let suite = &report.suite;
        let cell = &suite.cells[result.cell];
        let name = format!(
            "{} → {}, {}, {}",
            suite.tables[result.pair.from].name,
            suite.tables[result.pair.to].name,
            suite.models[cell.model].name,
            number::plural(cell.forecaster.horizon(), "row"),
        );
        let pruned = |figure: &dyn Fn(&spat_spec::ZeroShotPruned) -> String| {
            result.pruned.as_ref().map_or_else(String::new, figure)
        };
        table.row([
            name,
            mean(&result.dense),
            pruned(&|one| mean(&one.control)),
            pruned(&|one| mean(&one.ratio)),
            pruned(&|one| mean(&one.rule)),
            pruned(&|one| change(&one.ratio_against_control)),
            pruned(&|one| change(&one.rule_against_control)),
            result.trained_there.as_ref().map_or_else(String::new, mean),
        ]);
    }
    table
}
