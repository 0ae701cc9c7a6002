//! Filling missing values, channel by channel.

use std::ops::Range;

use crate::{options::Fill, series::set};

/// What was filled.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    /// A bit per value; empty where nothing was filled.
    pub(crate) mask: Vec<u64>,
    /// Cells per channel.
    pub(crate) cells: Vec<usize>,
    /// Cells before the first value of their channel and segment.
    pub(crate) leading: usize,
    /// Cells after the last one.
    pub(crate) trailing: usize,
}

/// Fills every NaN of `values` (`[rows × channels]` row-major). No value is taken from another
/// segment, which begin at the rows `cuts`, unless a channel has none in its own. No channel may be
/// all NaN.
///
/// [`Fill::Drop`] and [`Fill::Refuse`] are not handled here.
pub(crate) fn fill(values: &mut [f32], channels: usize, cuts: &[usize], how: Fill) -> Filled {
    let mut filled = Filled {
        cells: vec![0; channels],
        ..Filled::default()
    };
    // The mask first, in one pass, so that it is allocated once.
    for (at, value) in values.iter().enumerate() {
        if value.is_nan() {
            set(&mut filled.mask, at);
            filled.cells[at % channels] += 1;
        }
    }
    let rows = values.len() / channels;
    for channel in 0..channels {
        if filled.cells[channel] == 0 {
            continue;
        }
        for segment in segments(rows, cuts) {
            let mut column = Column {
                values,
                channels,
                channel,
            };
            let (leading, trailing) = column.fill(segment, how);
            filled.leading += leading;
            filled.trailing += trailing;
        }
    }
    filled
}

/// The rows between `cuts`.
pub(crate) fn segments(rows: usize, cuts: &[usize]) -> impl Iterator<Item = Range<usize>> {
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(rows));
    starts.zip(ends).map(|(start, end)| start..end)
}

/// One channel of a table.
struct Column<'a> {
    values: &'a mut [f32],
    channels: usize,
    channel: usize,
}

impl Column<'_> {
    fn at(&self, row: usize) -> f32 {
        self.values[row * self.channels + self.channel]
    }

    fn rows(&self) -> usize {
        self.values.len() / self.channels
    }

    /// Fills one segment; the numbers of cells before its first value and after its last.
    fn fill(&mut self, segment: Range<usize>, how: Fill) -> (usize, usize) {
        let (mut leading, mut trailing) = (0, 0);
        let mut before: Option<usize> = None;
        let mut row = segment.start;
        while row < segment.end {
            if !self.at(row).is_nan() {
                before = Some(row);
                row += 1;
                continue;
            }
            let after = (row..segment.end).find(|&later| !self.at(later).is_nan());
            let end = after.unwrap_or(segment.end);
            match (before, after) {
                (None, _) => leading += end - row,
                (_, None) => trailing += end - row,
                _ => {}
            }
            let elsewhere = match (before, after) {
                (None, None) => self.nearest(segment.clone()),
                _ => f32::NAN,
            };
            for gap in row..end {
                self.values[gap * self.channels + self.channel] = match (before, after) {
                    (Some(a), Some(b)) if how == Fill::Linear => {
                        let (from, to) = (f64::from(self.at(a)), f64::from(self.at(b)));
                        (from + (to - from) * (gap - a) as f64 / (b - a) as f64) as f32
                    }
                    (Some(a), _) => self.at(a),
                    (None, Some(b)) => self.at(b),
                    (None, None) => elsewhere,
                };
            }
            row = end;
        }
        (leading, trailing)
    }

    /// The last value before a segment, or the first one after it.
    fn nearest(&self, segment: Range<usize>) -> f32 {
        let earlier = (0..segment.start).rev().map(|row| self.at(row));
        let later = (segment.end..self.rows()).map(|row| self.at(row));
        let mut found = earlier.chain(later).filter(|value| !value.is_nan());
        found.next().unwrap_or(f32::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: f32 = f32::NAN;

    #[test]
    fn lines_and_edges() {
        let mut values = [N, 1.0, 2.0, N, N, N, N, 4.0, 8.0, N];
        let filled = fill(&mut values, 2, &[], Fill::Linear);
        assert_eq!(values, [2.0, 1.0, 2.0, 2.0, 4.0, 3.0, 6.0, 4.0, 8.0, 4.0]);
        let expected = Filled {
            mask: vec![0b10_0111_1001],
            cells: vec![3, 3],
            leading: 1,
            trailing: 1,
        };
        assert_eq!(filled, expected);
    }

    #[test]
    fn forward() {
        let mut values = [N, 1.0, N, N, 2.0, N];
        fill(&mut values, 1, &[], Fill::Forward);
        assert_eq!(values, [1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn nothing_missing_costs_no_mask() {
        let filled = fill(&mut [1.0, 2.0], 1, &[], Fill::Linear);
        assert_eq!((filled.mask, filled.cells), (vec![], vec![0]));
    }

    #[test]
    fn no_line_is_drawn_from_one_segment_to_the_next() {
        let mut values = [1.0, N, N, 8.0, N, 9.0, N, N];
        let filled = fill(&mut values, 1, &[2, 6], Fill::Linear);
        assert_eq!(values, [1.0, 1.0, 8.0, 8.0, 8.5, 9.0, 9.0, 9.0]);
        assert_eq!((filled.leading, filled.trailing), (3, 1));
    }
}
