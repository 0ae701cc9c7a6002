//! Rows under repair: ordered, merged, completed and filled.

use crate::{
    error::SeriesError,
    fill,
    frequency::Frequency,
    index::{anchor_day, format_stamp},
    options::{Fill, Gaps, Repeated, SeriesOptions, Unsorted},
    repairs::{ChannelRepair, Repairs},
};

/// A series that gained more rows than it had is mostly invented.
const MOST_GROWTH: u64 = 2;

/// Rows under repair.
pub(crate) struct Rows {
    /// Civil seconds; `None` for rows known by their number.
    pub(crate) stamps: Option<Vec<i64>>,
    pub(crate) channels: usize,
    /// `[rows × channels]` row-major, NaN where missing.
    pub(crate) values: Vec<f32>,
}

impl Rows {
    pub(crate) fn stamps(&self) -> &[i64] {
        self.stamps.as_deref().unwrap_or(&[])
    }

    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.channels
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.channels..(row + 1) * self.channels]
    }

    /// The stamp of a row, or its number from 1.
    fn label(&self, row: usize) -> String {
        self.stamps()
            .get(row)
            .map_or_else(|| format!("row {}", row + 1), |&s| format_stamp(s))
    }

    pub(crate) fn sort(&mut self, how: Unsorted, repairs: &mut Repairs) -> Result<(), SeriesError> {
        let stamps = self.stamps();
        let Some(at) = stamps.windows(2).position(|pair| pair[0] > pair[1]) else {
            return Ok(());
        };
        if how == Unsorted::Refuse {
            return Err(SeriesError::NotSorted {
                row: at + 2,
                label: self.label(at + 1),
            });
        }
        let mut order: Vec<usize> = (0..stamps.len()).collect();
        order.sort_by_key(|&row| stamps[row]);
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
        self.stamps = Some(order.iter().map(|&row| stamps[row]).collect());
        self.values = values;
        Ok(())
    }

    pub(crate) fn merge(
        &mut self,
        how: Repeated,
        repairs: &mut Repairs,
    ) -> Result<(), SeriesError> {
        let stamps = self.stamps();
        let repeats = stamps.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if repeats == 0 {
            return Ok(());
        }
        let (rows, distinct) = (stamps.len(), stamps.len() - repeats);
        match how {
            Repeated::Keep => {
                repairs.kept_repeats = repeats;
                return Ok(());
            }
            Repeated::Refuse => {
                let first = stamps
                    .windows(2)
                    .position(|pair| pair[0] == pair[1])
                    .unwrap_or(0);
                let (row, label) = (first + 2, self.label(first + 1));
                return Err(SeriesError::RepeatedStamp {
                    row,
                    label,
                    count: repeats,
                });
            }
            // Throwing half of a file away is no repair. Two rows alone prove nothing.
            Repeated::KeepFirst | Repeated::KeepLast if distinct * 2 <= rows && rows > 2 => {
                return Err(SeriesError::Stacked { rows, distinct });
            }
            Repeated::KeepFirst | Repeated::KeepLast | Repeated::Mean => {}
        }
        let mut merged = Vec::with_capacity(distinct * self.channels);
        let mut kept = Vec::with_capacity(distinct);
        let mut start = 0;
        for run in stamps.chunk_by(|a, b| a == b) {
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
        repairs.repeated_stamps = repeats;
        self.stamps = Some(kept);
        self.values = merged;
        Ok(())
    }

    /// Inserts rows into holes of the clock. Stamps off the grid are kept and counted.
    pub(crate) fn insert(
        &mut self,
        frequency: Frequency,
        options: &SeriesOptions,
        repairs: &mut Repairs,
    ) -> Result<(), SeriesError> {
        if frequency == Frequency::Unknown {
            return Ok(());
        }
        // Rows missing before each row but the first.
        let holes: Vec<u64> = self
            .stamps()
            .windows(2)
            .map(|pair| match frequency.steps_between(pair[0], pair[1]) {
                Some(steps) => steps - 1,
                None => {
                    repairs.off_grid_rows += usize::from(pair[1] > pair[0]);
                    0
                }
            })
            .collect();
        let missing = holes
            .iter()
            .fold(0_u64, |sum, hole| sum.saturating_add(*hole));
        if missing == 0 {
            return Ok(());
        }
        let rows = self.count();
        match options.gaps {
            Gaps::Insert if options.fill != Fill::Drop => {}
            Gaps::Refuse => {
                let at = holes.iter().position(|&hole| hole > 0).unwrap_or(0);
                return Err(SeriesError::Gap {
                    before: self.label(at),
                    after: self.label(at + 1),
                    missing: holes[at],
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
        let anchor = anchor_day(self.stamps());
        let mut stamps = Vec::with_capacity(would_be as usize);
        let mut values = Vec::with_capacity(would_be as usize * self.channels);
        for row in 0..rows {
            if row > 0 && holes[row - 1] > 0 {
                let before = self.stamps()[row - 1];
                for step in 1..=holes[row - 1] {
                    stamps.push(frequency.after(before, step as i64, anchor));
                    values.extend(std::iter::repeat_n(f32::NAN, self.channels));
                }
            }
            stamps.push(self.stamps()[row]);
            values.extend_from_slice(self.row(row));
        }
        repairs.inserted_rows = missing as usize;
        self.stamps = Some(stamps);
        self.values = values;
        Ok(())
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
                if let Some(stamps) = &mut self.stamps {
                    let mut keep = whole.iter();
                    stamps.retain(|_| keep.next() == Some(&true));
                }
                let channels = self.channels;
                let mut at = 0;
                self.values.retain(|_| {
                    at += 1;
                    whole[(at - 1) / channels]
                });
                return Ok(Vec::new());
            }
            Fill::Forward | Fill::Linear => {}
        }
        let (mask, filled) = fill::fill(&mut self.values, self.channels, how);
        repairs.fill = Some(how);
        repairs.filled_cells = channels
            .iter()
            .zip(filled)
            .filter(|(_, cells)| *cells > 0)
            .map(|(channel, cells)| ChannelRepair {
                channel: channel.clone(),
                cells,
            })
            .collect();
        Ok(mask)
    }
}
