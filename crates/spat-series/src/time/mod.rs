//! Timestamps of a table: their forms, and the columns that hold them.

pub(crate) mod column;
mod cursor;
pub(crate) mod find;
mod form;
pub(crate) mod forms;
mod names;
pub(crate) mod parts;
mod timestamp;
pub(crate) mod titles;
pub(crate) mod zone;

/// The month, from 1, of a name in eight languages or of its beginning.
pub(crate) fn month_of_name(name: &str) -> Option<u32> {
    names::month(name.trim_end_matches('.'))
}
