//! Window lengths that suit a table.

use serde::{Deserialize, Serialize};

use crate::{error::SplitError, part::Part, series::Series, split::SplitRule};

/// With fewer validation windows, early stopping and prediction intervals are not reliable.
pub const FEWEST_VALIDATION_WINDOWS: usize = 20;

/// Look-back rows per horizon row.
const LOOKBACKS: usize = 4;

/// Input and target rows of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowLengths {
    /// Input rows.
    pub lookback: usize,
    /// Target rows.
    pub horizon: usize,
}

impl WindowLengths {
    /// `usual` where it suits `series`: its look-back covers at most four seasons, and the split
    /// leaves [`FEWEST_VALIDATION_WINDOWS`] of it. Otherwise a season ahead from four of them (the
    /// usual horizon where there is no season), and less where the table is short.
    ///
    /// A horizon of half a short part is shortened further where that leaves enough validation
    /// windows, but not to less than half.
    pub fn suited(series: &Series, rule: SplitRule, usual: Self) -> Self {
        let season = series.index.frequency().season_length();
        let seasonal = season == 1 || usual.lookback <= LOOKBACKS * season;
        if seasonal && usual.are_enough(series, rule) {
            return usual;
        }
        let Ok(split) = rule.ranges(series.rows()) else {
            return usual;
        };
        let room = split.val.len().min(split.test.len());
        let wanted = if season > 1 { season } else { usual.horizon };
        let mut horizon = wanted.min(room / 2).max(1);
        let enough = (split.val.len() + 1).saturating_sub(FEWEST_VALIDATION_WINDOWS);
        if enough < horizon && enough * 2 >= horizon {
            horizon = enough.max(1);
        }
        let most = (split.train.len() * 3 / 7).max(2);
        Self {
            lookback: (LOOKBACKS * horizon).min(most).max(2),
            horizon,
        }
    }

    /// Whether the split of `series` leaves windows in every part, and enough for validation.
    pub fn are_enough(self, series: &Series, rule: SplitRule) -> bool {
        self.validation_windows(series, rule)
            .is_ok_and(|windows| windows >= FEWEST_VALIDATION_WINDOWS)
    }

    /// The validation windows that the split of `series` leaves.
    ///
    /// # Errors
    /// As [`SplitRule::apply_to`].
    pub fn validation_windows(self, series: &Series, rule: SplitRule) -> Result<usize, SplitError> {
        let split = rule.apply_to(series, self.lookback, self.horizon)?;
        Ok(split
            .windows(Part::Val, series, self.lookback, self.horizon)
            .len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::TimeIndex;

    const PAGE: WindowLengths = WindowLengths {
        lookback: 96,
        horizon: 24,
    };

    fn suited(rows: usize, step: i64) -> (usize, usize, usize) {
        let index = TimeIndex::from_timestamps((0..rows as i64).map(|row| row * step).collect());
        let series = Series::from_values(vec!["a".to_owned()], vec![0.0; rows], index).unwrap();
        let lengths = WindowLengths::suited(&series, SplitRule::default(), PAGE);
        let windows = lengths.validation_windows(&series, SplitRule::default());
        (lengths.lookback, lengths.horizon, windows.unwrap())
    }

    #[test]
    fn the_usual_lengths_or_a_season() {
        assert_eq!(suited(2_000, 3_600), (96, 24, 177));
        assert_eq!(suited(2_000, 86_400), (28, 7, 194));
        assert_eq!(suited(480, 3_600), (96, 24, 25));
    }

    #[test]
    fn short_tables_keep_twenty_validation_windows_where_they_can() {
        assert_eq!(suited(300, 3_600), (44, 11, 20));
        assert_eq!(suited(240, 3_600), (48, 12, 13));
        for rows in 20..400 {
            for step in [60, 3_600, 86_400, 7 * 86_400] {
                let (lookback, horizon, windows) = suited(rows, step);
                assert!(
                    windows >= 1 && lookback > horizon,
                    "{rows} rows of {step} s"
                );
            }
        }
    }
}
