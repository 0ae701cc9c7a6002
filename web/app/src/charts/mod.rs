//! Drawings of the page: `spat-report` draws, the page shows.

mod data_table;
mod figure;
mod heat_canvas;
mod pointed;
mod save;
mod seen;
mod size;

pub(crate) use figure::Figure;
pub(crate) use heat_canvas::{Cell, HeatCanvas, HeatPixels, figure_text, name_of};
pub(crate) use save::Drawings;
