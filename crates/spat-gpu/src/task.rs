//! How a tensor is divided into workgroups; the `Task` of `shaders/task.wgsl`.

use std::borrow::Cow;

use spat_spec::{Accumulate, Deviation, Scaling, SendOptions, Sign};

use crate::launch::{MOST_GROUPS, WORKGROUP};

/// Values that a thread loads before it adds them to its state.
pub(crate) const VALUES: u32 = 4;
/// Maximum number of partial moments of a module: enough workgroups to fill a large GPU, few enough to be
/// merged by each workgroup of the next stage.
const PARTIALS: u32 = 1_024;
/// Minimum number of tiles per workgroup that measures the spread.
const TILES: u32 = 16;
/// Minimum number of values per workgroup, to amortise its start and its share of the last stage.
const BLOCK_VALUES: u32 = 8_192;
/// Number of workgroups that fill a large GPU; more would only add work to the last stage.
const ENOUGH_GROUPS: u32 = 2_048;
/// Maximum number of blocks per workgroup, so that short rows still spread over a GPU.
const MOST_TURNS: u32 = 8;

/// Parameters of a dispatch, with the fields of `Task` in `shaders/task.wgsl`, where they are explained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Task {
    /// Batch size times heads.
    pub segments: u32,
    /// Heads.
    pub heads: u32,
    /// Queries: rows of a segment.
    pub rows: u32,
    /// Keys: values of a row.
    pub keys: u32,
    /// Threads that share a row (or, in the last stage, a head): a power of two.
    pub lanes: u32,
    /// Blocks of a segment.
    pub blocks: u32,
    /// Rows of a block.
    pub rows_per_block: u32,
    /// Workgroups along x.
    pub groups_x: u32,
    /// Workgroups with work.
    pub groups: u32,
    /// Whether absolute values are used.
    pub absolute: bool,
    /// Whether standard deviations divide by n − 1.
    pub unbiased: bool,
    /// Number of partial moments to merge, 0 without standardisation.
    pub partials: u32,
    /// Factor on a sensitivity.
    pub factor: f32,
    /// Weight of the newest batch, 0 for equal weights.
    pub newest: f32,
    /// Consecutive blocks per workgroup.
    pub turns: u32,
    /// Threads per block: a power of two.
    pub share: u32,
    /// Factor on the mean over the rows.
    pub row_factor: f32,
    /// Whether row i of a segment has the keys 0 to i only.
    pub causal: bool,
    /// Rows of a segment that the mean is taken over.
    pub counted_rows: u32,
}

impl Task {
    /// The task of the stage `disperse_rows` for `[batch, heads, queries, keys]`. `forecast_values` is the
    /// number of values that the mean loss averages over.
    pub fn dispersion(shape: [usize; 4], forecast_values: usize, options: &SendOptions) -> Self {
        let task = Self {
            absolute: options.sign == Sign::Absolute,
            unbiased: options.deviation == Deviation::Unbiased,
            factor: match options.scaling {
                Scaling::None | Scaling::Standardise => 1.0,
                Scaling::SumLoss => forecast_values as f32,
                Scaling::Temperature(temperature) => (1.0 / temperature) as f32,
            },
            newest: match options.accumulate {
                Accumulate::Ema(newest) => newest as f32,
                Accumulate::Sum | Accumulate::Mean | Accumulate::LastEpoch => 0.0,
            },
            ..Self::rows(shape)
        };
        match options.scaling {
            Scaling::Standardise => Self {
                partials: task.spread().groups,
                ..task
            },
            _ => task,
        }
    }

    /// The task with a factor on the mean over the rows.
    pub fn with_row_factor(self, row_factor: f32) -> Self {
        Self { row_factor, ..self }
    }

    /// The task for maps of which row i has the keys 0 to i only. Row 0 has a single key and is not counted.
    pub fn with_causal_rows(self, causal: bool) -> Self {
        let counted_rows = if causal {
            self.rows.saturating_sub(1).max(1)
        } else {
            self.rows
        };
        Self {
            causal,
            counted_rows,
            ..self
        }
    }

    /// Whether the dispersion of a row is multiplied by its share of the keys: with standardised
    /// sensitivities, it is about inverse to the length of the row.
    pub(crate) fn weighs_by_length(&self) -> bool {
        self.partials > 0
    }

    /// Number of keys of a row, counted over all segments.
    pub(crate) fn keys_of(&self, row: usize) -> usize {
        let keys = self.keys as usize;
        if self.causal {
            keys.min(row % self.rows as usize + 1)
        } else {
            keys
        }
    }

    /// The values of a tensor without those of keys that their row does not have.
    pub(crate) fn permitted<'a>(&self, values: &'a [f32]) -> Cow<'a, [f32]> {
        if !self.causal {
            return Cow::Borrowed(values);
        }
        let rows = values.chunks(self.keys as usize).enumerate();
        let permitted = rows.flat_map(|(row, values)| &values[..self.keys_of(row)]);
        Cow::Owned(permitted.copied().collect())
    }

    /// Divides the rows of every segment into blocks.
    pub fn rows([batch, heads, queries, keys]: [usize; 4]) -> Self {
        let [batch, heads, rows, keys] =
            [batch, heads, queries, keys].map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        let segments = batch * heads;
        // As many threads per row as each have VALUES values four times over.
        let lanes = (keys / (4 * VALUES)).next_power_of_two().min(WORKGROUP);
        // A segment of few short rows would leave most threads of a workgroup idle.
        let share = match lanes {
            1 => rows.next_power_of_two().min(WORKGROUP),
            _ => WORKGROUP,
        };
        let at_once = share / lanes;
        let rows_per_block = (BLOCK_VALUES / keys.max(1))
            .max((segments * rows).div_ceil(ENOUGH_GROUPS))
            .max(1)
            .next_multiple_of(at_once);
        let blocks = rows.div_ceil(rows_per_block);
        let block_values = rows_per_block.min(rows.max(1)) * keys.max(1);
        let blocks_at_once = WORKGROUP / share;
        let turns = (BLOCK_VALUES / (block_values * blocks_at_once)).clamp(1, MOST_TURNS);
        Self {
            segments,
            heads,
            rows,
            keys,
            lanes,
            blocks,
            rows_per_block,
            groups_x: 1,
            groups: (segments * blocks).div_ceil(turns * blocks_at_once),
            absolute: false,
            unbiased: false,
            partials: 0,
            factor: 1.0,
            newest: 0.0,
            turns,
            share,
            row_factor: 1.0,
            causal: false,
            counted_rows: rows,
        }
        .gridded()
    }

    /// The task of the stage `measure_spread` for the same tensor.
    pub fn spread(self) -> Self {
        let tiles = self.length().div_ceil(WORKGROUP * VALUES);
        Self {
            groups: tiles.div_ceil(TILES).clamp(1, PARTIALS),
            ..self
        }
        .gridded()
    }

    /// The task of the following stage `accumulate_scores`: one workgroup, whose threads are divided among
    /// the heads.
    pub fn accumulation(self) -> Self {
        let teams = self.heads.next_power_of_two().min(WORKGROUP);
        Self {
            lanes: WORKGROUP / teams,
            groups: 1,
            ..self
        }
        .gridded()
    }

    /// The task of the stage `average_maps` for the same tensor.
    pub fn cells(self) -> Self {
        Self {
            groups: (self.heads * self.rows * self.keys).div_ceil(WORKGROUP),
            ..self
        }
        .gridded()
    }

    /// Number of sums that `disperse_rows` and `measure_entropy` write: one per block.
    pub fn sums(&self) -> u32 {
        self.segments * self.blocks
    }

    /// Number of values in the tensor.
    pub fn length(&self) -> u32 {
        self.segments * self.rows * self.keys
    }

    /// Workgroups along x and y.
    pub fn grid(&self) -> [u32; 2] {
        [self.groups_x, self.groups.div_ceil(self.groups_x)]
    }

    fn gridded(self) -> Self {
        Self {
            groups_x: self.groups.clamp(1, MOST_GROUPS),
            ..self
        }
    }

    /// The words of the uniform buffer.
    pub fn uniform(&self) -> [u32; 20] {
        [
            self.segments,
            self.heads,
            self.rows,
            self.keys,
            self.lanes,
            self.blocks,
            self.rows_per_block,
            self.groups_x,
            self.groups,
            self.absolute.into(),
            self.unbiased.into(),
            self.partials,
            self.factor.to_bits(),
            self.newest.to_bits(),
            self.turns,
            self.share,
            self.row_factor.to_bits(),
            self.causal.into(),
            self.counted_rows,
            0,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_every_row_once_and_grids_cover_every_block() {
        for shape in [
            [1, 8, 11, 11],
            [32, 8, 512, 512],
            [1, 1, 1, 1],
            [3, 5, 7, 8192],
            [4096, 64, 12, 12],
            [1, 1, 70_000, 3],
        ] {
            let task = Task::rows(shape);
            assert!(task.lanes.is_power_of_two() && task.lanes <= WORKGROUP);
            assert!(task.blocks * task.rows_per_block >= task.rows, "{task:?}");
            assert!(
                (task.blocks - 1) * task.rows_per_block < task.rows,
                "{task:?}"
            );
            let [x, y] = task.grid();
            assert!(x <= MOST_GROUPS && y <= MOST_GROUPS && x * y >= task.groups);
        }
    }

    #[test]
    fn a_large_tensor_yields_few_sums_for_the_last_stage() {
        let task = Task::rows([32, 8, 512, 512]);
        assert!((1_024..=4_096).contains(&task.groups), "{task:?}");
    }
}
