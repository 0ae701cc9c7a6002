//! Reshaping of tables that do not have a row per time.

use std::collections::HashMap;

use crate::{
    container::Grid,
    error::{ReadError, shorten_list},
    number::is_marker,
    options::{LongColumns, ReadOptions},
    records::{Lines, Records},
    time::{forms, month_of_name},
};

/// The name of the only channel of a reshaped table.
const VALUE: &str = "value";

/// Series × times that any table in long format may have.
const MOST_PIVOTED: usize = 1 << 20;

/// How many times its rows a larger one may have.
const MOST_GROWTH: usize = 64;

/// A table as its cells, trimmed.
pub(crate) struct Cells {
    /// The names above the columns.
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Cells {
    /// All cells of a text; the first `skip` records are above the names.
    pub(crate) fn read(
        lines: &Lines<'_>,
        delimiter: u8,
        skip: usize,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let mut records = Records::new(lines, delimiter, options.max_line_bytes);
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut number = 0;
        while let Some(record) = records.next()? {
            if record.is_blank() && rows.is_empty() {
                continue;
            }
            number += 1;
            if number > skip && !record.is_blank() {
                rows.push(
                    record
                        .to_vec()
                        .iter()
                        .map(|cell| cell.trim().to_owned())
                        .collect(),
                );
            }
        }
        if rows.len() < 2 {
            return Err(ReadError::NoRows {
                columns: rows.first().map_or(0, Vec::len),
            });
        }
        let names = rows.remove(0);
        Ok(Self { names, rows })
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        self.rows[row].get(column).map_or("", String::as_str)
    }

    /// Rows and columns exchanged: the names above the columns become times, and the cells before
    /// them the names.
    ///
    /// # Errors
    /// When there is a single column.
    pub(crate) fn transposed(&self) -> Result<String, ReadError> {
        if self.names.len() < 2 {
            return Err(ReadError::NoRows {
                columns: self.rows.len(),
            });
        }
        let times = time_names(&self.names);
        let times = if times.len() > 1 {
            times
        } else {
            (1..self.names.len()).collect()
        };
        let labels: Vec<usize> = (0..times[0]).collect();
        let mut grid = Grid::default();
        grid.cell("time");
        for row in 0..self.rows.len() {
            grid.cell(&self.label(row, &labels));
        }
        grid.end_row();
        for &column in &times {
            grid.cell(&self.names[column]);
            for row in 0..self.rows.len() {
                grid.cell(self.cell(row, column));
            }
            grid.end_row();
        }
        Ok(grid.into_text())
    }

    /// The first of the cells `labels` of a row that differs from those of all others, or all of them.
    fn label(&self, row: usize, labels: &[usize]) -> String {
        let differs = |column: usize| {
            let mut seen = std::collections::HashSet::new();
            (0..self.rows.len()).all(|row| seen.insert(self.cell(row, column)))
        };
        match labels.iter().find(|&&column| differs(column)) {
            Some(&column) => self.cell(row, column).to_owned(),
            None => labels
                .iter()
                .map(|&column| self.cell(row, column))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// One series of a row per year and a column per month or quarter. Other columns, such as the sums
    /// of years, are left out and returned by name.
    ///
    /// # Errors
    /// When there are no columns of months or quarters, or no years.
    pub(crate) fn months_across(&self) -> Result<(String, Vec<String>), ReadError> {
        let parts = month_names(&self.names);
        let first = parts.first().map_or(0, |(column, _)| *column);
        let year = (0..first).find(|&column| {
            (0..self.rows.len()).all(|row| {
                self.cell(row, column).len() == 4 && self.cell(row, column).parse::<u16>().is_ok()
            })
        });
        let (Some(year), true) = (year, parts.len() > 1) else {
            return Err(ReadError::NoMonthsAcross);
        };
        let mut grid = Grid::default();
        grid.row(["time", VALUE]);
        for row in 0..self.rows.len() {
            for (column, month) in &parts {
                grid.row([
                    format!("{}-{month:02}", self.cell(row, year)).as_str(),
                    self.cell(row, *column),
                ]);
            }
        }
        let used =
            |column: usize| column == year || parts.iter().any(|(other, _)| *other == column);
        let left = (0..self.names.len()).filter(|&column| !used(column));
        Ok((
            grid.into_text(),
            left.map(|column| self.names[column].clone()).collect(),
        ))
    }

    /// A column per series of a table in long format, and how many cells repeated another.
    ///
    /// # Errors
    /// A column does not exist, or most cells of the result would be empty.
    pub(crate) fn pivoted(&self, long: &LongColumns) -> Result<(String, usize), ReadError> {
        let place = |name: &String| {
            self.names
                .iter()
                .position(|other| other == name)
                .ok_or_else(|| ReadError::UnknownColumn {
                    name: name.clone(),
                    available: shorten_list(self.names.iter().map(String::as_str)),
                })
        };
        let (id, time) = (place(&long.id)?, place(&long.time)?);
        let values = long
            .values
            .iter()
            .map(place)
            .collect::<Result<Vec<_>, _>>()?;
        let (mut ids, mut times) = (Order::default(), Order::default());
        let mut cells: HashMap<(usize, usize), usize> = HashMap::new();
        let mut repeated = 0;
        for row in 0..self.rows.len() {
            if is_marker(self.cell(row, time)) && is_marker(self.cell(row, id)) {
                continue;
            }
            let key = (
                times.place(self.cell(row, time)),
                ids.place(self.cell(row, id)),
            );
            repeated += usize::from(cells.insert(key, row).is_some());
        }
        let cells_of_result = times.names.len().saturating_mul(ids.names.len());
        if cells_of_result > MOST_PIVOTED.max(self.rows.len().saturating_mul(MOST_GROWTH)) {
            return Err(ReadError::SparseLong {
                series: ids.names.len(),
                times: times.names.len(),
                rows: self.rows.len(),
            });
        }
        let mut grid = Grid::default();
        grid.cell(&long.time);
        for id in &ids.names {
            for &column in &values {
                if values.len() == 1 {
                    grid.cell(id);
                } else {
                    grid.cell(&format!("{id} {}", self.names[column]));
                }
            }
        }
        grid.end_row();
        for (time_place, time) in times.names.iter().enumerate() {
            grid.cell(time);
            for id_place in 0..ids.names.len() {
                let row = cells.get(&(time_place, id_place));
                for &column in &values {
                    grid.cell(row.map_or("", |&row| self.cell(row, column)));
                }
            }
            grid.end_row();
        }
        Ok((grid.into_text(), repeated))
    }
}

/// Names in the order in which they first came up.
#[derive(Default)]
struct Order<'a> {
    names: Vec<&'a str>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Order<'a> {
    fn place(&mut self, name: &'a str) -> usize {
        let next = self.names.len();
        *self.places.entry(name).or_insert_with(|| {
            self.names.push(name);
            next
        })
    }
}

/// The columns, at least two of them and to the end of the line, whose names are times.
pub(crate) fn time_names(names: &[String]) -> Vec<usize> {
    let is_year =
        |name: &str| name.len() == 4 && name.parse().is_ok_and(|year| (1000..3000).contains(&year));
    let is_time = |name: &String| is_year(name) || forms::is_evident(name);
    let end = names
        .iter()
        .rposition(|name| !name.is_empty())
        .map_or(0, |last| last + 1);
    let others = names[..end]
        .iter()
        .rposition(|name| !is_time(name))
        .map_or(0, |last| last + 1);
    if others == 0 || end - others < 2 || others > 8 {
        return Vec::new();
    }
    (others..end).collect()
}

/// The columns that are called by months or quarters, and the month at which each begins.
pub(crate) fn month_names(names: &[String]) -> Vec<(usize, u32)> {
    let months: Vec<(usize, u32)> = (names.iter().enumerate())
        .filter_map(|(column, name)| Some((column, month_of_name(name)?)))
        .collect();
    let distinct: std::collections::BTreeSet<u32> =
        months.iter().map(|(_, month)| *month).collect();
    if months.len() == 12 && distinct.len() == 12 {
        return months;
    }
    let quarter = |name: &String| -> Option<u32> {
        match name.trim_start_matches(['Q', 'q', 'T']) {
            digits if digits.len() == 1 && name.len() == 2 => {
                digits.parse().ok().filter(|q| (1..=4).contains(q))
            }
            _ => None,
        }
    };
    let quarters: Vec<(usize, u32)> = (names.iter().enumerate())
        .filter_map(|(column, name)| Some((column, quarter(name)? * 3 - 2)))
        .collect();
    if quarters.len() == 4 {
        quarters
    } else {
        Vec::new()
    }
}
