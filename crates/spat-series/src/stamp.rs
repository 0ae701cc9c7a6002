//! A time stamp as it was read.

/// A stamp read from a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Civil seconds since 1970-01-01; of UTC where a zone was named.
    pub(crate) seconds: i64,
    /// Whether part of a second was cut off.
    pub(crate) fraction: bool,
    /// Whether a zone was named.
    pub(crate) zoned: bool,
}

impl Stamp {
    /// A stamp without fraction and zone.
    pub(crate) fn plain(seconds: i64) -> Self {
        Self {
            seconds,
            fraction: false,
            zoned: false,
        }
    }
}
