//! Columns of large numbers that differ in digits beyond an f32: kept as differences to an offset.

use crate::number;

/// From here on an f32 has no decimals.
pub(crate) const LARGE: f32 = 8_388_608.0;

/// A column is kept as differences where its numbers are larger than their range by this factor.
const NARROW: f32 = 16.0;

/// Digits of the large numbers of a column that an f32 loses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remainders {
    low: f32,
    high: f32,
    /// Row and remainder, in row order; only remainders other than 0.
    cells: Vec<(usize, f32)>,
    /// Whether the column varies too much to be kept as differences.
    wide: bool,
}

impl Remainders {
    /// Records the difference between the number in `cell` and `number`.
    #[cold]
    #[inline(never)]
    pub(crate) fn note(&mut self, row: usize, number: f32, cell: &str, decimal_comma: bool) {
        if self.wide {
            return;
        }
        if self.low == 0.0 && self.high == 0.0 {
            (self.low, self.high) = (number, number);
        }
        (self.low, self.high) = (self.low.min(number), self.high.max(number));
        if !is_narrow(self.low, self.high) {
            self.wide = true;
            self.cells = Vec::new();
            return;
        }
        let precise = number::precise(cell, decimal_comma);
        let remainder = precise.map_or(0.0, |precise| (precise - f64::from(number)) as f32);
        // A number with a factor, such as 12.5M, differs from its digits.
        if remainder != 0.0 && remainder.abs() <= number.abs() * f32::EPSILON {
            self.cells.push((row, remainder));
        }
    }

    /// Removes the rows from `row` on.
    pub(crate) fn truncate(&mut self, row: usize) {
        let kept = self.cells.partition_point(|(other, _)| *other < row);
        self.cells.truncate(kept);
    }

    /// The offset of a column with the given range, if f32 makes different consecutive values equal.
    pub(crate) fn offset(
        &self,
        column: impl Iterator<Item = f32>,
        (low, high): (f32, f32),
    ) -> Option<f64> {
        if self.cells.is_empty() || !is_narrow(low, high) {
            return None;
        }
        let mut before: Option<f64> = None;
        let merges = self.with(column).any(|(number, precise)| {
            let last = before.replace(precise);
            last.is_some_and(|last| last != precise && last as f32 == number)
        });
        merges.then_some(f64::from(low))
    }

    /// The numbers of a column and their precise values; missing cells are left out.
    fn with(&self, column: impl Iterator<Item = f32>) -> impl Iterator<Item = (f32, f64)> {
        let mut remainders = self.cells.iter().peekable();
        let numbers = column.enumerate().filter(|(_, number)| !number.is_nan());
        numbers.map(move |(row, number)| {
            let remainder = remainders.next_if(|(other, _)| *other == row);
            let remainder = remainder.map_or(0.0, |(_, remainder)| *remainder);
            (number, f64::from(number) + f64::from(remainder))
        })
    }

    /// Replaces the numbers of a column by their differences to `offset`. Returns how many consecutive values
    /// that differ in the file are still equal.
    pub(crate) fn subtract<'a>(
        &self,
        column: impl Iterator<Item = &'a mut f32>,
        offset: f64,
    ) -> usize {
        let mut remainders = self.cells.iter().peekable();
        let mut before: Option<(f64, f32)> = None;
        let mut equal = 0;
        for (row, number) in column.enumerate() {
            let remainder = remainders.next_if(|(other, _)| *other == row);
            if number.is_nan() {
                continue;
            }
            let remainder = remainder.map_or(0.0, |(_, remainder)| f64::from(*remainder));
            let precise = f64::from(*number) + remainder;
            *number = (precise - offset) as f32;
            let last = before.replace((precise, *number));
            equal += usize::from(last.is_some_and(|(p, n)| p != precise && n == *number));
        }
        equal
    }
}

fn is_narrow(low: f32, high: f32) -> bool {
    let size = low.abs().max(high.abs());
    size.is_finite() && size >= LARGE && high - low < size / NARROW
}

/// `value + offset`, where `value` is a difference to `offset`, by the shortest decimals of `value`.
pub fn with_offset(value: f32, offset: f64) -> f64 {
    // The shortest decimals of 0.1 are 0.1, not the 0.100000001 that it is in f64.
    let decimal = value.to_string().parse().unwrap_or(f64::from(value));
    decimal + offset
}

/// [`with_offset`] as text, with the decimals of `value`.
pub fn format_with_offset(value: f32, offset: f64) -> String {
    let text = value.to_string();
    if offset == 0.0 {
        return text;
    }
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    // So many decimals of a number beyond f32 are precise in f64.
    format!("{:.*}", decimals.min(7), with_offset(value, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remainders(cells: &[&str]) -> (Remainders, Vec<f32>) {
        let mut remainders = Remainders::default();
        let numbers: Vec<f32> = cells.iter().filter_map(|cell| cell.parse().ok()).collect();
        for (row, (cell, number)) in cells.iter().zip(&numbers).enumerate() {
            remainders.note(row, *number, cell, false);
        }
        (remainders, numbers)
    }

    fn range(numbers: &[f32]) -> (f32, f32) {
        numbers
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &n| {
                (a.min(n), b.max(n))
            })
    }

    #[test]
    fn large_numbers_keep_all_digits_as_differences() {
        let cells = ["123456789.5", "123456790.25", "123456791", "123456790.75"];
        let (remainders, mut numbers) = remainders(&cells);
        let range = range(&numbers);
        let offset = remainders.offset(numbers.iter().copied(), range);
        assert_eq!(offset, Some(f64::from(range.0)));
        let offset = offset.unwrap_or_default();
        assert_eq!(remainders.subtract(numbers.iter_mut(), offset), 0);
        let text: Vec<String> = numbers
            .iter()
            .map(|n| format_with_offset(*n, offset))
            .collect();
        assert_eq!(text, cells);
    }

    #[test]
    fn numbers_that_f32_keeps_apart_have_no_offset() {
        for cells in [
            &["10000000", "10000001", "10000002"][..],
            &["123456789.5", "1000.5", "123456789.75"],
            &["123456789.5", "123456789.5"],
        ] {
            let (remainders, numbers) = remainders(cells);
            let range = range(&numbers);
            assert_eq!(
                remainders.offset(numbers.iter().copied(), range),
                None,
                "{cells:?}"
            );
        }
    }

    #[test]
    fn no_offset_changes_no_text() {
        assert_eq!(format_with_offset(0.1, 0.0), "0.1");
        assert_eq!(with_offset(0.1, 0.0), 0.1);
        assert_eq!(format_with_offset(0.25, 1e9), "1000000000.25");
    }
}
