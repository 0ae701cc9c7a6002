//! Drawings of the page: `spat-report` draws, the page shows.

mod figure;

pub(crate) use figure::Figure;
