//! The cost of the dense and the pruned model.

use spat_spec::{LinearBaseline, ModelResult, Report, percent_change};

use crate::{names, number, table::Table};

/// Parameters, MACs and times of both models and their changes; of the one model if nothing was removed. The
/// linear baselines have columns of their own, without times.
pub fn costs(report: &Report) -> Table {
    let pruned = report.changed_model();
    let mut columns = vec![String::new(), names::dense(report)];
    if pruned.is_some() {
        columns.extend(["pruned".to_owned(), "change".to_owned()]);
    }
    columns.extend(
        report
            .linear_baselines
            .keys()
            .map(|name| names::baseline(name)),
    );
    let mut table = Table::new("Cost", columns);
    let mut row = |name: &str,
                   of: fn(&ModelResult) -> f64,
                   of_linear: Option<fn(&LinearBaseline) -> f64>,
                   text: fn(f64) -> String| {
        let dense = of(&report.dense);
        let mut cells = vec![name.to_owned(), text(dense)];
        if let Some(pruned) = pruned.map(of) {
            cells.push(text(pruned));
            cells.push(number::percent(percent_change(dense, pruned)));
        }
        let linear = report.linear_baselines.values();
        cells.extend(linear.map(|linear| {
            of_linear.map_or_else(|| number::NONE.to_owned(), |of| text(of(linear)))
        }));
        table.row(cells);
    };
    let count = |value: f64| number::count(value as u64);
    row(
        "parameters",
        |model| model.params as f64,
        Some(|linear| linear.params as f64),
        count,
    );
    row(
        "MACs per window",
        |model| model.macs as f64,
        Some(|linear| linear.macs as f64),
        count,
    );
    row(
        "training step, ms, median",
        |model| model.step_ms_median,
        None,
        number::millis,
    );
    row(
        "inference per batch, ms, median",
        |model| model.infer_ms_median,
        None,
        number::millis,
    );
    table
}
