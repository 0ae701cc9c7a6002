//! The selection rule against the control and the best subset in hindsight.

use spat_spec::{PairedTest, RuleCell, RuleSummary, SuiteReport};

use super::{Block, column, percent};
use crate::{
    chart::{Hue, ScatterChart, ScatterGroup, ScatterPoint, scatter_chart},
    number::{self, estimated_change, estimated_share},
    table::Table,
};

pub(super) fn blocks(report: &SuiteReport) -> Vec<Block> {
    let Some(rule) = &report.rule else {
        return Vec::new();
    };
    vec![
        Block::Note(
            "The rule removes the smallest candidate whose validation error is at most one standard error above the lowest (spat run --select one-se). It sees no test window.".to_owned(),
        ),
        Block::Table(goals(rule)),
        drawing(report, rule),
        Block::Heading("By table".to_owned()),
        Block::Note(
            "Test MSE against the control, over all models and seeds of a table. The interval is Student's; p is that of the sign-flip test.".to_owned(),
        ),
        Block::Table(tables(report, rule)),
        Block::Heading("By cell".to_owned()),
        Block::Table(cells(report, rule)),
    ]
}

/// The goals, and what was reached.
fn goals(rule: &RuleSummary) -> Table {
    let goal = RuleSummary::GOAL;
    let mut table = Table::new("", ["", "goal", "result"]);
    let mut row = |what: String, goal: String, result: String| table.row([what, goal, result]);
    row(
        "test MSE against the control".to_owned(),
        "never worse by more than the interval".to_owned(),
        format!(
            "{}; worse in {} of {} and on {} of {}",
            estimated_change(&rule.against_control),
            rule.worse_cells().count(),
            number::plural(rule.cells.len(), "cell"),
            rule.worse_tables().count(),
            number::plural(rule.tables.len(), "table"),
        ),
    );
    row(
        format!("MACs saved, where the best subset in hindsight saves {goal} % or more"),
        format!("{goal} % or more"),
        rule.saved_where_possible.as_ref().map_or_else(
            || "no such cell".to_owned(),
            |saved| {
                format!(
                    "{}, {}",
                    estimated_share(saved),
                    number::plural(saved.cells, "cell")
                )
            },
        ),
    );
    row(
        "MACs saved, all cells".to_owned(),
        String::new(),
        estimated_share(&rule.saved),
    );
    row(
        "test MSE above the best subset in hindsight".to_owned(),
        "1 % or less".to_owned(),
        rule.above_best
            .as_ref()
            .map_or_else(|| number::NONE.to_owned(), estimated_share),
    );
    table
}

fn interval(test: &PairedTest) -> String {
    if test.pairs < 2 {
        // A single pair has no interval.
        return format!("{} %", percent(test.difference));
    }
    format!(
        "{} % ({} to {})",
        percent(test.difference),
        percent(test.low),
        percent(test.high)
    )
}

fn tables(report: &SuiteReport, rule: &RuleSummary) -> Table {
    let mut table = Table::new("", ["", "MSE against the control", "p", "pairs"]);
    for row in &rule.tables {
        let test = &row.against_control;
        table.row([
            report.suite.tables[row.table].name.clone(),
            interval(test),
            format!("{:.2}", test.p_permutation),
            test.pairs.to_string(),
        ]);
    }
    table
}

fn cells(report: &SuiteReport, rule: &RuleSummary) -> Table {
    let mut table = Table::new(
        "",
        [
            "",
            "removed, by seed",
            "MACs saved",
            "best saves",
            "MSE, control",
            "MSE, rule",
            "MSE, best",
            "rule against the control",
            "rule above best",
        ],
    );
    for row in &rule.cells {
        let Some(cell) = report.cells.iter().find(|cell| cell.cell == row.cell) else {
            continue;
        };
        let Some(pruned) = &cell.pruned else { continue };
        let removed: Vec<String> = pruned
            .rule
            .removed
            .iter()
            .map(|removed| removed.len().to_string())
            .collect();
        let mean =
            |values: &[f64]| number::error(values.iter().sum::<f64>() / values.len().max(1) as f64);
        let share = |share: Option<f64>| share.map_or_else(String::new, number::share);
        table.row([
            name(report, row),
            format!("{} of {}", removed.join(", "), pruned.modules.len()),
            share(Some(row.saved)),
            share(row.best_saves),
            number::error(pruned.control.test.mean),
            mean(&pruned.rule.mse),
            pruned
                .best
                .as_ref()
                .map_or_else(String::new, |best| mean(&best.mse)),
            interval(&row.against_control),
            share(row.above_best),
        ]);
    }
    table
}

fn name(report: &SuiteReport, row: &RuleCell) -> String {
    let cell = &report.suite.cells[row.cell];
    format!(
        "{}, {}",
        column(report, cell.table, cell.forecaster.horizon()),
        report.suite.models[cell.model].name
    )
}

/// Savings and changes of each cell.
fn drawing(report: &SuiteReport, rule: &RuleSummary) -> Block {
    let hues = [
        Hue::Blue,
        Hue::Vermillion,
        Hue::Green,
        Hue::Purple,
        Hue::Grey,
    ];
    let mut groups: Vec<ScatterGroup> = Vec::new();
    for (index, model) in report.suite.models.iter().enumerate() {
        let points: Vec<ScatterPoint> = rule
            .cells
            .iter()
            .filter(|row| report.suite.cells[row.cell].model == index)
            .map(|row| ScatterPoint {
                x: row.saved,
                y: row.against_control.difference,
                spread: 0.0,
                label: String::new(),
            })
            .collect();
        if !points.is_empty() {
            groups.push(ScatterGroup {
                label: model.name.clone(),
                hue: hues[groups.len() % hues.len()],
                points,
                joined: false,
            });
        }
    }
    let chart = ScatterChart {
        title: "Saved MACs and change of the error by the selection rule".to_owned(),
        description: "One point per table and model, means over seeds.".to_owned(),
        x_label: "MACs saved, percent".to_owned(),
        y_label: "test MSE against the control, percent".to_owned(),
        groups,
        width: 912.0,
        height: 360.0,
    };
    Block::Figure {
        svg: scatter_chart(&chart),
        caption: "One point per table and model, means over seeds. Below 0 the pruned model is better than the control.".to_owned(),
        data: chart.table(),
    }
}
