//! Charts of the web app, drawn by `spat-report`.

mod data_table;
mod figure;
mod heat_canvas;
mod pointed;
mod save;
mod size;
mod visibility;

pub(crate) use figure::Figure;
pub(crate) use heat_canvas::{Cell, HeatCanvas, HeatPixels, figure_text, name_of};
pub(crate) use save::Drawings;
