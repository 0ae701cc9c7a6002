//! CPU references of the stages: the same names and loops, single-threaded.
//!
//! The CPU backend runs them, and tests compare every shader with them.

mod accumulate_scores;
mod average_maps;
mod disperse_rows;
mod exponentials;
mod measure_entropy;
mod measure_spread;
mod moments;
mod scan_tokens;

pub use accumulate_scores::accumulate_scores;
pub use average_maps::average_maps;
pub use disperse_rows::disperse_rows;
pub(crate) use disperse_rows::module_unit;
pub use measure_entropy::measure_entropy;
pub use measure_spread::measure_spread;
pub use moments::Moments;
pub use scan_tokens::{ScanInputs, scan_tokens, scan_tokens_backward};

/// A sum over rows, and the number of non-finite values in them.
pub type RowSum = [f32; 2];
