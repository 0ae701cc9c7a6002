//! The meaning of a cell: a number, nothing, or text.

mod digits;
mod format;
mod unit;

use digits::{few_digits, group_of, is_grouped, parse, plain};
use unit::decorated;

pub(crate) use digits::{is_number, precise};
pub(crate) use format::Format;
pub(crate) use unit::{is_quantity, is_unit};

use crate::detection::MarkerCount;

/// Markers of missing values that are always understood, in lower case.
const MARKERS: [&str; 17] = [
    "", "na", "nan", "null", "none", "n/a", "-", "--", "?", ".", "#n/a", "#na", "<na>", "nil",
    "missing", "-nan", "n.a.",
];

/// The meaning of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Number(f32),
    /// Missing, by the marker at this place of [`Cells::counts`].
    Missing(usize),
    /// A number beyond the range of f32, or an infinity.
    NotFinite,
    Text,
}

/// Reads cells, and counts what was unusual about them.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    pub(crate) decimal_comma: bool,
    /// Markers, the usual ones first. The case of letters within ASCII makes no difference.
    markers: Vec<String>,
    /// The person's markers that are numbers: place in `markers`, value.
    numeric_markers: Vec<(usize, f32)>,
    /// Per marker: the text as first seen, and how often.
    seen: Vec<(Option<String>, usize)>,
    pub(crate) padded: usize,
    pub(crate) grouped: usize,
}

impl Cells {
    pub(crate) fn new(decimal_comma: bool, extra: &[String]) -> Self {
        let mut markers: Vec<String> = MARKERS.iter().map(ToString::to_string).collect();
        let mut numeric_markers = Vec::new();
        for marker in extra {
            let marker = marker.trim();
            let number = parse(marker, false).or_else(|| parse(marker, decimal_comma));
            numeric_markers.extend(number.map(|number| (markers.len(), number)));
            markers.push(marker.to_owned());
        }
        let seen = vec![(None, 0); markers.len()];
        Self {
            decimal_comma,
            markers,
            numeric_markers,
            seen,
            padded: 0,
            grouped: 0,
        }
    }

    /// The number in a cell that is nothing else; the way that almost every cell goes.
    #[inline]
    pub(crate) fn plain_number(&self, cell: &str) -> Option<f32> {
        let decimal = if self.decimal_comma { b',' } else { b'.' };
        let number = match few_digits(cell.as_bytes(), decimal) {
            Some(number) => number,
            None if self.decimal_comma => return None,
            None => plain(cell)?,
        };
        (number.is_finite() && self.marker_of(number).is_none()).then_some(number)
    }

    #[inline]
    fn marker_of(&self, number: f32) -> Option<usize> {
        self.numeric_markers
            .iter()
            .find(|(_, marker)| *marker == number)
            .map(|(place, _)| *place)
    }

    /// The meaning of any cell of a column of numbers, counted.
    pub(crate) fn read(&mut self, cell: &str, format: &Format) -> Cell {
        let text = cell.trim();
        let meaning = self.peek(text, format);
        match meaning {
            Cell::Missing(marker) => {
                let (spelling, count) = &mut self.seen[marker];
                spelling.get_or_insert_with(|| text.to_owned());
                *count += 1;
            }
            Cell::Number(_) => {
                self.padded += usize::from(text.len() < cell.len());
                let (group, decimal) = if format.decimal_comma {
                    ('.', ',')
                } else {
                    (',', '.')
                };
                // A decimal comma file may hold plain "1.5" too; that is no grouping.
                let grouped =
                    group_of(text, group).is_some_and(|group| is_grouped(text, group, decimal));
                self.grouped += usize::from(grouped);
            }
            Cell::NotFinite | Cell::Text => {}
        }
        meaning
    }

    /// The meaning of a trimmed cell, uncounted.
    pub(crate) fn peek(&self, text: &str, format: &Format) -> Cell {
        // Checked by length first: most cells are longer than every marker.
        if let Some(marker) = self
            .markers
            .iter()
            .position(|marker| marker.eq_ignore_ascii_case(text))
        {
            return Cell::Missing(marker);
        }
        let number = parse(text, format.decimal_comma).or_else(|| {
            let unit = format.unit.as_deref()?;
            let found = decorated(text, format.decimal_comma)?;
            (found.unit == unit).then_some(found.number)
        });
        match number {
            None => Cell::Text,
            Some(number) if !number.is_finite() => Cell::NotFinite,
            Some(number) => match self.marker_of(number) {
                Some(marker) => Cell::Missing(marker),
                None => Cell::Number(number),
            },
        }
    }

    /// Markers seen in columns of numbers, with counts.
    pub(crate) fn counts(&self) -> Vec<MarkerCount> {
        self.seen
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(spelling, count)| MarkerCount {
                marker: spelling.clone().unwrap_or_default(),
                count: *count,
            })
            .collect()
    }
}

/// Whether a trimmed cell is one of the usual markers of missing values.
pub(crate) fn is_marker(text: &str) -> bool {
    MARKERS
        .iter()
        .any(|marker| marker.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_by_text_and_by_value() {
        let extra = ["-9999".to_owned(), " Ausfall ".to_owned()];
        let mut cells = Cells::new(false, &extra);
        let format = Format::new(false);
        for text in [
            "", " ", "NA", "nan", "NULL", "None", "-", "-9999", "-9999.0", "AUSFALL",
        ] {
            assert!(
                matches!(cells.read(text, &format), Cell::Missing(_)),
                "{text:?}"
            );
        }
        assert_eq!(cells.plain_number("-9999.00"), None);
        assert_eq!(cells.read(" 5 ", &format), Cell::Number(5.0));
        assert_eq!(cells.read("inf", &format), Cell::NotFinite);
        assert_eq!(cells.read("sunny", &format), Cell::Text);
        assert_eq!(cells.padded, 1);
        let counts: Vec<String> = cells.counts().iter().map(ToString::to_string).collect();
        assert!(counts.contains(&"empty cell ×2".to_owned()), "{counts:?}");
        assert!(counts.contains(&"-9999 ×2".to_owned()), "{counts:?}");
    }
}
