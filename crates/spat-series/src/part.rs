//! The three parts of a split.

use serde::{Deserialize, Serialize};

/// One of the parts of a [`crate::Split`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// The first rows.
    Train,
    /// The rows between.
    Val,
    /// The last rows.
    Test,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Val => "validation",
            Self::Test => "test",
        })
    }
}
