//! Data of a line chart, and its table.

use super::hue::Hue;
use crate::{number, table::Table};

/// Stroke pattern, so that lines differ by more than colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Stroke {
    #[default]
    Solid,
    Dashed,
    Dotted,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineSeries {
    /// Label at the line's end.
    pub label: String,
    /// Its colour.
    pub hue: Hue,
    /// Its pattern.
    pub stroke: Stroke,
    /// Points from left to right; the line is interrupted where a value is not finite.
    pub points: Vec<(f64, f64)>,
    /// A band around the line: position, lower and upper value. Empty for none.
    pub band: Vec<(f64, f64, f64)>,
    /// Whether its name is drawn at its end; a line next to a related one can go unnamed.
    pub named: bool,
}

impl LineSeries {
    /// A solid line without a band.
    pub fn new(label: impl Into<String>, hue: Hue, points: Vec<(f64, f64)>) -> Self {
        Self {
            label: label.into(),
            hue,
            stroke: Stroke::Solid,
            points,
            band: Vec::new(),
            named: true,
        }
    }

    /// The line without its name at its end. The table and the pointer still show it.
    pub fn unnamed(mut self) -> Self {
        self.named = false;
        self
    }

    /// The line with another pattern.
    pub fn stroke(mut self, stroke: Stroke) -> Self {
        self.stroke = stroke;
        self
    }
}

/// A vertical line at a position.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Position.
    pub x: f64,
    /// Label.
    pub label: String,
}

/// A line chart. Start from the default and set its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// Title.
    pub title: String,
    /// Text alternative.
    pub description: String,
    /// Title of the horizontal axis.
    pub x_label: String,
    /// Title of the vertical axis.
    pub y_label: String,
    /// The lines; the last is drawn on top.
    pub series: Vec<LineSeries>,
    /// Marked positions.
    pub rules: Vec<Rule>,
    /// Labels of positions on the horizontal axis, such as dates; empty for numbers.
    pub x_words: Vec<(f64, String)>,
    /// Range of the vertical axis; `None` fits the lines.
    pub y_range: Option<(f64, f64)>,
    /// Width in pixels, before the drawing is scaled to the page.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

impl Default for LineChart {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            x_label: String::new(),
            y_label: String::new(),
            series: Vec::new(),
            rules: Vec::new(),
            x_words: Vec::new(),
            y_range: None,
            width: 912.0,
            height: 320.0,
        }
    }
}

/// Left and right edge of the plot in a drawing, in pixels, and the positions there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs)]
pub struct PlotArea {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub from: f64,
    pub to: f64,
}

impl PlotArea {
    /// Distance of a position from the drawing's left edge, in pixels.
    pub fn at(&self, place: f64) -> f64 {
        let share = (place - self.from) / (self.to - self.from);
        self.left + share * (self.right - self.left)
    }

    /// The position at this distance from the drawing's left edge.
    pub fn place(&self, pixels: f64) -> f64 {
        let share = (pixels - self.left) / (self.right - self.left);
        self.from + share * (self.to - self.from)
    }
}

impl LineChart {
    /// The values as a table: one row per position on the horizontal axis.
    pub fn table(&self) -> Table {
        let heads = std::iter::once(self.x_label.clone())
            .chain(self.series.iter().map(|s| s.label.clone()));
        let mut table = Table::new(self.y_label.clone(), heads);
        let mut readers: Vec<_> = self
            .series
            .iter()
            .map(|s| s.points.iter().peekable())
            .collect();
        for x in self.places() {
            let mut cells = vec![number::tick(x, 1.0)];
            for reader in &mut readers {
                let here = reader.next_if(|point| point.0 == x);
                cells.push(here.map_or_else(String::new, |point| number::value(point.1)));
            }
            table.row(cells);
        }
        table
    }

    /// All positions of points of any line, from left to right.
    pub(super) fn places(&self) -> Vec<f64> {
        let mut places: Vec<f64> = self
            .series
            .iter()
            .flat_map(|s| s.points.iter().map(|p| p.0))
            .collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        places
    }
}
