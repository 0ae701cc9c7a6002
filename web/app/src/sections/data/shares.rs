//! The two borders between training, validation and test, in percent of the rows.

use spat_series::SplitRule;

use crate::state::LoadedTable;

/// The smallest parts, in percent.
const LEAST_TRAIN: u32 = 10;
const LEAST: u32 = 5;

/// Shares of the rows in percent; the test part is the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) train: u32,
    pub(super) val: u32,
}

/// One of the borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// Where training ends and validation begins.
    Val,
    /// Where validation ends and the test begins.
    Test,
}

impl Shares {
    /// Before anybody chose.
    pub(super) const FIRST: Self = Self { train: 70, val: 10 };

    /// Those of a table.
    pub(super) fn of(table: &LoadedTable) -> Self {
        let percent = |share: f64| (share * 100.0).round() as u32;
        // As they were asked for: of few rows, whole rows would not give the same percent back.
        if let SplitRule::Fractions { train, val, .. } = table.data.split {
            return Self {
                train: percent(train),
                val: percent(val),
            };
        }
        let rows = table.series.rows();
        let of = |part: usize| percent(part as f64 / rows.max(1) as f64);
        let split = table.data.split.apply(rows, 1, 1);
        split.map_or(Self::FIRST, |split| Self {
            train: of(split.train.len()),
            val: of(split.val.len()),
        })
    }

    pub(super) fn test(self) -> u32 {
        100_u32.saturating_sub(self.train + self.val)
    }

    /// Where a border lies, in percent from the first row.
    pub(super) fn at(self, border: Border) -> u32 {
        match border {
            Border::Val => self.train,
            Border::Test => self.train + self.val,
        }
    }

    /// Least and most percent for a border while the other one stays.
    pub(super) fn reach(self, border: Border) -> (u32, u32) {
        match border {
            Border::Val => (LEAST_TRAIN, self.at(Border::Test).saturating_sub(LEAST)),
            Border::Test => (self.train + LEAST, 100 - LEAST),
        }
    }

    /// With a border at `percent`, or as close to it as every part keeping something allows.
    pub(super) fn moved(self, border: Border, percent: f64) -> Self {
        let (least, most) = self.reach(border);
        let percent = (percent.round().max(0.0) as u32).min(most).max(least);
        match border {
            Border::Val => Self {
                train: percent,
                val: self.at(Border::Test).saturating_sub(percent).max(LEAST),
            },
            Border::Test => Self {
                val: percent - self.train,
                ..self
            },
        }
    }

    /// The rule that divides so.
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
    fn one_border_moves_and_every_part_keeps_something() {
        let start = Shares { train: 70, val: 10 };
        let earlier = start.moved(Border::Val, 59.6);
        assert_eq!(earlier, Shares { train: 60, val: 20 });
        assert_eq!(start.moved(Border::Val, 99.0), Shares { train: 75, val: 5 });
        assert_eq!(start.moved(Border::Val, -3.0).train, LEAST_TRAIN);
        assert_eq!(
            start.moved(Border::Test, 90.0),
            Shares { train: 70, val: 20 }
        );
        assert_eq!(start.moved(Border::Test, 0.0).val, LEAST);
        assert_eq!(start.moved(Border::Test, 100.0).test(), LEAST);
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
