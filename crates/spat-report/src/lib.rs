//! Views of a [`Report`](spat_spec::Report): a self-contained page, plain-text tables for a
//! terminal, the verdict, and the SVG charts that the page is made of.
//!
//! `report.json` is the single source; nothing here computes a result. All functions are pure, from types
//! to text, and compile for every target.
//!
//! * [`html`] is the complete page, with inline styles and inline SVG, without scripts, fonts and
//!   addresses.
//! * [`tables`] is at most 100 columns wide; [`verdict`] is a sentence and three answers.
//! * [`study_html`] and [`study_tables`] do the same for a [`StudyReport`](spat_spec::StudyReport), [`synthetic_html`]
//!   and [`synthetic_tables`] for a [`SyntheticReport`](spat_spec::SyntheticReport), [`suite_html`], [`suite_markdown`]
//!   and [`suite_tables`] for a [`SuiteReport`](spat_spec::SuiteReport).
//! * [`line_chart`], [`bar_chart`], [`scatter_chart`], [`heat_map`] and [`network_drawing`] draw one SVG element each,
//!   for other pages to use. Colours are custom properties with a fallback: with
//!   [`THEME_CSS`] on the page they follow its light or dark scheme, otherwise they are light.
//!   [`standalone`] converts a drawing to a file.
//!
//! Text that comes from a table (channel names, file names) is escaped where it is written.

mod chart;
mod costs;
mod escape;
mod names;
pub mod number;
mod page;
mod study;
mod suite;
mod table;
mod terminal;
mod verdict;

pub use chart::{
    Bar, BarChart, HeatMap, Hue, LineChart, LineSeries, Mark, Palette, ParetoChart, ParetoPoint,
    ParetoSeries, PlotArea, Rule, ScatterChart, ScatterGroup, ScatterPoint, Stroke, bar_chart,
    figure, heat_map, line_chart, network_drawing, network_drawing_within, network_table,
    pareto_chart, pareto_front, scatter_chart, standalone,
};
pub use costs::costs;
pub use escape::{csv_field, escape};
pub use names::{
    baseline as baseline_name, dense as dense_name, heading as module_heading,
    module as module_name, score_label,
};
pub use page::{THEME_CSS, candidates, html};
pub use study::{
    study_html, study_markdown, study_tables, synthetic_html, synthetic_markdown, synthetic_tables,
};
pub use suite::{suite_html, suite_markdown, suite_tables};
pub use table::Table;
pub use terminal::tables;
pub use verdict::{Answer, AnswerMark, Verdict, verdict};
