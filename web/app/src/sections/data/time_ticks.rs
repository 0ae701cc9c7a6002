//! Tick labels of a time axis.

use spat_series::TimeIndex;

/// Least number of ticks.
const MIN_TICKS: usize = 4;

/// Rows at which a year, a month, a day, a minute or a second begins, with labels: the longest unit with
/// enough ticks. None without timestamps.
pub(super) fn time_ticks(index: &TimeIndex) -> Vec<(f64, String)> {
    let rows = index.timestamps().map_or(0, <[i64]>::len);
    let names: Vec<String> = (0..rows).map(|row| index.label(row)).collect();
    let mut ticks = Vec::new();
    // Of `2016-07-01 00:00:00`: the year, the month, the day, the minute, the second.
    for (from, to) in [(0, 4), (0, 7), (0, 10), (5, 16), (11, 19)] {
        let unit = |row: usize| names.get(row).and_then(|name| name.get(..to));
        ticks = (1..names.len())
            .filter(|&row| unit(row) != unit(row - 1))
            .filter_map(|row| Some((row as f64, names.get(row)?.get(from..to)?.to_owned())))
            .collect();
        if ticks.len() >= MIN_TICKS {
            break;
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_where_a_unit_begins() {
        let hours: Vec<i64> = (0..24 * 8).map(|hour| hour * 3_600 + 7_200).collect();
        let ticks =
            |timestamps: &[i64]| time_ticks(&TimeIndex::from_timestamps(timestamps.to_vec()));
        let days = ticks(&hours);
        assert_eq!(days.len(), 8);
        assert_eq!(days[0], (22.0, "1970-01-02".to_owned()));
        let months: Vec<i64> = (0..240).map(|day| day * 86_400).collect();
        assert_eq!(ticks(&months)[0], (31.0, "1970-02".to_owned()));
        assert!(ticks(&[0]).is_empty());
    }
}
