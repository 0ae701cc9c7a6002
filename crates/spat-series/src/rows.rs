//! Repair of rows: sorting, merging, inserting and filling.

use crate::{
    error::SeriesError,
    fill::{self, Filled},
    frequency::Frequency,
    index::anchor_day,
    jitter,
    options::{Fill, Gaps, Repeated, SeriesOptions, Unsorted},
    repairs::{ChannelRepair, Gap, Repairs},
    unit::{NANOSECONDS, TimeFormat, TimeUnit},
};

/// A series may grow by at most this factor; beyond it, most values would be filled.
const MOST_GROWTH: u64 = 2;

/// The most rows that are inserted into one gap where the step has no season: the usual look-back.
const WITHOUT_SEASON: usize = 96;

/// Rows that are being repaired.
pub(crate) struct Rows {
    /// Timestamps; `None` for numbered rows.
    pub(crate) timestamps: Option<Vec<i64>>,
    /// How they are counted and written.
    pub(crate) format: TimeFormat,
    pub(crate) channels: usize,
    /// `[rows × channels]` row-major, NaN where missing.
    pub(crate) values: Vec<f32>,
    /// Rows that begin a new segment.
    pub(crate) cuts: Vec<usize>,
}

impl Rows {
    pub(crate) fn timestamps(&self) -> &[i64] {
        self.timestamps.as_deref().unwrap_or(&[])
    }

    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.channels
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.channels..(row + 1) * self.channels]
    }

    /// The timestamp of a row, or its number from 1.
    fn label(&self, row: usize) -> String {
        self.timestamps()
            .get(row)
            .map_or_else(|| format!("row {}", row + 1), |&s| self.format.format(s))
    }

    pub(crate) fn sort(&mut self, how: Unsorted, repairs: &mut Repairs) -> Result<(), SeriesError> {
        let timestamps = self.timestamps();
        let Some(at) = timestamps.windows(2).position(|pair| pair[0] > pair[1]) else {
            return Ok(());
        };
        if how == Unsorted::Refuse {
            return Err(SeriesError::NotSorted {
                row: at + 2,
                label: self.label(at + 1),
            });
        }
        let mut order: Vec<usize> = (0..timestamps.len()).collect();
        order.sort_by_key(|&row| timestamps[row]);
        repairs.sorted_rows = order
            .iter()
            .enumerate()
            .filter(|(to, from)| to != *from)
            .count();
        let values = order
            .iter()
            .flat_map(|&row| self.row(row))
            .copied()
            .collect();
        self.timestamps = Some(order.iter().map(|&row| timestamps[row]).collect());
        self.values = values;
        Ok(())
    }

    pub(crate) fn merge(
        &mut self,
        how: Repeated,
        repairs: &mut Repairs,
    ) -> Result<(), SeriesError> {
        let timestamps = self.timestamps();
        let repeats = timestamps
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .count();
        if repeats == 0 {
            return Ok(());
        }
        let (rows, distinct) = (timestamps.len(), timestamps.len() - repeats);
        match how {
            Repeated::Keep => {
                repairs.kept_repeats = repeats;
                return Ok(());
            }
            Repeated::Refuse => {
                let first = timestamps
                    .windows(2)
                    .position(|pair| pair[0] == pair[1])
                    .unwrap_or(0);
                let (row, label) = (first + 2, self.label(first + 1));
                return Err(SeriesError::RepeatedTimestamp {
                    row,
                    label,
                    count: repeats,
                });
            }
            // Dropping half of a file is not a repair. Two rows are too few to decide.
            Repeated::KeepFirst | Repeated::KeepLast if distinct * 2 <= rows && rows > 2 => {
                return Err(SeriesError::Stacked { rows, distinct });
            }
            Repeated::KeepFirst | Repeated::KeepLast | Repeated::Mean => {}
        }
        let mut merged = Vec::with_capacity(distinct * self.channels);
        let mut kept = Vec::with_capacity(distinct);
        let mut start = 0;
        for run in timestamps.chunk_by(|a, b| a == b) {
            let rows = start..start + run.len();
            start = rows.end;
            kept.push(run[0]);
            match how {
                Repeated::KeepFirst => merged.extend_from_slice(self.row(rows.start)),
                Repeated::Mean if run.len() > 1 => {
                    for channel in 0..self.channels {
                        let there = rows.clone().map(|row| self.row(row)[channel]);
                        let there = there.filter(|value| !value.is_nan());
                        let (sum, count) =
                            there.fold((0.0, 0), |(sum, n), v| (sum + f64::from(v), n + 1));
                        merged.push(if count == 0 {
                            f32::NAN
                        } else {
                            (sum / f64::from(count)) as f32
                        });
                    }
                }
                _ => merged.extend_from_slice(self.row(rows.end - 1)),
            }
        }
        repairs.repeated_timestamps += repeats;
        self.timestamps = Some(kept);
        self.values = merged;
        Ok(())
    }

    /// Moves timestamps that are slightly off their step to the step's grid.
    pub(crate) fn snap(&mut self, repairs: &mut Repairs) {
        let Some(snapped) = jitter::snap(self.timestamps(), self.format.unit) else {
            return;
        };
        let farthest = usize::try_from(snapped.farthest).unwrap_or(usize::MAX);
        repairs.snapped_rows = snapped.rows;
        let mut timestamps = snapped.timestamps;
        match self.format.unit {
            TimeUnit::Seconds => repairs.snapped_seconds = farthest,
            TimeUnit::Nanoseconds => {
                repairs.snapped_nanoseconds = farthest;
                if timestamps.iter().all(|at| at % NANOSECONDS == 0) {
                    timestamps.iter_mut().for_each(|at| *at /= NANOSECONDS);
                    self.format.unit = TimeUnit::Seconds;
                }
                let TimeFormat { unit, zone, .. } = std::mem::take(&mut self.format);
                self.format = TimeFormat::of(&timestamps, unit, zone);
            }
        }
        self.timestamps = Some(timestamps);
    }

    /// Inserts rows into gaps in the time index, and cuts the series at those that are too long.
    /// Timestamps off the grid are kept and counted.
    pub(crate) fn insert(
        &mut self,
        frequency: &Frequency,
        options: &SeriesOptions,
        repairs: &mut Repairs,
    ) -> Result<(), SeriesError> {
        if *frequency == Frequency::Unknown {
            return Ok(());
        }
        let longest = options.longest_fill.unwrap_or_else(|| {
            Some(frequency.season_length())
                .filter(|season| *season > 1)
                .unwrap_or(WITHOUT_SEASON)
        });
        let inserts = options.gaps == Gaps::Insert && options.fill != Fill::Drop;
        if inserts {
            self.remove_blank(frequency, longest, repairs);
        }
        // Rows missing before each row but the first.
        let gaps: Vec<u64> = self
            .timestamps()
            .windows(2)
            .map(|pair| match frequency.steps_between(pair[0], pair[1]) {
                Some(steps) => steps - 1,
                None => {
                    repairs.off_grid_rows += usize::from(pair[1] > pair[0]);
                    match frequency.steps_covered(pair[0], pair[1]) {
                        // A time index with another phase after a long gap.
                        steps if inserts && steps > longest as u64 => steps,
                        _ => 0,
                    }
                }
            })
            .collect();
        let too_long = |gap: u64| inserts && gap > longest as u64;
        let to_insert = gaps.iter().filter(|gap| !too_long(**gap));
        let missing = to_insert.fold(0_u64, |sum, gap| sum.saturating_add(*gap));
        repairs.cut_gaps = gaps.iter().filter(|gap| too_long(**gap)).count();
        if missing == 0 && repairs.cut_gaps == 0 {
            return Ok(());
        }
        if let Some((at, &rows)) = (0..).zip(&gaps).max_by_key(|(at, gap)| (**gap, !*at)) {
            repairs.longest_gap = Some(Gap {
                after: self.label(at),
                before: self.label(at + 1),
                rows,
            });
        }
        let rows = self.count();
        match options.gaps {
            Gaps::Insert if options.fill != Fill::Drop => {}
            Gaps::Refuse => {
                let at = gaps.iter().position(|&gap| gap > 0).unwrap_or(0);
                return Err(SeriesError::Gap {
                    before: self.label(at),
                    after: self.label(at + 1),
                    missing: gaps[at],
                    frequency: frequency.to_string(),
                });
            }
            Gaps::Keep | Gaps::Insert => {
                repairs.kept_gaps = missing;
                return Ok(());
            }
        }
        let would_be = missing.saturating_add(rows as u64);
        if would_be > MOST_GROWTH * rows as u64 {
            let frequency = frequency.to_string();
            return Err(SeriesError::TooManyGaps {
                rows,
                would_be,
                frequency,
            });
        }
        if repairs.cut_gaps > 0 {
            repairs.longest_fill = longest;
        }
        let anchor = match frequency {
            Frequency::Months(_) => anchor_day(self.timestamps()),
            _ => 1,
        };
        let mut timestamps = Vec::with_capacity(would_be as usize);
        let mut values = Vec::with_capacity(would_be as usize * self.channels);
        let mut cuts = Vec::new();
        for row in 0..rows {
            if row > 0 && too_long(gaps[row - 1]) {
                cuts.push(timestamps.len());
            } else if row > 0 && gaps[row - 1] > 0 {
                let before = self.timestamps()[row - 1];
                for step in 1..=gaps[row - 1] {
                    timestamps.push(frequency.after(before, step as i64, anchor));
                    values.extend(std::iter::repeat_n(f32::NAN, self.channels));
                }
            }
            timestamps.push(self.timestamps()[row]);
            values.extend_from_slice(self.row(row));
        }
        repairs.inserted_rows = missing as usize;
        self.timestamps = Some(timestamps);
        self.values = values;
        self.cuts = cuts;
        Ok(())
    }

    /// Removes rows without any value from gaps of more than `longest` rows, so that they count as
    /// missing.
    fn remove_blank(&mut self, frequency: &Frequency, longest: usize, repairs: &mut Repairs) {
        let timestamps = self.timestamps();
        let blank: Vec<bool> = (0..self.count())
            .map(|row| self.row(row).iter().all(|value| value.is_nan()))
            .collect();
        let mut keep = vec![true; blank.len()];
        let mut at = 0;
        for run in blank.chunk_by(|a, b| a == b) {
            let rows = at..at + run.len();
            at = rows.end;
            // Blank rows at either end are no gap.
            if !run[0] || rows.start == 0 || rows.end == blank.len() {
                continue;
            }
            let steps = frequency.steps_covered(timestamps[rows.start - 1], timestamps[rows.end]);
            if steps > longest as u64 + 1 {
                keep[rows].fill(false);
            }
        }
        let removed = keep.iter().filter(|keep| !**keep).count();
        if removed > 0 {
            repairs.blank_rows = removed;
            self.retain(&keep);
        }
    }

    fn retain(&mut self, keep: &[bool]) {
        if let Some(timestamps) = &mut self.timestamps {
            let mut keep = keep.iter();
            timestamps.retain(|_| keep.next() == Some(&true));
        }
        let channels = self.channels;
        let mut at = 0;
        self.values.retain(|_| {
            at += 1;
            keep[(at - 1) / channels]
        });
    }

    /// Fills or drops what is missing and returns the mask of filled cells.
    pub(crate) fn fill(
        &mut self,
        how: Fill,
        channels: &[String],
        repairs: &mut Repairs,
    ) -> Result<Vec<u64>, SeriesError> {
        let Some(first) = self.values.iter().position(|value| value.is_nan()) else {
            return Ok(Vec::new());
        };
        match how {
            Fill::Refuse => {
                let row = first / self.channels;
                return Err(SeriesError::Missing {
                    row: row + 1,
                    label: self.label(row),
                    channel: channels[first % self.channels].clone(),
                    count: self.values.iter().filter(|value| value.is_nan()).count(),
                });
            }
            Fill::Drop => {
                let whole: Vec<bool> = self
                    .values
                    .chunks_exact(self.channels)
                    .map(|row| row.iter().all(|value| !value.is_nan()))
                    .collect();
                let kept = whole.iter().filter(|whole| **whole).count();
                if kept == 0 {
                    return Err(SeriesError::NoRowsLeft { rows: whole.len() });
                }
                repairs.dropped_rows = whole.len() - kept;
                self.retain(&whole);
                return Ok(Vec::new());
            }
            Fill::Forward | Fill::Linear => {}
        }
        let Filled {
            mask,
            cells,
            leading,
            trailing,
        } = fill::fill(&mut self.values, self.channels, &self.cuts, how);
        repairs.fill = Some(how);
        (repairs.leading_cells, repairs.trailing_cells) = (leading, trailing);
        repairs.filled_cells = channels
            .iter()
            .zip(cells)
            .filter(|(_, cells)| *cells > 0)
            .map(|(channel, cells)| ChannelRepair {
                channel: channel.clone(),
                cells,
            })
            .collect();
        Ok(mask)
    }
}
