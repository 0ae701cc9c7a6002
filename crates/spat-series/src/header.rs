//! Detection of a header line, and names of columns.

use std::collections::HashSet;

use crate::{
    detection::RenamedColumn,
    error::shorten,
    number::{is_marker, is_number, is_quantity},
    options::HeaderRow,
    sample::Sample,
    time::{forms::is_evident, titles},
};

/// Whether the first record is a header, and why.
pub(crate) fn find(sample: &Sample, decimal_comma: bool, asked: HeaderRow) -> (bool, String) {
    match asked {
        HeaderRow::Present => return (true, "as requested".to_owned()),
        HeaderRow::Absent => return (false, "as requested".to_owned()),
        HeaderRow::Auto => {}
    }
    let first = &sample.records[0];
    if sample.records.len() == 1 {
        // Without a second line: names, unless there is a number.
        let data = first.iter().any(|cell| is_number(cell, decimal_comma));
        let why = if data {
            "the only line holds numbers"
        } else {
            "the only line holds no number"
        };
        return (!data, why.to_owned());
    }
    let mut named = None;
    let mut numbers = 0;
    for (column, cell) in first.iter().enumerate() {
        if !cell.is_empty() && titles::is_time(cell) {
            return (true, format!("{:?} is a name for times", shorten(cell)));
        }
        let below = Kind::of(sample.column(column, 1), decimal_comma);
        let fits = match below {
            Kind::Numbers => is_quantity(cell, decimal_comma),
            Kind::Times => is_evident(cell),
            Kind::Other => continue,
        };
        if is_marker(cell) {
            continue;
        }
        numbers += usize::from(fits);
        if !fits {
            named = named.or(Some((column, cell, below)));
        }
    }
    if let Some((column, cell, below)) = named {
        let what = if below == Kind::Numbers {
            "numbers"
        } else {
            "times"
        };
        let cell = shorten(cell);
        return (
            true,
            format!("{cell:?} is above {what} in column {}", column + 1),
        );
    }
    if are_years(sample) {
        return (true, "its numbers are years in a row".to_owned());
    }
    if numbers == 0 {
        return (true, "no column of numbers contradicts it".to_owned());
    }
    if are_identifiers(sample, decimal_comma) {
        let why = "its whole numbers are all different and of another kind than those below";
        return (true, why.to_owned());
    }
    (
        false,
        "the first line holds numbers and times like those below it".to_owned(),
    )
}

/// What most cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Numbers,
    Times,
    Other,
}

impl Kind {
    pub(crate) fn of<'a>(cells: impl Iterator<Item = &'a str>, decimal_comma: bool) -> Self {
        let (mut numbers, mut timestamps, mut all) = (0, 0, 0);
        for cell in cells.filter(|cell| !is_marker(cell)) {
            all += 1;
            if is_quantity(cell, decimal_comma) {
                numbers += 1;
            } else if is_evident(cell) {
                timestamps += 1;
            }
        }
        match all {
            0 => Self::Other,
            _ if numbers * 2 > all => Self::Numbers,
            _ if timestamps * 2 > all => Self::Times,
            _ => Self::Other,
        }
    }
}

/// Whether the first line ends with years that follow each other, unlike the lines below it.
fn are_years(sample: &Sample) -> bool {
    let year = |cell: &String| {
        cell.parse::<i64>()
            .ok()
            .filter(|year| (1000..3000).contains(year))
    };
    let years = |record: &[String]| -> Vec<i64> {
        let mut years: Vec<i64> = record.iter().rev().map_while(year).collect();
        years.reverse();
        years
    };
    let first = years(&sample.records[0]);
    let steps = |years: &[i64]| years.windows(2).all(|pair| pair[1] - pair[0] == 1);
    first.len() > 1
        && first.len() < sample.columns()
        && steps(&first)
        && sample
            .records
            .iter()
            .skip(1)
            .all(|record| years(record).len() < first.len())
}

/// Whether the first line consists of identifiers such as sensor numbers: different whole numbers
/// above columns that hold decimals, and either counting up from 0 or 1, or far outside what the
/// columns hold.
fn are_identifiers(sample: &Sample, decimal_comma: bool) -> bool {
    let mut seen = HashSet::new();
    let (mut columns, mut with_decimals, mut outside) = (0_u64, 0, 0);
    let mut counts_up = true;
    let mut start = None;
    for (column, cell) in sample.records[0].iter().enumerate() {
        if is_marker(cell) || Kind::of(sample.column(column, 1), decimal_comma) != Kind::Numbers {
            continue;
        }
        let Ok(id) = cell.parse::<u64>() else {
            return false;
        };
        if !seen.insert(id) {
            return false;
        }
        let first = *start.get_or_insert(id);
        counts_up &= first <= 1 && id == first + columns;
        columns += 1;
        with_decimals += u64::from(sample.column(column, 1).any(|c| c.contains(['.', ','])));
        let size = |c: &str| c.replace(',', ".").parse().map_or(0.0, f64::abs);
        let largest = sample.column(column, 1).map(size).fold(0.0, f64::max);
        outside += u64::from(id as f64 > 10.0 * largest.max(1.0));
    }
    columns >= 2
        && ((counts_up && with_decimals * 2 > columns)
            || (outside * 10 >= columns * 9 && with_decimals * 2 >= columns))
}

/// The names of `columns` columns without a header.
pub(crate) fn numbered(columns: usize) -> Vec<String> {
    (1..=columns).map(|column| format!("ch{column}")).collect()
}

/// One name per column, each different and none empty, and what was renamed.
pub(crate) fn names(given: &[String]) -> (Vec<String>, Vec<RenamedColumn>) {
    let columns = given.len();
    let mut renamed = Vec::new();
    let mut taken: HashSet<String> = HashSet::with_capacity(columns);
    // Distinct names are kept, even after a repeated one: "a, a, a_2" has one "a_2".
    let reserved: HashSet<&str> = given.iter().map(String::as_str).collect();
    let mut names = Vec::with_capacity(columns);
    for (column, from) in given.iter().enumerate() {
        let mut name = from.clone();
        if name.is_empty() || taken.contains(&name) {
            let stem = if name.is_empty() {
                format!("column {}", column + 1)
            } else {
                name
            };
            name = stem.clone();
            let mut number = 2;
            while taken.contains(&name) || reserved.contains(name.as_str()) {
                // Starting at the column's number ends the search at once if many share a name.
                name = if number > 9 {
                    format!("{stem}_{}_{number}", column + 1)
                } else {
                    format!("{stem}_{number}")
                };
                number += 1;
            }
            renamed.push(RenamedColumn {
                column: column + 1,
                from: from.clone(),
                to: name.clone(),
            });
        }
        taken.insert(name.clone());
        names.push(name);
    }
    (names, renamed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::options::ReadOptions;

    fn sample(text: &str) -> Sample {
        Sample::take(
            &crate::records::Lines::new(text),
            b',',
            200,
            &ReadOptions::default(),
        )
        .unwrap()
    }

    #[test]
    fn headers() {
        let table = [
            ("date,a\n2020-01-01,1\n", true),
            ("2020-01-01,1\n2020-01-02,2\n", false),
            ("0.7855,1.611\n0.7818,1.610\n", false),
            ("773869,767541\n64.375,67.6\n62.6,68.5\n", true),
            ("0,1,2\n0.5,1.5,2.5\n", true),
            ("0,1,2\n1,2,3\n2,3,4\n", false),
            ("5,3,9\n4,2,8\n", false),
            ("1,100\n2,90.5\n3,80.5\n", false),
            ("date,2019,2020\n01-02,1,2\n", true),
            (",a,b\n0,1,2\n1,3,4\n", true),
            ("name,word\nx,y\n", true),
            ("a,b\n", true),
            ("1,2\n", false),
        ];
        for (text, expected) in table {
            let (found, why) = find(&sample(text), false, HeaderRow::Auto);
            assert_eq!(found, expected, "{text:?}: {why}");
        }
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let (names, renamed) = names(&sample("a,,a,a_2,a,\n1,2,3,4,5,6\n").records[0]);
        assert_eq!(names, ["a", "column 2", "a_3", "a_2", "a_4", "column 6"]);
        assert_eq!(renamed.len(), 4);
        assert_eq!(renamed[1].from, "a");
    }

    #[test]
    fn many_equal_names() {
        let line = "a,".repeat(5000) + "a\n";
        let (names, _) = names(&sample(&(line + "1\n")).records[0]);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 5001);
    }
}
