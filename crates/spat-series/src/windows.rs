//! The rows of a training or test example.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::part::Part;
use crate::split::Split;

/// All windows of one part: window `i` has `lookback` input rows from [`Windows::start_row`]`(i)` on
/// and the `horizon` rows after them as targets. A window starts at every row that leaves room
/// for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Input rows of a window.
    pub lookback: usize,
    /// Target rows of a window.
    pub horizon: usize,
    /// Consecutive first rows, in order.
    starts: Vec<Range<usize>>,
}

impl Windows {
    /// The windows of `part`. Inputs of validation and test reach back `lookback` rows into the
    /// part before, so that their first target is the part's first row; targets never leave the
    /// part. Source: Time-Series-Library data_provider/data_loader.py (`border1s`).
    pub fn of(split: &Split, part: Part, lookback: usize, horizon: usize) -> Self {
        let rows = split.part(part);
        let start = match part {
            Part::Train => rows.start,
            Part::Val | Part::Test => rows.start.saturating_sub(lookback),
        };
        Self {
            lookback,
            horizon,
            starts: starts(start..rows.end, lookback, horizon)
                .into_iter()
                .collect(),
        }
    }

    /// Those of the windows whose rows lie within one segment of a series; the segments begin at
    /// the rows `cuts`, see [`Series::cuts`](crate::Series::cuts).
    pub fn within(self, cuts: &[usize]) -> Self {
        if cuts.is_empty() {
            return self;
        }
        let window = self.lookback.saturating_add(self.horizon);
        let mut kept = Vec::new();
        for range in &self.starts {
            let end = (range.end - 1).saturating_add(window);
            let inside = cuts
                .iter()
                .copied()
                .filter(|cut| (range.start + 1..end).contains(cut));
            let inside: Vec<usize> = inside.collect();
            let firsts = std::iter::once(range.start).chain(inside.iter().copied());
            let ends = inside.iter().copied().chain(std::iter::once(end));
            let rows = firsts.zip(ends).map(|(first, end)| first..end);
            kept.extend(rows.filter_map(|rows| starts(rows, self.lookback, self.horizon)));
        }
        Self {
            starts: kept,
            ..self
        }
    }

    /// The number of windows: `rows − lookback − horizon + 1`, or 0, in every segment.
    pub fn len(&self) -> usize {
        self.starts.iter().map(Range::len).sum()
    }

    /// Whether not even one window fits.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The first input row of window `i`; its first target row is `lookback` rows later.
    /// `i` is expected below [`Windows::len`].
    pub fn start_row(&self, i: usize) -> usize {
        debug_assert!(i < self.len(), "window {i} of {}", self.len());
        let mut before = 0;
        for range in &self.starts {
            if i < before + range.len() {
                return range.start + i - before;
            }
            before += range.len();
        }
        0
    }

    /// The first input rows of all windows, in order.
    pub fn start_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.starts.iter().cloned().flatten()
    }
}

/// First rows of the windows that `rows` hold.
fn starts(rows: Range<usize>, lookback: usize, horizon: usize) -> Option<Range<usize>> {
    let window = lookback.saturating_add(horizon);
    (window <= rows.len()).then(|| rows.start..rows.end - window + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::split::SplitRule;

    #[test]
    fn a_window_stays_inside_its_part() {
        let split = SplitRule::Rows {
            train: 20,
            val: 5,
            test: 6,
        }
        .apply(40, 4, 3)
        .unwrap();
        let train = Windows::of(&split, Part::Train, 4, 3);
        assert_eq!(
            (train.len(), train.start_row(0), train.start_row(13) + 7),
            (14, 0, 20)
        );
        let val = Windows::of(&split, Part::Val, 4, 3);
        assert_eq!(
            (val.len(), val.start_row(0) + 4, val.start_row(2) + 7),
            (3, 20, 25)
        );
        let test = Windows::of(&split, Part::Test, 4, 3);
        assert_eq!(
            (test.len(), test.start_row(0) + 4, test.start_row(3) + 7),
            (4, 25, 31)
        );
    }

    #[test]
    fn no_room_is_no_window() {
        let rows = |rows| starts(rows, usize::MAX, 2);
        assert_eq!(rows(0..5), None);
        assert_eq!(starts(3..8, 3, 2), Some(3..4));
    }

    #[test]
    fn no_window_crosses_a_cut() {
        let rule = SplitRule::Rows {
            train: 20,
            val: 5,
            test: 6,
        };
        let split = rule.apply(40, 4, 3).unwrap();
        let cuts = [2, 9, 16, 23];
        for part in [Part::Train, Part::Val, Part::Test] {
            let all = Windows::of(&split, part, 4, 3);
            let crosses = |row: &usize| cuts.iter().any(|cut| (row + 1..row + 7).contains(cut));
            let expected: Vec<usize> = all.start_rows().filter(|row| !crosses(row)).collect();
            let windows = all.within(&cuts);
            assert_eq!(windows.start_rows().collect::<Vec<_>>(), expected);
            assert_eq!(windows.len(), expected.len());
            for (i, row) in expected.into_iter().enumerate() {
                assert_eq!(windows.start_row(i), row);
            }
        }
    }
}
