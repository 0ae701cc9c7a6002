//! Marks of a clock along an axis.

use spat_series::TimeIndex;

/// So many marks are enough.
const ENOUGH: usize = 4;

/// Rows at which a year, or else a month, a day, a minute or a second begins, with its name: the longest
/// of these of which there are enough. None without timestamps.
pub(super) fn clock_marks(index: &TimeIndex) -> Vec<(f64, String)> {
    let rows = index.stamps().map_or(0, <[i64]>::len);
    let names: Vec<String> = (0..rows).map(|row| index.label(row)).collect();
    let mut marks = Vec::new();
    // Of `2016-07-01 00:00:00`: the year, the month, the day, the minute, the second.
    for (from, to) in [(0, 4), (0, 7), (0, 10), (5, 16), (11, 19)] {
        let unit = |row: usize| names.get(row).and_then(|name| name.get(..to));
        marks = (1..names.len())
            .filter(|&row| unit(row) != unit(row - 1))
            .filter_map(|row| Some((row as f64, names.get(row)?.get(from..to)?.to_owned())))
            .collect();
        if marks.len() >= ENOUGH {
            break;
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_where_a_unit_begins() {
        let hours: Vec<i64> = (0..24 * 8).map(|hour| hour * 3_600 + 7_200).collect();
        let marks = |stamps: &[i64]| clock_marks(&TimeIndex::from_stamps(stamps.to_vec()));
        let days = marks(&hours);
        assert_eq!(days.len(), 8);
        assert_eq!(days[0], (22.0, "1970-01-02".to_owned()));
        let months: Vec<i64> = (0..240).map(|day| day * 86_400).collect();
        assert_eq!(marks(&months)[0], (31.0, "1970-02".to_owned()));
        assert!(marks(&[0]).is_empty());
    }
}
