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
mod pareto_chart;
mod png;
mod scale;
mod scatter;
mod svg;

pub use bars::{Bar, BarChart, bar_chart};
pub use heat::{HeatMap, heat_map};
pub use hue::Hue;
pub use line_drawing::line_chart;
pub use lines::{LineChart, LineSeries, PlotArea, Rule, Stroke};
pub use network::{network_drawing, network_drawing_within, network_table};
pub use palette::Palette;
pub use pareto::pareto_front;
pub use pareto_chart::{Mark, ParetoChart, ParetoPoint, ParetoSeries, pareto_chart};
pub use scatter::{ScatterChart, ScatterGroup, ScatterPoint, scatter_chart};
pub use svg::standalone;

use crate::{escape::escape, table::Table};

/// A drawing with its caption and its data as a table.
pub fn figure(svg: &str, caption: &str, data: &Table) -> String {
    format!(
        "<figure>{svg}<figcaption>{}</figcaption><details><summary>Data as a table</summary>{}</details></figure>",
        escape(caption),
        data.html(),
    )
}
