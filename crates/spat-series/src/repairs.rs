//! The record of everything that was changed between file and series.

use serde::{Deserialize, Serialize};

use crate::error::some;
use crate::{detection::MarkerCount, frequency::Frequency, options::Fill};

/// What was repaired, and what was found and left unchanged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Repairs {
    /// Rows that were at another place in the file.
    pub sorted_rows: usize,
    /// Rows that repeated the timestamp of another and were left out or merged.
    #[serde(rename = "repeated_stamps")]
    pub repeated_timestamps: usize,
    /// Rows that repeat a timestamp and were kept.
    pub kept_repeats: usize,
    /// Rows inserted into gaps in the time index.
    pub inserted_rows: usize,
    /// Missing rows that were not inserted.
    pub kept_gaps: u64,
    /// Timestamps that do not fit the step from their predecessor, although most do.
    pub off_grid_rows: usize,
    /// Rows left out because a value was missing.
    pub dropped_rows: usize,
    /// How missing values were filled; `None` if none was.
    pub fill: Option<Fill>,
    /// Filled cells per channel, without channels that have none.
    pub filled_cells: Vec<ChannelRepair>,
    /// Markers of missing values in the file, with counts.
    pub missing_markers: Vec<MarkerCount>,
    /// Channels left out because every value is missing.
    pub dropped_channels: Vec<String>,
    /// Channels that never change. They are kept, but only cost time.
    pub constant_channels: Vec<String>,
    /// Whether no step covers half of the distances between timestamps.
    pub irregular: bool,
    /// The step between rows, where there is one.
    pub step: Option<Frequency>,
    /// Rows whose timestamp was moved to the step's grid.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub snapped_rows: usize,
    /// The largest move, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub snapped_seconds: usize,
    /// The largest move, in nanoseconds, if timestamps are counted in them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub snapped_nanoseconds: usize,
    /// The longest gap in the timestamps.
    #[serde(
        rename = "longest_hole",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub longest_gap: Option<Gap>,
    /// Gaps that were too long to fill, and now separate the segments of the series.
    #[serde(rename = "cut_holes", default, skip_serializing_if = "is_zero")]
    pub cut_gaps: usize,
    /// The most rows that were inserted into one gap, where a longer one was left.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub longest_fill: usize,
    /// Rows without any value that were left out of such gaps.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub blank_rows: usize,
    /// Filled cells before their channel's first value.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leading_cells: usize,
    /// Filled cells after their channel's last value.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trailing_cells: usize,
}

/// Consecutive missing rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last timestamp before it.
    pub after: String,
    /// The first timestamp after it.
    pub before: String,
    /// Missing rows.
    pub rows: u64,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A count of repaired cells in one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRepair {
    /// The channel's name.
    pub channel: String,
    /// Cells repaired.
    pub cells: usize,
}

impl Repairs {
    /// Filled cells over all channels.
    pub fn filled(&self) -> usize {
        self.filled_cells.iter().map(|repair| repair.cells).sum()
    }

    /// One plain sentence per repair or remark; empty where there is none.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut push = |line: String| lines.push(line);
        let step = self
            .step
            .as_ref()
            .map_or_else(String::new, |step| format!(" at a step of {step}"));
        if self.sorted_rows > 0 {
            push(format!("{} sorted by time.", rows(self.sorted_rows)));
        }
        if self.repeated_timestamps > 0 {
            push(format!(
                "{} with a repeated timestamp left out or merged.",
                rows(self.repeated_timestamps)
            ));
        }
        if self.kept_repeats > 0 {
            push(format!(
                "{} with a repeated timestamp kept.",
                rows(self.kept_repeats)
            ));
        }
        if self.snapped_rows > 0 {
            push(format!(
                "{} moved to the nearest time{step}, by at most {}.",
                rows(self.snapped_rows),
                if self.snapped_nanoseconds > 0 {
                    Frequency::Nanoseconds(self.snapped_nanoseconds as u64).to_string()
                } else {
                    duration(self.snapped_seconds)
                }
            ));
        }
        if self.inserted_rows > 0 {
            push(format!(
                "{} inserted into gaps in the time index{step}.",
                rows(self.inserted_rows)
            ));
        }
        if self.kept_gaps > 0 {
            push(format!(
                "Gaps of {} rows in the time index kept{step}.",
                self.kept_gaps
            ));
        }
        if self.cut_gaps > 0 {
            let (what, them) = match self.cut_gaps {
                1 => ("1 gap".to_owned(), "it"),
                many => (format!("{many} gaps"), "them"),
            };
            push(format!(
                "{what} of more than {} not filled: the rows before and after {them} are separate \
                 segments, and no window crosses from one to the next.",
                rows(self.longest_fill)
            ));
        }
        if self.blank_rows > 0 {
            push(format!(
                "{} without any value left out of the long gaps.",
                rows(self.blank_rows)
            ));
        }
        if let Some(gap) = &self.longest_gap {
            push(format!(
                "The longest gap lacks {} between {} and {}.",
                rows(usize::try_from(gap.rows).unwrap_or(usize::MAX)),
                gap.after,
                gap.before
            ));
        }
        if self.off_grid_rows > 0 {
            push(format!(
                "{} off the grid of the time index kept{step}.",
                rows(self.off_grid_rows)
            ));
        }
        if self.irregular {
            push("The timestamps keep no common step, so no gaps were looked for.".to_owned());
        }
        if self.dropped_rows > 0 {
            push(format!(
                "{} with a missing value left out.",
                rows(self.dropped_rows)
            ));
        }
        if !self.missing_markers.is_empty() {
            let seen: Vec<String> = self
                .missing_markers
                .iter()
                .map(ToString::to_string)
                .collect();
            push(format!("Read as missing in the file: {}.", seen.join(", ")));
        }
        if let (Some(fill), true) = (self.fill, self.filled() > 0) {
            let how = match fill {
                Fill::Forward => "by the value before",
                Fill::Linear => "on a straight line between their neighbours",
                Fill::Drop | Fill::Refuse => "",
            };
            let most: Vec<String> = self
                .filled_cells
                .iter()
                .map(|r| format!("{} {}", r.channel, r.cells))
                .collect();
            let (filled, edges) = (self.filled(), self.leading_cells + self.trailing_cells);
            if edges == 0 {
                push(format!(
                    "{filled} missing cells filled {how} ({}).",
                    some(&most)
                ));
            } else {
                let between = filled.saturating_sub(edges);
                let mut parts = Vec::new();
                if between > 0 {
                    parts.push(format!("{between} {how}"));
                }
                for (count, place, value) in [
                    (self.leading_cells, "leading", "first"),
                    (self.trailing_cells, "trailing", "last"),
                ] {
                    match count {
                        0 => {}
                        1 => parts.push(format!("1 {place} cell repeats the {value} value")),
                        _ => parts.push(format!("{count} {place} cells repeat the {value} value")),
                    }
                }
                push(format!(
                    "{filled} missing cells filled ({}): {}.",
                    some(&most),
                    parts.join(", ")
                ));
            }
        }
        if !self.dropped_channels.is_empty() {
            push(format!(
                "Left out, every value missing: {}.",
                some(&self.dropped_channels)
            ));
        }
        if !self.constant_channels.is_empty() {
            push(format!(
                "Never changing, kept: {}.",
                some(&self.constant_channels)
            ));
        }
        lines
    }
}

fn duration(seconds: usize) -> String {
    let (count, unit) = match seconds {
        s if s >= 86_400 && s.is_multiple_of(86_400) => (s / 86_400, "day"),
        s if s >= 3600 && s.is_multiple_of(3600) => return format!("{} h", s / 3600),
        s if s >= 60 && s.is_multiple_of(60) => return format!("{} min", s / 60),
        s => return format!("{s} s"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn rows(count: usize) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{count} rows")
    }
}
