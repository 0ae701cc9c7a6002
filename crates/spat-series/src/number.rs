//! The meaning of a cell: a number, nothing, or text.

mod digits;
mod format;
mod unit;

use digits::{few_digits, group_of, is_grouped, parse, plain};
use unit::decorated;

pub(crate) use digits::{is_number, precise};
pub(crate) use format::Format;
pub(crate) use unit::{is_quantity, is_unit};

use std::collections::HashMap;

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
    /// Places in `seen` of the person's markers, by their text in lower case. The usual ones come first there.
    extra: HashMap<String, usize>,
    /// Length of the longest of them, in bytes.
    longest: usize,
    /// The person's markers that are numbers, ascending, with their places in `seen`.
    numeric_markers: Vec<(f32, usize)>,
    /// Per marker: the text as first seen, and how often.
    seen: Vec<(Option<String>, usize)>,
    pub(crate) padded: usize,
    pub(crate) grouped: usize,
}

impl Cells {
    pub(crate) fn new(decimal_comma: bool, extra: &[String]) -> Self {
        let mut texts = HashMap::new();
        let mut numeric_markers: Vec<(f32, usize)> = Vec::new();
        for (place, marker) in (MARKERS.len()..).zip(extra) {
            let marker = marker.trim();
            let number: Option<f32> = parse(marker, false).or_else(|| parse(marker, decimal_comma));
            // Adding 0 makes 0 of -0.
            numeric_markers.extend(number.map(|number| (number + 0.0, place)));
            texts.entry(marker.to_ascii_lowercase()).or_insert(place);
        }
        // Stable: of equal numbers the first marker is found.
        numeric_markers.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Self {
            decimal_comma,
            longest: texts.keys().map(String::len).max().unwrap_or(0),
            extra: texts,
            numeric_markers,
            seen: vec![(None, 0); MARKERS.len() + extra.len()],
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
        let number = number + 0.0;
        let markers = &self.numeric_markers;
        let first = markers.partition_point(|(marker, _)| *marker < number);
        let (marker, place) = markers.get(first)?;
        (*marker == number).then_some(*place)
    }

    /// The place of the marker that a trimmed cell is.
    fn marker_of_text(&self, text: &str) -> Option<usize> {
        // Checked by length first: most cells are longer than every marker.
        let usual = MARKERS
            .iter()
            .position(|marker| marker.eq_ignore_ascii_case(text));
        if usual.is_some() || self.extra.is_empty() || text.len() > self.longest {
            return usual;
        }
        self.extra.get(&text.to_ascii_lowercase()).copied()
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
        if let Some(marker) = self.marker_of_text(text) {
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

    /// As many comparisons as markers per cell would take a minute.
    #[test]
    fn many_markers_do_not_slow_down_each_cell() {
        let extra: Vec<String> = (0..85_000).map(|number| format!("{number}.5")).collect();
        let mut cells = Cells::new(false, &extra);
        let format = Format::new(false);
        let started = std::time::Instant::now();
        let mut missing = 0;
        for place in 0..400_000 {
            missing += usize::from(cells.plain_number(&format!("{place}.5")).is_none());
            let read = cells.read(&format!("x{place}"), &format);
            assert_eq!(read, Cell::Text);
        }
        assert_eq!(missing, 85_000);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }

    #[test]
    fn the_first_of_equal_markers_counts() {
        let extra = ["7", "7.0", "-0", "Off", "OFF"].map(str::to_owned);
        let cells = Cells::new(false, &extra);
        let format = Format::new(false);
        let place = |text| match cells.peek(text, &format) {
            Cell::Missing(place) => place - MARKERS.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((place("7.00"), place("7.0"), place("0")), (0, 1, 2));
        assert_eq!((place("off"), place("0.0")), (3, 2));
    }
}
