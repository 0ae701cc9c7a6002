//! What surrounds the rows of a table: comments, a preamble, several lines of names, units, a
//! footer.

use std::collections::HashSet;

use crate::{
    error::shorten,
    header::{self, Kind},
    number::{is_marker, is_number, is_quantity, is_unit},
    reshape,
    sample::Sample,
    time::{forms, titles},
};

/// Prefixes of comment lines.
const COMMENTS: [&str; 4] = ["#", "//", "%", "!"];
/// Lines of names that are looked for.
const MOST_HEADER_ROWS: usize = 6;
/// Words in the first cell of a row of totals.
const TOTALS: [&str; 24] = [
    "total",
    "totals",
    "grand total",
    "sum",
    "mean",
    "average",
    "avg",
    "min",
    "max",
    "minimum",
    "maximum",
    "summe",
    "gesamt",
    "mittelwert",
    "durchschnitt",
    "insgesamt",
    "somme",
    "moyenne",
    "suma",
    "media",
    "totale",
    "totaal",
    "razem",
    "sum total",
];

/// The prefix of comment lines of `text`, and the last one at the top, which may hold the names.
pub(crate) fn comments(text: &str) -> Option<(&'static str, &str)> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?;
    let prefix = COMMENTS
        .into_iter()
        .find(|prefix| first.starts_with(prefix))?;
    // A column called "#" counts rows.
    let rest = &first[prefix.len()..];
    if prefix == "#" && rest.trim_start().starts_with([',', ';', '\t', '|']) {
        return None;
    }
    let mut last = first;
    for line in lines.by_ref().take(1000) {
        if !line.starts_with(prefix) {
            return Some((prefix, last[prefix.len()..].trim_start_matches(['#', ' '])));
        }
        last = line;
    }
    None
}

/// `text` with one tab in place of each run of at least `least` blanks or tabs.
pub(crate) fn aligned(text: &str, least: usize) -> String {
    let mut result = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            result.push('\n');
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (mut run, mut quoted) = (0, false);
        for c in line.trim().chars() {
            quoted ^= c == '"';
            if (c == ' ' || c == '\t') && !quoted {
                run += if c == '\t' { least } else { 1 };
                continue;
            }
            match run {
                0 => {}
                run if run >= least => result.push('\t'),
                run => result.extend(std::iter::repeat_n(' ', run)),
            }
            run = 0;
            result.push(c);
        }
    }
    result
}

/// The most frequent number of cells of a record, the larger of two equally frequent.
fn usual_width(sample: &Sample) -> usize {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for record in &sample.records {
        *counts.entry(record.len()).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by_key(|&(width, count)| (count, width));
    most.map_or(0, |(width, _)| width)
}

fn filled(record: &[String]) -> usize {
    record.iter().filter(|cell| !cell.is_empty()).count()
}

/// Whether a row looks like one that follows the data: a remark or a row of totals.
pub(crate) fn is_footer(cells: &[&str], columns: usize) -> bool {
    let mut texts = cells
        .iter()
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty());
    let Some(first) = texts.next() else {
        return true;
    };
    let words = first.to_lowercase();
    let words = words.trim_end_matches([':', '.', ' ']);
    if TOTALS.contains(&words) {
        return true;
    }
    let others = texts.count();
    let words = first.chars().filter(|c| c.is_alphabetic()).count() > 3;
    let remark = first.starts_with(['#', '*', '/', '(', '['])
        || (words && (columns > 1 || first.contains(' ')));
    let few = others == 0 || (cells.len() != columns && (others + 1) * 2 <= columns);
    few && remark
        && !is_quantity(first, false)
        && !is_quantity(first, true)
        && !forms::is_evident(first)
}

/// Removes lines that are not data from a sample that reaches to the end of its file.
pub(crate) fn without_footer(sample: &mut Sample) {
    let columns = usual_width(sample);
    while sample.records.len() > 2
        && let Some(last) = sample.records.last()
        && is_footer(
            &last.iter().map(String::as_str).collect::<Vec<_>>(),
            columns,
        )
    {
        sample.records.pop();
    }
}

/// Records above the header or the first row that belong to neither.
pub(crate) fn preamble(sample: &Sample, decimal_comma: bool) -> usize {
    let columns = usual_width(sample);
    let is_row = |record: &Vec<String>| record.len() == columns && filled(record) >= columns.min(2);
    let Some(first) = sample
        .records
        .iter()
        .position(is_row)
        .filter(|&first| first > 0)
    else {
        return 0;
    };
    let above = &sample.records[..first];
    if columns < 2 || above.iter().any(|record| record.len() > columns) {
        return 0;
    }
    let mut rest = Sample::clone(sample);
    rest.drop_first(first);
    let remark = |record: &Vec<String>| {
        filled(record) == 1
            && record
                .iter()
                .any(|cell| cell.chars().any(char::is_alphabetic) && !forms::is_evident(cell))
    };
    let (named, _) = header::find(&rest, decimal_comma, crate::options::HeaderRow::Auto);
    let data_follows = rest.records.len() > 1;
    if (named && data_follows) || above.iter().all(remark) {
        first
    } else {
        0
    }
}

/// Whether the first record lacks the name of the first column, as tables with named rows have it.
pub(crate) fn lacks_first_name(sample: &Sample, decimal_comma: bool) -> bool {
    let columns = usual_width(sample);
    let given = &sample.records[0];
    if columns < 2 || given.len() + 1 != columns || sample.records.len() < 2 {
        return false;
    }
    // A delimiter at the end of every row is not a column.
    if sample.column(columns - 1, 1).all(str::is_empty) {
        return false;
    }
    let distinct: HashSet<&String> = given.iter().collect();
    let named = given
        .iter()
        .all(|cell| !cell.is_empty() && !is_number(cell, decimal_comma));
    let first: Vec<&str> = sample.column(0, 1).collect();
    let counted = |start: usize| {
        let mut counts = first.iter().enumerate();
        counts.all(|(row, cell)| cell.parse() == Ok(row + start))
    };
    let labels = first.iter().all(|cell| !is_quantity(cell, decimal_comma));
    named && distinct.len() == given.len() && (labels || counted(0) || counted(1))
}

/// The names and units in the lines at the top of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Head {
    /// Records above the first row.
    pub(crate) rows: usize,
    /// A name per column, as far as the lines give one.
    pub(crate) names: Vec<String>,
    /// A unit per column, where a line holds units.
    pub(crate) units: Vec<String>,
    /// Sentences about lines that were joined or skipped.
    pub(crate) notes: Vec<String>,
}

/// The names at the top of `sample`, whose first record is known to hold names.
pub(crate) fn head(sample: &Sample, decimal_comma: bool, asked: Option<usize>) -> Head {
    let rows = asked.unwrap_or_else(|| header_rows(sample, decimal_comma));
    let rows = rows.clamp(1, sample.records.len());
    let columns = sample.columns();
    let mut head = Head {
        rows,
        names: sample.records[0].clone(),
        ..Head::default()
    };
    if rows == 1 {
        return head;
    }
    let mut levels: Vec<&Vec<String>> = vec![&sample.records[0]];
    let mut index_name = None;
    for (number, record) in sample.records[..rows].iter().enumerate().skip(1) {
        let line = sample.line(number);
        if is_units(record) {
            head.units.clone_from(record);
            head.units.resize(columns, String::new());
            head.notes.push(format!(
                "Line {line} holds units ({}) and was skipped.",
                list(record)
            ));
        } else if filled(record) == 1 && !record[0].is_empty() {
            index_name = Some(record[0].clone());
        } else if is_types(record) {
            head.notes.push(format!(
                "Line {line} holds types ({}) and was skipped.",
                list(record)
            ));
        } else {
            levels.push(record);
        }
    }
    if index_name.is_some() && levels.len() > 1 {
        // Where a line of its own names the first column, lines with one text for all others name
        // nothing.
        let names_nothing = |record: &Vec<String>| {
            let cells: HashSet<&String> = record.iter().skip(1).filter(|c| !c.is_empty()).collect();
            cells.len() == 1 && record.len() > 2
        };
        let naming: Vec<&Vec<String>> = levels
            .iter()
            .copied()
            .filter(|r| !names_nothing(r))
            .collect();
        if !naming.is_empty() {
            levels = naming;
        }
    }
    head.names = joined(&levels, columns);
    if let Some(name) = index_name {
        head.names[0] = name;
    }
    if levels.len() > 1 {
        let count = levels.len();
        head.notes.push(format!(
            "Names are joined of {count} lines, for example {:?}.",
            shorten(head.names.last().map_or("", String::as_str))
        ));
    } else if rows > 1 && head.notes.is_empty() {
        head.notes.push(format!("The names take {rows} lines."));
    }
    head
}

/// The names of several lines, the upper ones repeated to the right over blank cells.
fn joined(levels: &[&Vec<String>], columns: usize) -> Vec<String> {
    let mut names = vec![String::new(); columns];
    for (level, record) in levels.iter().enumerate() {
        let last = level + 1 == levels.len();
        let mut before = "";
        for (column, name) in names.iter_mut().enumerate() {
            let cell = record.get(column).map_or("", String::as_str);
            let below = levels[levels.len() - 1]
                .get(column)
                .is_some_and(|cell| !cell.is_empty());
            let cell = if cell.is_empty() && !last && column > 1 && below {
                before
            } else {
                cell
            };
            before = cell;
            if !cell.is_empty() && !name.ends_with(cell) {
                if !name.is_empty() {
                    name.push(' ');
                }
                *name += cell;
            }
        }
    }
    names
}

/// Records at the top that are unlike the rows below them.
fn header_rows(sample: &Sample, decimal_comma: bool) -> usize {
    let last = sample.records.len().saturating_sub(1).min(MOST_HEADER_ROWS);
    let more = (1..last).take_while(|&row| {
        let (mut fits, mut differs) = (0, 0);
        for (column, cell) in sample.records[row].iter().enumerate() {
            if is_marker(cell) {
                continue;
            }
            let below = Kind::of(sample.column(column, row + 1), decimal_comma);
            match below {
                Kind::Numbers if is_quantity(cell, decimal_comma) => fits += 1,
                Kind::Times if forms::is_evident(cell) || is_number(cell, decimal_comma) => {
                    fits += 1;
                }
                Kind::Numbers | Kind::Times => differs += 1,
                Kind::Other => {}
            }
        }
        fits == 0 && differs > 0
    });
    1 + more.count()
}

/// Another layout that the names suggest, as a sentence.
pub(crate) fn suspicion(names: &[String]) -> Option<String> {
    let times = reshape::time_names(names);
    if times.len() > 1 {
        return Some(format!(
            "the names of {} columns are times ({} to {}): this table lies on its side (--transpose).",
            times.len(),
            names[times[0]],
            names[times[times.len() - 1]],
        ));
    }
    let months = reshape::month_names(names);
    let (first, _) = months.first()?;
    (*first > 0).then(|| {
        let what = if months.len() == 12 {
            "months"
        } else {
            "quarters"
        };
        format!(
            "{} columns are {what}: this table is one series (--months-across).",
            months.len()
        )
    })
}

fn list(record: &[String]) -> String {
    let cells: Vec<String> = record
        .iter()
        .filter(|cell| !cell.is_empty())
        .cloned()
        .collect();
    crate::error::some(&cells)
}

/// Whether most cells of a record are units.
fn is_units(record: &[String]) -> bool {
    let cells: Vec<&String> = record.iter().filter(|cell| !cell.is_empty()).collect();
    let unit = |cell: &&&String| is_unit(cell) || is_pattern(cell) || is_marker(cell);
    let units = cells.iter().filter(unit).count();
    let real = cells.iter().any(|cell| is_unit(cell));
    real && units * 10 >= cells.len() * 6
}

/// Whether a cell describes how times are written, as in `yyyy-mm-dd` or `UTC`.
fn is_pattern(cell: &str) -> bool {
    let letters = |c: char| "ymdhsYMDHST-/.: ".contains(c);
    (cell.len() > 3 && cell.chars().all(letters)) || cell == "UTC" || titles::is_time(cell)
}

/// Whether a record names the types of its columns.
fn is_types(record: &[String]) -> bool {
    const TYPES: [&str; 14] = [
        "int", "int32", "int64", "integer", "float", "float32", "float64", "double", "string",
        "str", "object", "datetime", "date", "number",
    ];
    let width = |cell: &str| {
        let digits = cell.trim_end_matches(['s', 'n', 'd']);
        digits.len() + 1 == cell.len()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.is_empty()
    };
    let is_type = |cell: &String| {
        width(cell)
            || TYPES.contains(&cell.to_lowercase().as_str())
            || cell.starts_with("datetime64")
    };
    let mut cells = record.iter().filter(|cell| !cell.is_empty()).peekable();
    cells.peek().is_some() && cells.all(is_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_known_by_their_beginning() {
        assert_eq!(
            comments("# made by\n# date,y\n1,2\n"),
            Some(("#", "date,y"))
        );
        assert_eq!(comments("#,a\n1,2\n"), None);
        assert_eq!(comments("a,b\n# x\n"), None);
        assert_eq!(comments("# only\n# comments\n"), None);
    }

    #[test]
    fn runs_of_blanks_are_one_delimiter() {
        assert_eq!(aligned("a   b c\r\n 1  2   3", 1), "a\tb\tc\n1\t2\t3");
        assert_eq!(aligned("a b   c", 2), "a b\tc");
        assert_eq!(aligned("\"a b\"  c", 1), "\"a b\"\tc");
    }

    #[test]
    fn rows_behind_the_data() {
        for cells in [
            &["Source: Agency"][..],
            &["Total", "5"],
            &["Summe:", "", "3"],
            &["", ""],
        ] {
            assert!(is_footer(cells, 3), "{cells:?}");
        }
        for cells in [
            &["1"][..],
            &["2020-01-0"],
            &["2020-01-05", "", ""],
            &["x", "1", "2"],
            &["1", "2", "3"],
        ] {
            assert!(!is_footer(cells, 3), "{cells:?}");
        }
    }
}
