//! Changes by pruning, first in the form of the paper's abstract.

use spat_spec::{
    ChangeSummary, Estimate, Pruning, PublishedChanges, Reference, SuiteReport, SuiteScope,
};

use super::{Block, choice};
use crate::{
    number::{self, estimated_change},
    table::Table,
};

/// The columns of the first table. The paper states neither its models nor a control.
const COLUMNS: [(Pruning, Reference); 5] = [
    (Pruning::Ratio, Reference::Dense),
    (Pruning::Ratio, Reference::Control),
    (Pruning::Rule, Reference::Dense),
    (Pruning::Rule, Reference::Control),
    (Pruning::Best, Reference::Control),
];

/// A figure: its label, the paper's value, and the summary's.
type Row = (&'static str, f64, fn(&ChangeSummary) -> &Estimate);

const ROWS: [Row; 4] = [
    ("FLOPs", PublishedChanges::SPAT.macs, |one| &one.macs),
    ("parameters", PublishedChanges::SPAT.params, |one| {
        &one.params
    }),
    ("MSE", PublishedChanges::SPAT.mse, |one| &one.mse),
    ("MAE", PublishedChanges::SPAT.mae, |one| &one.mae),
];

pub(super) fn averages(report: &SuiteReport) -> Vec<Block> {
    let Some(all) = find(report, SuiteScope::All, Pruning::Ratio, Reference::Dense) else {
        return Vec::new();
    };
    let note = format!(
        "Mean changes over {} of pruned models, with intervals over tables and seeds. The ratio is {}. The control is the dense model, fine-tuned exactly as long as the pruned one: only a difference to it is an effect of pruning. One multiply–accumulate is two FLOPs, so changes in percent are the same.",
        number::plural(all.mse.cells, "cell"),
        report.suite.prune.ratio,
    );
    vec![Block::Table(averages_table(report)), Block::Note(note)]
}

pub(super) fn averages_table(report: &SuiteReport) -> Table {
    let heads = ["".to_owned(), "paper".to_owned()].into_iter();
    let heads =
        heads.chain(COLUMNS.map(|(pruning, against)| {
            format!("{}, against {}", choice(pruning), reference(against))
        }));
    let mut table = Table::new("", heads);
    for (label, paper, figure) in ROWS {
        let cells = COLUMNS.map(|(pruning, against)| {
            find(report, SuiteScope::All, pruning, against)
                .map_or_else(String::new, |one| estimated_change(figure(one)))
        });
        let first = [label.to_owned(), number::percent(paper)];
        table.row(first.into_iter().chain(cells));
    }
    table
}

fn reference(against: Reference) -> &'static str {
    match against {
        Reference::Dense => "dense",
        Reference::Control => "the control",
    }
}

fn find(
    report: &SuiteReport,
    scope: SuiteScope,
    pruning: Pruning,
    against: Reference,
) -> Option<&ChangeSummary> {
    let mut changes = report.changes.iter();
    changes.find(|one| one.scope == scope && one.pruning == pruning && one.against == against)
}

pub(super) fn by_table(report: &SuiteReport) -> Vec<Block> {
    let scopes = report.suite.tables.iter().zip(&report.tables).enumerate();
    let scopes = scopes.map(|(index, (table, facts))| {
        let label = format!(
            "{} ({} rows, step {}, {} channels)",
            table.name,
            number::count(facts.used_rows as u64),
            facts.frequency,
            facts.channels
        );
        (label, SuiteScope::Table(index))
    });
    by(report, scopes)
}

pub(super) fn by_model(report: &SuiteReport) -> Vec<Block> {
    let scopes = report.suite.models.iter().enumerate();
    by(
        report,
        scopes.map(|(index, model)| (model.name.clone(), SuiteScope::Model(index))),
    )
}

/// A row for each scope and choice.
fn by(report: &SuiteReport, scopes: impl Iterator<Item = (String, SuiteScope)>) -> Vec<Block> {
    let mut table = Table::new(
        "",
        [
            "",
            "modules removed by",
            "MACs",
            "parameters",
            "MSE against dense",
            "MSE against the control",
            "MAE against the control",
        ],
    );
    for (label, scope) in scopes {
        for pruning in [Pruning::Ratio, Pruning::Rule, Pruning::Best] {
            let dense = find(report, scope, pruning, Reference::Dense);
            let control = find(report, scope, pruning, Reference::Control);
            let (Some(dense), Some(control)) = (dense, control) else {
                continue;
            };
            table.row([
                label.clone(),
                choice(pruning).to_owned(),
                estimated_change(&dense.macs),
                estimated_change(&dense.params),
                estimated_change(&dense.mse),
                estimated_change(&control.mse),
                estimated_change(&control.mae),
            ]);
        }
    }
    if table.is_empty() {
        Vec::new()
    } else {
        vec![Block::Table(table)]
    }
}
