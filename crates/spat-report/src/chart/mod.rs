//! Charts as SVG elements, one file per kind.

mod bars;
mod end_labels;
mod heat;
mod hue;
mod line_drawing;
mod lines;
mod network;
mod palette;
mod pareto;
mod png;
mod scale;
mod scatter;
mod svg;

pub use bars::{Bar, BarChart, bar_chart};
pub use heat::{HeatMap, heat_map};
pub use hue::Hue;
pub use line_drawing::line_chart;
pub use lines::{LineChart, LineSeries, Rule, Stroke};
pub use network::{network_drawing, network_table};
pub use palette::Palette;
pub use pareto::pareto_front;
pub use scatter::{Mark, ScatterChart, ScatterPoint, ScatterSeries, scatter_chart};
pub use svg::standalone;

use crate::{escape::escape, table::Table};

/// A drawing with its caption and its data: every chart can be read as a table too.
pub fn figure(svg: &str, caption: &str, data: &Table) -> String {
    format!(
        "<figure>{svg}<figcaption>{}</figcaption><details><summary>Data as a table</summary>{}</details></figure>",
        escape(caption),
        data.html(),
    )
}
