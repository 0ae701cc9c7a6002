//! Chronological parts for training, validation and test.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::SplitError;
use crate::part::Part;
use crate::series::Series;
use crate::windows::Windows;

/// Rows in a month of 30 hourly days: the unit of the ETT borders.
const ETT_MONTH: usize = 30 * 24;

/// How rows are divided into parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum SplitRule {
    /// 12, 4 and 4 months of 30 days in hourly rows: 8,640 + 2,880 + 2,880 = 14,400 rows; later
    /// rows are not used. Source: Time-Series-Library data_provider/data_loader.py,
    /// `Dataset_ETT_hour`.
    EttHourly,
    /// The same months in rows of 15 minutes: 34,560 + 11,520 + 11,520 = 57,600 rows. Source: as
    /// above, `Dataset_ETT_minute`.
    EttQuarterHourly,
    /// Shares of the rows, adding up to 1: train gets `floor(rows × train)`, test
    /// `floor(rows × test)`, and validation what remains. Source: as above, `Dataset_Custom`.
    Fractions {
        /// Share of the first part.
        train: f64,
        /// Share of the middle part; only the sum of the three is checked, see above.
        val: f64,
        /// Share of the last part.
        test: f64,
    },
    /// Row counts from the first row on; later rows are not used.
    Rows {
        /// Rows of the first part.
        train: usize,
        /// Rows of the middle part.
        val: usize,
        /// Rows of the last part.
        test: usize,
    },
}

impl Default for SplitRule {
    /// 70 % train, 10 % validation, 20 % test.
    fn default() -> Self {
        Self::Fractions {
            train: 0.7,
            val: 0.1,
            test: 0.2,
        }
    }
}

/// The three parts as row ranges of *targets*: the look-back of the first validation and test
/// windows reaches into the part before, see [`Windows::of`](crate::Windows::of).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Rows on which the model and the scaler are fitted.
    pub train: Range<usize>,
    /// Rows by which models are chosen.
    pub val: Range<usize>,
    /// Rows on which the chosen model is evaluated.
    pub test: Range<usize>,
}

impl Split {
    /// The row range of `part`.
    pub fn part(&self, part: Part) -> Range<usize> {
        match part {
            Part::Train => self.train.clone(),
            Part::Val => self.val.clone(),
            Part::Test => self.test.clone(),
        }
    }

    /// The windows of `part` that lie within one segment of `series`.
    pub fn windows(&self, part: Part, series: &Series, lookback: usize, horizon: usize) -> Windows {
        Windows::of(self, part, lookback, horizon).within(series.cuts())
    }

    /// The windows of `part`, if there is one.
    ///
    /// # Errors
    /// No window lies within the part and one segment of `series`.
    pub fn require_windows(
        &self,
        part: Part,
        series: &Series,
        lookback: usize,
        horizon: usize,
    ) -> Result<Windows, SplitError> {
        let windows = self.windows(part, series, lookback, horizon);
        if windows.is_empty() {
            return Err(SplitError::NoWindow {
                part,
                have: self.part(part).len(),
                rows: series.rows(),
                segments: series.segments().count(),
                longest: series.segments().map(|s| s.len()).max().unwrap_or(0),
                lookback,
                horizon,
            });
        }
        Ok(windows)
    }
}

impl SplitRule {
    /// The parts of `rows` rows for windows of `lookback` input and `horizon` target rows.
    ///
    /// # Errors
    /// When the rule asks for more rows than there are, when fractions are outside 0 … 1 or do not
    /// add up to 1, when look-back or horizon is 0, or when a part has no room for one window:
    /// `lookback + horizon` rows of train, `horizon` rows of validation and of test.
    pub fn apply(&self, rows: usize, lookback: usize, horizon: usize) -> Result<Split, SplitError> {
        if lookback == 0 || horizon == 0 {
            return Err(SplitError::EmptyWindow { lookback, horizon });
        }
        let split = self.ranges(rows)?;
        for (part, have, need) in [
            (
                Part::Train,
                split.train.len(),
                lookback.saturating_add(horizon),
            ),
            (Part::Val, split.val.len(), horizon),
            (Part::Test, split.test.len(), horizon),
        ] {
            if have < need {
                return Err(SplitError::PartTooShort {
                    part,
                    have,
                    need,
                    rows,
                    lookback,
                    horizon,
                });
            }
        }
        Ok(split)
    }

    /// As [`SplitRule::apply`], for windows that do not cross a cut of `series`.
    ///
    /// # Errors
    /// As [`SplitRule::apply`], and when every window of a part crosses a cut.
    pub fn apply_to(
        &self,
        series: &Series,
        lookback: usize,
        horizon: usize,
    ) -> Result<Split, SplitError> {
        let split = self.apply(series.rows(), lookback, horizon)?;
        for part in [Part::Train, Part::Val, Part::Test] {
            split.require_windows(part, series, lookback, horizon)?;
        }
        Ok(split)
    }

    /// The parts of `rows` rows, without a check for windows.
    ///
    /// # Errors
    /// When the rule asks for more rows than there are, or fractions are outside 0 … 1 or do not
    /// add up to 1.
    pub fn ranges(&self, rows: usize) -> Result<Split, SplitError> {
        let (train, val, test) = match *self {
            Self::EttHourly => (12 * ETT_MONTH, 4 * ETT_MONTH, 4 * ETT_MONTH),
            Self::EttQuarterHourly => (48 * ETT_MONTH, 16 * ETT_MONTH, 16 * ETT_MONTH),
            Self::Fractions { train, val, test } => {
                let shares = [train, val, test];
                let valid = shares.iter().all(|s| (0.0..=1.0).contains(s))
                    && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-6;
                if !valid {
                    return Err(SplitError::Fractions { train, val, test });
                }
                let train_rows = (rows as f64 * train) as usize;
                let test_rows = ((rows as f64 * test) as usize).min(rows - train_rows.min(rows));
                (
                    train_rows,
                    rows.saturating_sub(train_rows + test_rows),
                    test_rows,
                )
            }
            Self::Rows { train, val, test } => (train, val, test),
        };
        let needed = train.saturating_add(val).saturating_add(test);
        if needed > rows {
            return Err(SplitError::TooFewRows { needed, rows });
        }
        Ok(Split {
            train: 0..train,
            val: train..train + val,
            test: train + val..needed,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ett_borders() {
        let split = SplitRule::EttHourly.apply(17_420, 96, 96).unwrap();
        assert_eq!(
            (split.train, split.val, split.test),
            (0..8640, 8640..11_520, 11_520..14_400)
        );
        let split = SplitRule::EttQuarterHourly.apply(69_680, 96, 96).unwrap();
        assert_eq!(split.part(Part::Test), 46_080..57_600);
    }

    #[test]
    fn fractions_are_cut_as_the_library_cuts_them() {
        let split = SplitRule::default().apply(52_696, 96, 96).unwrap();
        assert_eq!(
            (split.train, split.val, split.test),
            (0..36_887, 36_887..42_157, 42_157..52_696)
        );
    }

    #[test]
    fn every_refusal_names_what_would_fit() {
        let message = |rule: SplitRule, rows, l, h| rule.apply(rows, l, h).unwrap_err().to_string();
        let text = message(SplitRule::EttHourly, 1000, 96, 96);
        assert!(text.contains("14400") && text.contains("1000"), "{text}");
        let text = message(SplitRule::default(), 300, 96, 96);
        assert!(
            text.contains("validation") && text.contains("30") && text.contains("96"),
            "{text}"
        );
        let text = message(
            SplitRule::Fractions {
                train: 0.7,
                val: 0.7,
                test: 0.2,
            },
            9999,
            9,
            9,
        );
        assert!(text.contains("0.7"), "{text}");
        message(
            SplitRule::Fractions {
                train: f64::NAN,
                val: 0.7,
                test: 0.2,
            },
            9999,
            9,
            9,
        );
        message(
            SplitRule::Rows {
                train: usize::MAX,
                val: 1,
                test: 1,
            },
            9999,
            9,
            9,
        );
        message(SplitRule::default(), 9999, 0, 1);
        message(SplitRule::default(), 0, 1, 1);
        message(SplitRule::default(), 100, usize::MAX, usize::MAX);
    }
}
