//! Drawings of the page: `spat-report` draws, the page shows.

mod figure;
mod heat_canvas;

pub(crate) use figure::Figure;
pub(crate) use heat_canvas::{Cell, HeatCanvas, HeatPixels, figure_text, name_of};
