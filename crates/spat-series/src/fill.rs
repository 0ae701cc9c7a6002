//! Filling missing values, channel by channel.

use crate::{options::Fill, series::set};

/// Fills every NaN of `values` (`[rows × channels]` row-major) and returns the mask of what was
/// filled – empty where nothing was – and how many cells per channel. No channel may be all NaN.
///
/// [`Fill::Drop`] and [`Fill::Refuse`] have nothing to do here.
pub(crate) fn fill(values: &mut [f32], channels: usize, how: Fill) -> (Vec<u64>, Vec<usize>) {
    let mut mask = Vec::new();
    let mut filled = vec![0; channels];
    // In place of order: the mask first, in one pass, so that it grows once.
    for (at, value) in values.iter().enumerate() {
        if value.is_nan() {
            set(&mut mask, at);
            filled[at % channels] += 1;
        }
    }
    for (channel, _) in filled.iter().enumerate().filter(|(_, count)| **count > 0) {
        fill_channel(values, channels, channel, how);
    }
    (mask, filled)
}

fn fill_channel(values: &mut [f32], channels: usize, channel: usize, how: Fill) {
    let rows = values.len() / channels;
    let at = |row: usize| row * channels + channel;
    let mut before: Option<usize> = None;
    let mut row = 0;
    while row < rows {
        if !values[at(row)].is_nan() {
            before = Some(row);
            row += 1;
            continue;
        }
        let after = (row..rows).find(|&later| !values[at(later)].is_nan());
        let end = after.unwrap_or(rows);
        for hole in row..end {
            values[at(hole)] = match (before, after) {
                (Some(a), Some(b)) if how == Fill::Linear => {
                    let (from, to) = (f64::from(values[at(a)]), f64::from(values[at(b)]));
                    (from + (to - from) * (hole - a) as f64 / (b - a) as f64) as f32
                }
                (Some(a), _) => values[at(a)],
                (None, Some(b)) => values[at(b)],
                (None, None) => f32::NAN,
            };
        }
        row = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: f32 = f32::NAN;

    #[test]
    fn lines_and_edges() {
        let mut values = [N, 1.0, 2.0, N, N, N, N, 4.0, 8.0, N];
        let (mask, counts) = fill(&mut values, 2, Fill::Linear);
        assert_eq!(values, [2.0, 1.0, 2.0, 2.0, 4.0, 3.0, 6.0, 4.0, 8.0, 4.0]);
        assert_eq!((mask, counts), (vec![0b10_0111_1001], vec![3, 3]));
    }

    #[test]
    fn forward() {
        let mut values = [N, 1.0, N, N, 2.0, N];
        fill(&mut values, 1, Fill::Forward);
        assert_eq!(values, [1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn nothing_missing_costs_no_mask() {
        assert_eq!(fill(&mut [1.0, 2.0], 1, Fill::Linear), (vec![], vec![0]));
    }
}
