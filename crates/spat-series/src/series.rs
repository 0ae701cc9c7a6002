//! A series without gaps: what models are trained on.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{SeriesError, shorten_list},
    fill::segments,
    index::{TimeIndex, time_features},
    repairs::Repairs,
};

/// Channels over time, in time order, every value finite.
///
/// Values that were missing in the file are filled and marked, see [`Series::is_missing`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The time of each row.
    pub index: TimeIndex,
    /// Names of the channels, each different.
    pub channels: Vec<String>,
    /// What was repaired.
    pub repairs: Repairs,
    /// `[rows × channels]` row-major.
    pub(crate) values: Vec<f32>,
    /// What is to be added to the values of each channel; empty where that is 0 for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) offsets: Vec<f64>,
    /// One bit per value, 64 to a word, set where a value was filled; empty where none was.
    pub(crate) missing: Vec<u64>,
    /// Rows that begin a new segment, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cuts: Vec<usize>,
}

impl Series {
    /// A series of `values`, `[rows × channels]` row-major, with nothing missing.
    ///
    /// # Errors
    /// When there are no channels, a name appears twice, the shape does not fit names and index,
    /// or a value is not finite.
    pub fn from_values(
        channels: Vec<String>,
        values: Vec<f32>,
        index: TimeIndex,
    ) -> Result<Self, SeriesError> {
        let (rows, count) = (index.len(), channels.len());
        if count == 0 {
            return Err(SeriesError::NoChannels);
        }
        if rows.checked_mul(count) != Some(values.len()) {
            return Err(SeriesError::Shape {
                values: values.len(),
                rows,
                channels: count,
            });
        }
        let mut seen = HashSet::new();
        if let Some(name) = channels.iter().find(|name| !seen.insert(*name)) {
            return Err(SeriesError::ChannelTwice { name: name.clone() });
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let channel = channels[at % count].clone();
            return Err(SeriesError::NotFinite {
                row: at / count + 1,
                channel,
            });
        }
        Ok(Self {
            index,
            channels,
            repairs: Repairs::default(),
            values,
            offsets: Vec::new(),
            missing: Vec::new(),
            cuts: Vec::new(),
        })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.index.len()
    }

    /// Rows that follow a gap too long to fill, ascending. No window crosses one, see
    /// [`Windows::within`](crate::Windows::within).
    pub fn cuts(&self) -> &[usize] {
        &self.cuts
    }

    /// The rows between [`Series::cuts`]; all rows where there is none.
    pub fn segments(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        segments(self.rows(), &self.cuts)
    }

    /// The number of channels.
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// The values in original units less [`Series::offsets`], `[rows × channels]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// What is to be added to the values of each channel, see [`with_offset`](crate::with_offset); empty
    /// where that is 0 for all. Only channels whose numbers have more digits than an f32 have one.
    pub fn offsets(&self) -> &[f64] {
        &self.offsets
    }

    /// The offset of a channel.
    pub fn offset(&self, channel: usize) -> f64 {
        self.offsets.get(channel).copied().unwrap_or(0.0)
    }

    /// The same series with other offsets; none given are 0. Changes no value in original units, as far
    /// as an f32 holds the difference.
    pub fn rebased(mut self, offsets: &[f64]) -> Self {
        let channels = self.channel_count().max(1);
        let target = |channel: usize| offsets.get(channel).copied().unwrap_or(0.0);
        let changes: Vec<f64> = (0..channels)
            .map(|channel| self.offset(channel) - target(channel))
            .collect();
        if changes.iter().any(|change| *change != 0.0) {
            for row in self.values.chunks_exact_mut(channels) {
                for (value, change) in row.iter_mut().zip(&changes) {
                    *value = (f64::from(*value) + change) as f32;
                }
            }
        }
        self.offsets = offsets.to_vec();
        self
    }

    /// The values of one row, one per channel, as [`Series::values`] has them.
    ///
    /// # Panics
    /// When `row` is not below [`Series::rows`], as indexing a slice does.
    pub fn row(&self, row: usize) -> &[f32] {
        self.row_range(row..row + 1)
    }

    /// The values of some rows, `[rows × channels]` row-major.
    ///
    /// # Panics
    /// When the range goes beyond [`Series::rows`], as indexing a slice does.
    pub fn row_range(&self, rows: Range<usize>) -> &[f32] {
        let channels = self.channel_count();
        &self.values[rows.start * channels..rows.end * channels]
    }

    /// The values of one channel in time order; empty for an unknown channel.
    pub fn channel(&self, channel: usize) -> impl Iterator<Item = f32> + '_ {
        let skip = if channel < self.channel_count() {
            channel
        } else {
            self.values.len()
        };
        self.values
            .iter()
            .skip(skip)
            .step_by(self.channel_count().max(1))
            .copied()
    }

    /// Whether a value was missing in the file and is filled here. `false` outside the series.
    pub fn is_missing(&self, row: usize, channel: usize) -> bool {
        channel < self.channel_count()
            && is_set(&self.missing, row * self.channel_count() + channel)
    }

    /// How many values were filled.
    pub fn missing_count(&self) -> usize {
        self.missing
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// The rows from a channel's first value in the file to its last; empty for an unknown
    /// channel.
    pub fn given_rows(&self, channel: usize) -> Range<usize> {
        if channel >= self.channel_count() {
            return 0..0;
        }
        let given = |row: &usize| !self.is_missing(*row, channel);
        let first = (0..self.rows()).find(given);
        let last = (0..self.rows()).rev().find(given);
        match (first, last) {
            (Some(first), Some(last)) => first..last + 1,
            _ => 0..0,
        }
    }

    /// The channels `names`, in that order. [`Series::repairs`] stays that of the whole series.
    ///
    /// # Errors
    /// No name is given, one does not exist, or one is given twice.
    pub fn select(&self, names: &[String]) -> Result<Self, SeriesError> {
        let chosen = choose(&self.channels, names, |_| false)?;
        let count = self.channel_count();
        let mut values = Vec::with_capacity(self.rows() * chosen.len());
        let mut missing = Vec::new();
        for row in 0..self.rows() {
            for &channel in &chosen {
                if is_set(&self.missing, row * count + channel) {
                    set(&mut missing, values.len());
                }
                values.push(self.values[row * count + channel]);
            }
        }
        Ok(Self {
            index: self.index.clone(),
            channels: names.to_vec(),
            repairs: self.repairs.clone(),
            values,
            offsets: if self.offsets.is_empty() {
                Vec::new()
            } else {
                chosen.iter().map(|&channel| self.offset(channel)).collect()
            },
            missing,
            cuts: self.cuts.clone(),
        })
    }

    /// Calendar features of every row, `[rows × 4]` row-major, see [`time_features`]; `None`
    /// without timestamps.
    pub fn time_features(&self) -> Option<Vec<f32>> {
        self.index
            .timestamps()
            .map(|timestamps| time_features(timestamps, &self.index.format()))
    }

    /// Calendar features of the `n` rows after the last one, `[n × 4]` row-major; `None` where
    /// [`TimeIndex::extend`] cannot date them.
    pub fn future_time_features(&self, n: usize) -> Option<Vec<f32>> {
        let timestamps = self.index.extend(n)?;
        Some(time_features(&timestamps, &self.index.format()))
    }
}

/// Indices of `names` in `available`.
pub(crate) fn choose(
    available: &[String],
    names: &[String],
    is_text: impl Fn(&str) -> bool,
) -> Result<Vec<usize>, SeriesError> {
    if names.is_empty() {
        return Err(SeriesError::NoChannels);
    }
    let places: HashMap<&String, usize> = available
        .iter()
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect();
    let mut chosen = Vec::with_capacity(names.len());
    let mut taken = vec![false; available.len()];
    for name in names {
        let Some(&place) = places.get(name) else {
            return Err(SeriesError::UnknownChannel {
                name: name.clone(),
                is_text: is_text(name),
                available: shorten_list(available.iter().map(String::as_str)),
            });
        };
        if std::mem::replace(&mut taken[place], true) {
            return Err(SeriesError::ChannelTwice { name: name.clone() });
        }
        chosen.push(place);
    }
    Ok(chosen)
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64)
        .is_some_and(|word| word >> (at % 64) & 1 == 1)
}

pub(crate) fn set(bits: &mut Vec<u64>, at: usize) {
    let word = at / 64;
    if bits.len() <= word {
        bits.resize(word + 1, 0);
    }
    bits[word] |= 1 << (at % 64);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn shapes_are_checked() {
        let rows = |count| TimeIndex::Rows { count };
        let make = |n: &[&str], v: Vec<f32>, count| Series::from_values(names(n), v, rows(count));
        assert!(make(&["a", "b"], vec![1., 2., 3., 4.], 2).is_ok());
        assert!(matches!(
            make(&["a", "b"], vec![1.; 3], 2),
            Err(SeriesError::Shape { .. })
        ));
        assert!(matches!(
            make(&["a"], vec![1.; 3], usize::MAX),
            Err(SeriesError::Shape { .. })
        ));
        assert!(matches!(make(&[], vec![], 0), Err(SeriesError::NoChannels)));
        assert!(matches!(
            make(&["a", "a"], vec![1.; 4], 2),
            Err(SeriesError::ChannelTwice { .. })
        ));
        let error = make(&["a", "b"], vec![1., 2., 3., f32::INFINITY], 2).unwrap_err();
        assert_eq!(
            error,
            SeriesError::NotFinite {
                row: 2,
                channel: "b".to_owned()
            }
        );
    }

    #[test]
    fn selecting_keeps_what_was_missing() {
        let values = vec![1., 2., 3., 4., 5., 6.];
        let index = TimeIndex::Rows { count: 2 };
        let mut series = Series::from_values(names(&["a", "b", "c"]), values, index).unwrap();
        set(&mut series.missing, 5);
        let chosen = series.select(&names(&["c", "a"])).unwrap();
        assert_eq!(chosen.values(), [3., 1., 6., 4.]);
        assert!(chosen.is_missing(1, 0) && !chosen.is_missing(1, 1) && !chosen.is_missing(9, 9));
        assert_eq!(
            (
                chosen.missing_count(),
                chosen.channel(0).collect::<Vec<_>>()
            ),
            (1, vec![3., 6.])
        );
        let unknown = series.select(&names(&["d"])).unwrap_err().to_string();
        assert!(
            unknown.contains("\"d\"") && unknown.contains("a, b, c"),
            "{unknown}"
        );
        assert!(series.select(&names(&["a", "a"])).is_err());
        assert!(series.select(&[]).is_err());
    }
}
