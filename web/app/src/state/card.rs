//! What the history shows of a run that is kept.

pub(crate) use spat_spec::{Card, Stage};
