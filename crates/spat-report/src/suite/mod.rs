//! Views of a suite: its page, its Markdown and its terminal text.

mod changes;
mod document;
mod methods;
mod missing;
mod models;
mod rule;
mod terminal;
mod zero_shot;

use spat_spec::{ModelForm, Pruning, Stance, SuiteReport};

use crate::{number, page::ORIGIN};

use document::{Block, Document, Section};

/// The self-contained page of a suite. Like [`crate::html`] it fetches nothing and runs no script.
pub fn suite_html(report: &SuiteReport) -> String {
    document(report).html()
}

/// A suite as a Markdown document: the same sections without the drawings.
pub fn suite_markdown(report: &SuiteReport) -> String {
    document(report).markdown()
}

/// The changes by pruning and the findings in plain text, at most 100 columns wide.
pub fn suite_tables(report: &SuiteReport) -> String {
    terminal::tables(report)
}

fn document(report: &SuiteReport) -> Document {
    let section = |id, heading, blocks| Section {
        id,
        heading,
        blocks,
    };
    Document {
        kicker: "Attention pruning suite",
        title: report.suite.title.clone(),
        setting: setting(report),
        verdict: verdict(report),
        command: report.command.clone(),
        sections: vec![
            section("averages", "Averages", changes::averages(report)),
            section(
                "against",
                "What speaks against",
                findings(report, Stance::Against),
            ),
            section("for", "What speaks for it", findings(report, Stance::For)),
            section("open", "What is open", findings(report, Stance::Open)),
            section("tables", "By table", changes::by_table(report)),
            section("by-model", "By model", changes::by_model(report)),
            section("rule", "The selection rule", rule::blocks(report)),
            section(
                "methods",
                "Ways to choose the modules",
                methods::blocks(report),
            ),
            section("models", "All models", models::blocks(report)),
            section("zero-shot", "Tables never seen", zero_shot::blocks(report)),
            section("missing", "What is missing", missing::blocks(report)),
            section("origin", "Origin of the results", origin(report)),
        ],
    }
}

fn setting(report: &SuiteReport) -> String {
    let suite = &report.suite;
    let mut horizons: Vec<usize> = report
        .models
        .columns
        .iter()
        .map(|column| column.horizon)
        .collect();
    horizons.sort_unstable();
    horizons.dedup();
    let horizons: Vec<String> = horizons.iter().map(ToString::to_string).collect();
    let pruned = report.cells.iter().filter(|cell| cell.pruned.is_some());
    format!(
        "{}, {}, {}, horizon {}: {} with results, {} of them pruned. Errors are on test windows in scaled space; intervals are 95 %.",
        number::plural(suite.tables.len(), "table"),
        number::plural(suite.models.len(), "model"),
        number::plural(suite.seeds.len(), "seed"),
        horizons.join(", "),
        number::plural(report.cells.len(), "cell"),
        pruned.count(),
    )
}

fn verdict(report: &SuiteReport) -> String {
    let count = |stance| {
        let of_stance = report.findings.iter().filter(|one| one.stance == stance);
        of_stance.count()
    };
    format!(
        "Of {}, {} support the method, {} oppose it, and {} are inconclusive.",
        number::plural(report.findings.len(), "finding"),
        count(Stance::For),
        count(Stance::Against),
        count(Stance::Open),
    )
}

fn findings(report: &SuiteReport, stance: Stance) -> Vec<Block> {
    let mark = crate::study::stance(stance);
    let items: Vec<(&'static str, String)> = report
        .findings
        .iter()
        .filter(|finding| finding.stance == stance)
        .map(|finding| (mark, finding.text.clone()))
        .collect();
    if items.is_empty() {
        return Vec::new();
    }
    vec![Block::List(items)]
}

fn origin(report: &SuiteReport) -> Vec<Block> {
    vec![
        Block::Paragraph(ORIGIN.to_owned()),
        Block::Paragraph(
            "Every sentence and figure is computed from suite.json. Modules are chosen without test data; only the best subset in hindsight is not. Multiply–accumulates and parameters follow from the structures; time is not measured.".to_owned(),
        ),
        Block::Note(
            "An interval over tables and seeds is a bootstrap that draws tables, and within them the seeds of each cell, with replacement. With few tables it is too narrow. An interval of one cell is Student's over its seeds. Nothing is corrected for the number of comparisons.".to_owned(),
        ),
        Block::File {
            name: format!("The suite's file (hash of the suite {})", report.hash),
            text: report.file.clone(),
        },
    ]
}

/// The name of a model in one form.
fn form(form: ModelForm) -> &'static str {
    match form {
        ModelForm::Dense => "dense",
        ModelForm::Control => "dense, fine-tuned",
        ModelForm::Pruned(pruning) => choice(pruning),
    }
}

/// The name of a choice of modules.
fn choice(pruning: Pruning) -> &'static str {
    match pruning {
        Pruning::Ratio => "SEND at the ratio",
        Pruning::Rule => "selection rule",
        Pruning::Best => "best in hindsight",
    }
}

/// A table's name, with the horizon where there are several.
fn column(report: &SuiteReport, table: usize, horizon: usize) -> String {
    let name = &report.suite.tables[table].name;
    let columns = &report.models.columns;
    if columns.iter().all(|column| column.horizon == horizon) {
        name.clone()
    } else {
        format!("{name}, {horizon}")
    }
}

/// A percentage with its sign and two decimals.
fn percent(x: f64) -> String {
    if !x.is_finite() {
        return number::NONE.to_owned();
    }
    let x = if x.abs() < 0.005 { 0.0 } else { x };
    format!("{x:+.2}").replace('-', "−")
}
