//! What a chart of lines holds, and the same as a table.

use super::hue::Hue;
use crate::{number, table::Table};

/// How a line is drawn, so that lines differ by more than colour.
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
    /// Stands at the line's end.
    pub label: String,
    /// Its colour.
    pub hue: Hue,
    /// Its pattern.
    pub stroke: Stroke,
    /// Points from left to right; the line breaks where a value is not finite.
    pub points: Vec<(f64, f64)>,
    /// A band around the line: place, lower and upper value. Empty for none.
    pub band: Vec<(f64, f64, f64)>,
    /// Whether its name stands at its end; a line beside its better known sister goes without.
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

    /// The same line without its name at its end. Table and pointer still tell it.
    pub fn unnamed(mut self) -> Self {
        self.named = false;
        self
    }

    /// The same line with another pattern.
    pub fn stroke(mut self, stroke: Stroke) -> Self {
        self.stroke = stroke;
        self
    }
}

/// A vertical line that marks a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Where.
    pub x: f64,
    /// What is there.
    pub label: String,
}

/// A chart of lines. Start from the default and set what it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// What it shows, in a few words.
    pub title: String,
    /// What it shows, for those who cannot see it.
    pub description: String,
    /// What runs along the bottom.
    pub x_label: String,
    /// What runs upwards.
    pub y_label: String,
    /// The lines; the last is drawn on top.
    pub series: Vec<LineSeries>,
    /// Marked places.
    pub rules: Vec<Rule>,
    /// Words for places along the bottom, such as dates; empty for numbers.
    pub x_words: Vec<(f64, String)>,
    /// Values at bottom and top; `None` fits the lines.
    pub y_range: Option<(f64, f64)>,
    /// Width in pixels before it is fitted to the page.
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

/// Where the lines lie in a drawing, in its pixels, and the places at its left and right edge.
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
    /// Pixels from the drawing's left edge to a place.
    pub fn at(&self, place: f64) -> f64 {
        let share = (place - self.from) / (self.to - self.from);
        self.left + share * (self.right - self.left)
    }

    /// The place so many pixels from the drawing's left edge.
    pub fn place(&self, pixels: f64) -> f64 {
        let share = (pixels - self.left) / (self.right - self.left);
        self.from + share * (self.to - self.from)
    }
}

impl LineChart {
    /// The values as a table: one row per place on the horizontal axis.
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

    /// All places at which some line has a point, from left to right.
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
