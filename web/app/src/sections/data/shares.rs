//! The two borders between training, validation and test, in percent of the rows.

use spat_series::SplitRule;

use crate::state::LoadedTable;

/// Smallest training part, and smallest other parts, in percent.
const MIN_TRAIN: u32 = 10;
const MIN_PART: u32 = 5;

/// Shares of the rows in percent; the test part is the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) train: u32,
    pub(super) val: u32,
}

/// One of the borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// Between training and validation.
    Val,
    /// Between validation and test.
    Test,
}

impl Shares {
    /// The default.
    pub(super) const DEFAULT: Self = Self { train: 70, val: 10 };

    /// The shares of a table's split.
    pub(super) fn of(table: &LoadedTable) -> Self {
        let percent = |share: f64| (share * 100.0).round() as u32;
        // As configured: with few rows, whole rows would give other percentages.
        if let SplitRule::Fractions { train, val, .. } = table.data.split {
            return Self {
                train: percent(train),
                val: percent(val),
            };
        }
        let rows = table.series.rows();
        let of = |part: usize| percent(part as f64 / rows.max(1) as f64);
        let split = table.data.split.apply(rows, 1, 1);
        split.map_or(Self::DEFAULT, |split| Self {
            train: of(split.train.len()),
            val: of(split.val.len()),
        })
    }

    pub(super) fn test(self) -> u32 {
        100_u32.saturating_sub(self.train + self.val)
    }

    /// The position of a border, in percent from the first row.
    pub(super) fn at(self, border: Border) -> u32 {
        match border {
            Border::Val => self.train,
            Border::Test => self.train + self.val,
        }
    }

    /// Range of a border in percent while the other one stays.
    pub(super) fn reach(self, border: Border) -> (u32, u32) {
        match border {
            Border::Val => (MIN_TRAIN, self.at(Border::Test).saturating_sub(MIN_PART)),
            Border::Test => (self.train + MIN_PART, 100 - MIN_PART),
        }
    }

    /// With a border at `percent`, limited so that every part has its smallest size.
    pub(super) fn moved(self, border: Border, percent: f64) -> Self {
        let (least, most) = self.reach(border);
        let percent = (percent.round().max(0.0) as u32).min(most).max(least);
        match border {
            Border::Val => Self {
                train: percent,
                val: self.at(Border::Test).saturating_sub(percent).max(MIN_PART),
            },
            Border::Test => Self {
                val: percent - self.train,
                ..self
            },
        }
    }

    /// The split rule with these shares.
    pub(super) fn rule(self) -> SplitRule {
        let share = |percent: u32| f64::from(percent) / 100.0;
        SplitRule::Fractions {
            train: share(self.train),
            val: share(self.val),
            test: share(self.test()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_border_moves_and_every_part_has_its_smallest_size() {
        let start = Shares { train: 70, val: 10 };
        let earlier = start.moved(Border::Val, 59.6);
        assert_eq!(earlier, Shares { train: 60, val: 20 });
        assert_eq!(start.moved(Border::Val, 99.0), Shares { train: 75, val: 5 });
        assert_eq!(start.moved(Border::Val, -3.0).train, MIN_TRAIN);
        assert_eq!(
            start.moved(Border::Test, 90.0),
            Shares { train: 70, val: 20 }
        );
        assert_eq!(start.moved(Border::Test, 0.0).val, MIN_PART);
        assert_eq!(start.moved(Border::Test, 100.0).test(), MIN_PART);
    }

    #[test]
    fn the_rule_divides_all_rows() {
        let split = Shares { train: 61, val: 17 }
            .rule()
            .apply(1_000, 1, 1)
            .unwrap();
        assert_eq!(
            (split.train.len(), split.val.len(), split.test.len()),
            (610, 170, 220)
        );
    }
}
