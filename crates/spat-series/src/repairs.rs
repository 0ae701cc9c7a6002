//! The record of everything that was changed between file and series.

use serde::{Deserialize, Serialize};

use crate::error::some;
use crate::{detection::MarkerCount, frequency::Frequency, options::Fill};

/// What was repaired, and what was noticed and left alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Repairs {
    /// Rows that stood at another place in the file.
    pub sorted_rows: usize,
    /// Rows that repeated the stamp of another and were left out or merged.
    pub repeated_stamps: usize,
    /// Rows that repeat a stamp and were kept.
    pub kept_repeats: usize,
    /// Rows put into holes of the clock.
    pub inserted_rows: usize,
    /// Rows that such holes lack and that were not inserted.
    pub kept_gaps: u64,
    /// Stamps that do not fit the step from their predecessor, although most do.
    pub off_grid_rows: usize,
    /// Rows left out because a value was missing.
    pub dropped_rows: usize,
    /// How missing values were filled; `None` if none was.
    pub fill: Option<Fill>,
    /// Filled cells per channel, channels without any left out.
    pub filled_cells: Vec<ChannelRepair>,
    /// Markers of missing values in the file, with counts.
    pub missing_markers: Vec<MarkerCount>,
    /// Channels left out because every value is missing.
    pub dropped_channels: Vec<String>,
    /// Channels that never change (kept: they cost time and teach nothing).
    pub constant_channels: Vec<String>,
    /// Whether no step covers half of the distances between stamps.
    pub irregular: bool,
    /// The step between rows, where there is one.
    pub step: Option<Frequency>,
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

    /// One plain sentence per repair or remark; empty where nothing was to be said.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |line: String| lines.push(line);
        let step = self
            .step
            .map_or_else(String::new, |step| format!(" at a step of {step}"));
        if self.sorted_rows > 0 {
            say(format!(
                "{} brought into time order.",
                rows(self.sorted_rows)
            ));
        }
        if self.repeated_stamps > 0 {
            say(format!(
                "{} with a repeated stamp left out or merged.",
                rows(self.repeated_stamps)
            ));
        }
        if self.kept_repeats > 0 {
            say(format!(
                "{} with a repeated stamp kept.",
                rows(self.kept_repeats)
            ));
        }
        if self.inserted_rows > 0 {
            say(format!(
                "{} inserted into holes of the clock{step}.",
                rows(self.inserted_rows)
            ));
        }
        if self.kept_gaps > 0 {
            say(format!(
                "Holes of {} rows in the clock kept{step}.",
                self.kept_gaps
            ));
        }
        if self.off_grid_rows > 0 {
            say(format!(
                "{} off the clock's grid kept{step}.",
                rows(self.off_grid_rows)
            ));
        }
        if self.irregular {
            say("The stamps keep no common step, so no holes were looked for.".to_owned());
        }
        if self.dropped_rows > 0 {
            say(format!(
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
            say(format!("Read as missing in the file: {}.", seen.join(", ")));
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
            say(format!(
                "{} missing cells filled {how} ({}).",
                self.filled(),
                some(&most)
            ));
        }
        if !self.dropped_channels.is_empty() {
            say(format!(
                "Left out, every value missing: {}.",
                some(&self.dropped_channels)
            ));
        }
        if !self.constant_channels.is_empty() {
            say(format!(
                "Never changing, kept: {}.",
                some(&self.constant_channels)
            ));
        }
        lines
    }
}

fn rows(count: usize) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{count} rows")
    }
}
