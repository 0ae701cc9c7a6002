//! Suites: the same comparison over many tables, models and horizons.
//!
//! A [`Suite`] lists its cells. [`conduct_suite`] requests the tasks of all cells together, step by step: first what
//! depends on no result (trainings, every subset of few modules, scores), then what the choices need, then forecasts
//! of other tables. The report is computed from the results at the end, so a suite that is killed and restarted ends
//! with the same report.

mod cell;
mod changes;
mod estimate;
mod findings;
mod findings_compared;
#[cfg(test)]
mod fixture;
mod methods;
mod models;
mod rule;
mod selection;
mod work;
mod zero_shot;

use std::collections::BTreeMap;

use spat_series::{Part, Series};
use spat_spec::{
    CellReport, DataConfig, MissingCell, RankingMethodName, Suite, SuiteReport, SuiteTableFacts,
    ZeroShotPair,
};

use crate::conduct::{StudyEnvironment, write_views};
use crate::datasets::TableSource;
use crate::error::StudyError;
use crate::executor::{Executor, StudyEvent};
use crate::item::WorkItem;
use crate::runner::Runner;
use cell::Cell;

pub use work::SuiteWork;

/// Carries out a suite on its tables, which are in the order of [`Suite::tables`]. `file` is the text of the suite's
/// file, for the report. Resumes from the content of the folder. When it returns, `suite.json`, the page
/// and its Markdown are in the folder.
///
/// A cell whose computation fails is reported as missing.
///
/// # Errors
/// [`StudyError::Stopped`] after a stop; an invalid suite; results that cannot be stored.
pub fn conduct_suite(
    suite: &Suite,
    tables: Vec<Series>,
    file: &str,
    environment: &StudyEnvironment<'_>,
) -> Result<SuiteReport, StudyError> {
    suite.check()?;
    if tables.len() != suite.tables.len() {
        return Err(StudyError::Mismatch(format!(
            "the suite names {} tables, but {} are given",
            suite.tables.len(),
            tables.len()
        )));
    }
    let facts = suite.tables.iter().zip(&tables);
    let facts: Vec<SuiteTableFacts> = facts
        .map(|(table, series)| table_facts(&table.data, series))
        .collect();
    let tables = Tables {
        suite,
        series: tables,
    };
    let executor = environment.executor(&tables)?;
    let cells: Vec<Cell<'_>> = (0..suite.cells.len())
        .map(|index| {
            let table = &suite.tables[suite.cells[index].table];
            let runner = Runner {
                executor: &executor,
                data: table.data.clone(),
            };
            Cell::new(suite, index, runner)
        })
        .collect();
    let mut progress = Progress {
        executor: &executor,
        cells: &cells,
        failed: BTreeMap::new(),
    };
    let part = |name: &str| (environment.on_event)(StudyEvent::Part(name.to_owned()));
    part("trainings, subsets and scores");
    progress.ask(|cell| Ok(cell.first_items()))?;
    part("choices of modules");
    while progress.ask(Cell::further_items)? {}
    if !suite.zero_shot.is_empty() {
        part("tables never seen");
        progress.ask(|cell| {
            let mut items = Vec::new();
            for pair in pairs_of(suite, cell) {
                items.extend(zero_shot::items(suite, cell, pair)?);
            }
            Ok(items)
        })?;
    }
    part("report");
    let report = report(suite, facts, file, progress, &environment.command)?;
    if let Some(folder) = environment.folder {
        let page = spat_report::suite_html(&report);
        let text = spat_report::suite_markdown(&report);
        write_views(folder, "suite", &report, &page, &text)?;
    }
    Ok(report)
}

/// The pairs whose models a cell has.
fn pairs_of<'a>(suite: &'a Suite, cell: &'a Cell<'_>) -> impl Iterator<Item = ZeroShotPair> + 'a {
    let pairs = suite.zero_shot.iter().copied();
    pairs.filter(|pair| pair.from == cell.of.table)
}

/// The tables in memory.
struct Tables<'a> {
    suite: &'a Suite,
    series: Vec<Series>,
}

impl TableSource for Tables<'_> {
    fn series(&self, sha256: &str, data: &DataConfig) -> Result<Series, StudyError> {
        let mut tables = self.suite.tables.iter().zip(&self.series);
        // The split is not applied yet, so tables that only differ in it are the same.
        let found = tables.find(|(table, _)| {
            table.facts.sha256 == sha256
                && table.data.read == data.read
                && table.data.series == data.series
        });
        let (_, series) = found.ok_or_else(|| {
            StudyError::Mismatch(format!("the suite does not read table {sha256} so"))
        })?;
        Ok(series.clone())
    }
}

fn table_facts(data: &DataConfig, series: &Series) -> SuiteTableFacts {
    let used = data.split.ranges(series.rows());
    SuiteTableFacts {
        rows: series.rows(),
        used_rows: used.map_or(0, |split| split.part(Part::Test).end),
        channels: series.channel_count(),
        frequency: series.index.step_name(),
    }
}

/// The cells that have not failed yet.
struct Progress<'a> {
    executor: &'a Executor<'a>,
    cells: &'a [Cell<'a>],
    /// The reason, by the cell's index.
    failed: BTreeMap<usize, String>,
}

impl<'a> Progress<'a> {
    /// Requests the items of all cells together. If one fails, each cell is tried by itself, so that the failure is
    /// that of its cell only. Returns whether there were any items.
    fn ask(
        &mut self,
        items: impl Fn(&Cell<'a>) -> Result<Vec<WorkItem>, StudyError>,
    ) -> Result<bool, StudyError> {
        let mut wanted: Vec<(usize, Vec<WorkItem>)> = Vec::new();
        for cell in self.cells {
            if self.failed.contains_key(&cell.index) {
                continue;
            }
            match items(cell) {
                Ok(items) if items.is_empty() => {}
                Ok(items) => wanted.push((cell.index, items)),
                Err(error) => self.fail(cell.index, error)?,
            }
        }
        let all: Vec<WorkItem> = wanted
            .iter()
            .flat_map(|(_, items)| items.iter().cloned())
            .collect();
        match self.executor.ask(&all) {
            Ok(_) => {}
            Err(error) if is_of_cell(&error) => {
                for (index, items) in &wanted {
                    if let Err(error) = self.executor.ask(items) {
                        self.fail(*index, error)?;
                    }
                }
            }
            Err(error) => return Err(error),
        }
        Ok(!wanted.is_empty())
    }

    /// Takes a cell out, or returns an error that is not the cell's own.
    fn fail(&mut self, index: usize, error: StudyError) -> Result<(), StudyError> {
        if !is_of_cell(&error) {
            return Err(error);
        }
        self.failed.insert(index, error.to_string());
        Ok(())
    }
}

/// Whether an error is that of a cell. A stop, a full disk or a damaged file would affect every cell.
fn is_of_cell(error: &StudyError) -> bool {
    matches!(
        error,
        StudyError::Task { .. }
            | StudyError::Table { .. }
            | StudyError::Structure(_)
            | StudyError::Plan(_)
    )
}

/// Computes the report from stored results.
fn report(
    suite: &Suite,
    tables: Vec<SuiteTableFacts>,
    file: &str,
    mut progress: Progress<'_>,
    command: &str,
) -> Result<SuiteReport, StudyError> {
    let mut cells: Vec<CellReport> = Vec::new();
    let mut names: Vec<RankingMethodName> = Vec::new();
    for cell in progress.cells {
        if progress.failed.contains_key(&cell.index) {
            continue;
        }
        match cell.report() {
            Ok(report) => cells.push(report),
            Err(error) => progress.fail(cell.index, error)?,
        }
        for name in cell.method_names() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut zero_shot = Vec::new();
    for pair in &suite.zero_shot {
        let has_result = |index: usize| cells.iter().any(|report| report.cell == index);
        for cell in progress.cells {
            if cell.of.table == pair.from && has_result(cell.index) {
                zero_shot.push(zero_shot::result(suite, cell, *pair, &cells)?);
            }
        }
    }
    let failed = progress.failed.into_iter().map(|(index, reason)| {
        let cell = &suite.cells[index];
        MissingCell {
            table: cell.table,
            model: cell.model,
            horizon: cell.forecaster.horizon(),
            reason,
        }
    });
    let missing = suite.missing.iter().cloned().chain(failed).collect();
    let mut report = SuiteReport {
        command: command.to_owned(),
        file: file.to_owned(),
        tables,
        zero_shot,
        missing,
        ..summarised(suite, &names, cells)
    };
    report.findings = findings::findings(&report);
    Ok(report)
}

/// The summaries of the cells.
fn summarised(suite: &Suite, names: &[RankingMethodName], cells: Vec<CellReport>) -> SuiteReport {
    SuiteReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: String::new(),
        hash: suite.hash(),
        file: String::new(),
        suite: suite.clone(),
        tables: Vec::new(),
        findings: Vec::new(),
        changes: changes::changes(suite, &cells),
        rule: rule::rule(suite, &cells),
        methods: methods::methods(suite, names, &cells),
        models: models::compare(suite, &cells),
        zero_shot: Vec::new(),
        missing: Vec::new(),
        cells,
    }
}
