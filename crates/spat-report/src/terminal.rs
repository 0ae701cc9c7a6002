//! The report as plain text for a terminal, at most 100 columns wide.

use spat_spec::{Change, LinearBaseline, MeanErrors, ModelResult, Plan, Report, percent_change};

use crate::{
    escape::{plain, shorten},
    names, number,
    page::{before_finetune, decision, linear_in_words, rows, selection, why},
    verdict::verdict,
};

/// Maximum line width.
const WIDE: usize = 100;

/// Width of the row labels.
const LABEL: usize = 34;

/// Maximum length of a score's bar.
const BAR: usize = 30;

/// Number of modules with a row; the others are only counted.
const MOST_MODULES: usize = 40;

/// Figures before and after as a table, then the scores with the removed modules, then the verdict. Lines
/// are at most 100 columns wide, without colours and control sequences, so the text can be written to a
/// file.
pub fn tables(report: &Report) -> String {
    let forecaster = &report.experiment.forecaster;
    let mut lines = wrapped(&format!(
        "{} on {}, {} in, {} out, {}, {}",
        forecaster.name(),
        report.data.name,
        number::plural(forecaster.lookback(), "row"),
        number::count(forecaster.horizon() as u64),
        number::plural(report.data.channels, "channel"),
        number::plural(report.data.windows.test, "test window"),
    ));
    lines.push(String::new());
    lines.extend(before_and_after(report));
    lines.push(String::new());
    lines.extend(scores(report));
    lines.extend(
        verdict(report)
            .lines()
            .iter()
            .flat_map(|line| wrapped(line)),
    );
    let mut text = lines
        .iter()
        .map(|line| line.trim_end())
        .collect::<Vec<_>>()
        .join("\n");
    text.push('\n');
    text
}

/// A row: label, then MSE, its change, MAE, parameters, MACs, step and inference time.
fn row(label: &str, cells: [&str; 7]) -> String {
    const WIDTHS: [usize; 7] = [9, 9, 9, 12, 9, 9, 9];
    let mut line = padded(label, LABEL);
    for (cell, width) in cells.into_iter().zip(WIDTHS) {
        line += &format!("{cell:>width$}");
    }
    line
}

fn before_and_after(report: &Report) -> Vec<String> {
    let dense = report.dense.test.mse;
    let model = |label: &str, result: &ModelResult, change: &str| {
        // Above a hundred million the digits would not fit.
        let params = if result.params < 100_000_000 {
            number::count(result.params)
        } else {
            number::short(result.params)
        };
        row(
            label,
            [
                &number::error(result.test.mse),
                change,
                &number::error(result.test.mae),
                &params,
                &number::short(result.macs),
                &number::millis(result.step_ms_median),
                &number::millis(result.infer_ms_median),
            ],
        )
    };
    let only_errors = |label: &str, test: MeanErrors, linear: Option<&LinearBaseline>| {
        let change = number::percent(percent_change(dense, test.mse));
        let (params, macs) = linear.map_or_else(Default::default, |linear| {
            (number::count(linear.params), number::short(linear.macs))
        });
        row(
            label,
            [
                &number::error(test.mse),
                &change,
                &number::error(test.mae),
                &params,
                &macs,
                "",
                "",
            ],
        )
    };
    let against = match report.changed_model() {
        Some(_) => "to dense",
        None => "to it",
    };
    let mut lines = vec![
        row(
            "test, scaled",
            [
                "MSE", against, "MAE", "params", "MACs", "step ms", "infer ms",
            ],
        ),
        "─".repeat(LABEL + 66),
        model(&names::dense(report), &report.dense, ""),
    ];
    if let Some(before) = before_finetune(report) {
        lines.push(only_errors("pruned, before fine-tuning", before, None));
    }
    if let Some(pruned) = report.changed_model() {
        let change = number::percent(percent_change(dense, pruned.test.mse));
        lines.push(model(names::pruned(report), pruned, &change));
        lines.push(changes(&report.change));
    }
    lines.push(String::new());
    for (name, control) in &report.controls {
        lines.push(only_errors(
            &format!("control, {}", names::control(name)),
            control.test,
            None,
        ));
    }
    for (name, metrics) in &report.baselines {
        let test = MeanErrors {
            mse: metrics.scaled.mse,
            mae: metrics.scaled.mae,
        };
        lines.push(only_errors(
            &format!("baseline, {}", names::baseline(name)),
            test,
            report.linear_baselines.get(name),
        ));
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The row of the changes in percent.
fn changes(change: &Change) -> String {
    let percents = [
        change.mse_percent,
        change.mae_percent,
        change.params_percent,
        change.macs_percent,
        change.step_time_percent,
        change.infer_time_percent,
    ]
    .map(number::percent);
    row(
        "change, pruned to dense",
        [
            &percents[0],
            "",
            &percents[1],
            &percents[2],
            &percents[3],
            &percents[4],
            &percents[5],
        ],
    )
}

fn scores(report: &Report) -> Vec<String> {
    if report.scores.is_empty() {
        return Vec::new();
    }
    let largest = report
        .scores
        .iter()
        .map(|score| score.value)
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let label = names::score_label(report.experiment.scorer);
    let mut lines = vec![format!(
        "{label} of each attention module, ± its deviation over batches"
    )];
    for score in report.scores.iter().take(MOST_MODULES) {
        let share = if largest > 0.0 {
            score.value / largest
        } else {
            0.0
        };
        let figure = number::with_spread(score.value, score.spread);
        let line = format!(
            "{}{} {figure:>20}  {}",
            padded(score.module.as_str(), 30),
            padded(&bar(share), BAR + 1),
            decision(&report.plan, score)
        );
        lines.push(shorten(&line, WIDE));
    }
    if report.scores.len() > MOST_MODULES {
        lines.push(format!("… and {} more", report.scores.len() - MOST_MODULES));
    }
    lines.extend(wrapped(&why(&report.plan)));
    lines.push(String::new());
    lines.extend(candidates(&report.plan));
    lines
}

/// The candidates of a selection, if there was one.
fn candidates(plan: &Plan) -> Vec<String> {
    let Some(search) = selection(plan) else {
        return Vec::new();
    };
    let row = |removed: &str, [mse, difference, macs, note]: [&str; 4]| {
        let removed = padded(removed, LABEL);
        format!("{removed}{mse:>9}{difference:>22}{macs:>10}  {note}")
    };
    let mut lines = vec![row(
        "validation, removed modules",
        ["MSE", "above lowest ± error", "MACs", ""],
    )];
    for candidate in rows(plan, search) {
        lines.push(row(
            &candidate.removed,
            [
                &candidate.mse,
                &candidate.difference,
                &candidate.macs,
                candidate.note,
            ],
        ));
    }
    if let Some(words) = linear_in_words(search) {
        lines.extend(wrapped(&words));
    }
    lines.push(String::new());
    lines
}

/// A bar of block characters, in eighths of a column.
fn bar(share: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (BAR * 8) as f64).round() as usize;
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

/// Text cut or padded to a width in columns.
fn padded(text: &str, width: usize) -> String {
    let mut line = String::new();
    let mut used = 0;
    for c in plain(text).chars() {
        let columns = columns(c);
        if used + columns > width - 1 {
            line.push('…');
            used += 1;
            break;
        }
        line.push(c);
        used += columns;
    }
    line + &" ".repeat(width.saturating_sub(used))
}

/// Wraps words to the terminal's width; a longer word is cut.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in plain(text).split_whitespace() {
        let width: usize = word.chars().map(columns).sum();
        let word = if width > WIDE {
            padded(word, WIDE).trim_end().to_owned()
        } else {
            word.to_owned()
        };
        let width = width.min(WIDE);
        if used > 0 && used + 1 + width > WIDE {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&word);
            used += width;
        }
    }
    lines
}

/// Columns of a character: East Asian wide characters and emoji take two.
fn columns(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_counted_in_columns() {
        assert_eq!(padded("温度", 8), "温度    ");
        assert_eq!(padded("温度温度温度", 8), "温度温… ".to_owned());
        assert_eq!(bar(1.0).chars().count(), BAR);
        assert_eq!(bar(0.5), "█".repeat(15));
        assert!(
            wrapped(&"word ".repeat(100))
                .iter()
                .all(|line| line.chars().count() <= WIDE)
        );
    }
}
