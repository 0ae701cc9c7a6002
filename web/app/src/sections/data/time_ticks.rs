//! Tick labels of a time axis.

use spat_series::format_stamp;

/// Least number of ticks.
const MIN_TICKS: usize = 4;

/// Rows at which a year, a month, a day or a minute begins, with labels: the longest unit with enough
/// ticks.
pub(super) fn time_ticks(stamps: &[i64]) -> Vec<(f64, String)> {
    let names: Vec<String> = stamps.iter().map(|&stamp| format_stamp(stamp)).collect();
    let mut ticks = Vec::new();
    // Of `2016-07-01 00:00:00`: the year, the month, the day, the minute.
    for (from, to) in [(0, 4), (0, 7), (0, 10), (5, 16)] {
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
        let days = time_ticks(&hours);
        assert_eq!(days.len(), 8);
        assert_eq!(days[0], (22.0, "1970-01-02".to_owned()));
        let months: Vec<i64> = (0..240).map(|day| day * 86_400).collect();
        assert_eq!(time_ticks(&months)[0], (31.0, "1970-02".to_owned()));
        assert!(time_ticks(&[0]).is_empty());
    }
}
