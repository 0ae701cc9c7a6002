//! Which rows make a training or test example.

use serde::{Deserialize, Serialize};

use crate::part::Part;
use crate::split::Split;

/// All windows of one part: window `i` reads `lookback` rows from [`Windows::start_row`]`(i)` on
/// and is asked for the `horizon` rows after them. One window starts at every row; none is ever
/// dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Input rows of a window.
    pub lookback: usize,
    /// Target rows of a window.
    pub horizon: usize,
    /// The first input row of the first window.
    pub start: usize,
    /// One past the last target row of the last window.
    pub end: usize,
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
            start,
            end: rows.end,
        }
    }

    /// The number of windows: `end − start − lookback − horizon + 1`, or 0.
    pub fn len(&self) -> usize {
        let rows = self.end.saturating_sub(self.start);
        let window = self.lookback.saturating_add(self.horizon);
        if window > rows { 0 } else { rows - window + 1 }
    }

    /// Whether not even one window fits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first input row of window `i`; its first target row is `lookback` rows later.
    /// `i` is expected below [`Windows::len`].
    pub fn start_row(&self, i: usize) -> usize {
        debug_assert!(i < self.len(), "window {i} of {}", self.len());
        self.start + i
    }
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
        let windows = Windows {
            lookback: usize::MAX,
            horizon: 2,
            start: 5,
            end: 3,
        };
        assert!(windows.is_empty());
    }
}
