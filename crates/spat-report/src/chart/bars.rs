//! Horizontal bars with whiskers: the SEND score of each attention module, and which are removed.

use super::{
    hue::Hue,
    scale::{Scale, extent},
    svg::{Anchor, FAINT, QUIET, line, open, width_of, words},
};
use crate::{
    escape::{escape, shorten},
    number,
    table::Table,
};

const ROW: f64 = 50.0;
const BAR: f64 = 18.0;
const TOP: f64 = 34.0;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Label before the bar.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// Half the length of its whisker; 0 draws none.
    pub spread: f64,
    /// Parts whose mean is the value, drawn as dots below the bar.
    pub parts: Vec<f64>,
    /// Whether the bar is hatched as removed.
    pub removed: bool,
    /// Label after the bar.
    pub note: String,
    /// Identifier in the attribute `data-module`, with which a page finds the bar under the pointer; empty
    /// for none.
    pub module: String,
}

/// A chart of bars, from top to bottom. Start from the default and set its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// Title.
    pub title: String,
    /// Text alternative.
    pub description: String,
    /// Label of the value axis.
    pub value_label: String,
    /// Noun for a part: "head".
    pub part_label: String,
    /// The bars.
    pub bars: Vec<Bar>,
    /// Threshold below which bars are removed, and its label.
    pub cut: Option<(f64, String)>,
    /// Width in pixels, before the drawing is scaled to the page.
    pub width: f64,
}

impl Default for BarChart {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            value_label: String::new(),
            part_label: String::new(),
            bars: Vec::new(),
            cut: None,
            width: 912.0,
        }
    }
}

impl BarChart {
    /// The values as a table.
    pub fn table(&self) -> Table {
        let mut table = Table::new(
            self.value_label.clone(),
            ["", "value", "spread", self.part_label.as_str(), "decision"],
        );
        for bar in &self.bars {
            let parts: Vec<String> = bar.parts.iter().map(|&part| number::value(part)).collect();
            table.row([
                bar.label.clone(),
                number::value(bar.value),
                number::value(bar.spread),
                parts.join(" · "),
                bar.note.clone(),
            ]);
        }
        table
    }
}

/// The chart as an SVG element.
pub fn bar_chart(chart: &BarChart) -> String {
    let width = chart.width;
    let bottom = TOP + ROW * chart.bars.len() as f64;
    let labels: Vec<String> = chart
        .bars
        .iter()
        .map(|bar| shorten(&bar.label, 26))
        .collect();
    let left = labels
        .iter()
        .map(|label| width_of(label))
        .fold(60.0, f64::max)
        + 14.0;
    let notes = chart
        .bars
        .iter()
        .map(|bar| width_of(&bar.note))
        .fold(0.0, f64::max);
    // Room for the notes, and for half of the last tick label.
    let right = width - notes.max(10.0) - 24.0;
    let marks = if right - left < 300.0 { 3 } else { 6 };
    let ends = chart.bars.iter().flat_map(|bar| {
        let whiskers = [bar.value - bar.spread, bar.value + bar.spread];
        bar.parts.iter().copied().chain(whiskers)
    });
    let (low, high) = extent(ends.chain([0.0]));
    let scale = Scale::new((low, high), (left, right)).rounded(marks);

    let mut out = open(width, bottom + 40.0, &chart.title, &chart.description);
    let quiet = format!("fill:{QUIET}");
    let step = scale.step(marks);
    for mark in scale.ticks(step) {
        let at = scale.at(mark);
        out += &line((at, TOP - 8.0), (at, bottom), &format!("stroke:{FAINT}"));
        out += &words(
            at,
            bottom + 15.0,
            Anchor::Middle,
            &quiet,
            &number::tick(mark, step),
        );
    }
    out += &words(
        right,
        bottom + 32.0,
        Anchor::End,
        &quiet,
        &chart.value_label,
    );
    for (place, (bar, label)) in chart.bars.iter().zip(&labels).enumerate() {
        out += &row(
            bar,
            label,
            TOP + ROW * place as f64,
            &scale,
            (left, right, width),
            &chart.part_label,
        );
    }
    if let Some((value, label)) = &chart.cut {
        let at = scale.at(*value);
        out += &line(
            (at, TOP - 12.0),
            (at, bottom),
            "stroke:var(--spat-ink,#1d2329);stroke-dasharray:5 4",
        );
        let (place, anchor) = if at + width_of(label) > width {
            (at - 5.0, Anchor::End)
        } else {
            (at + 5.0, Anchor::Start)
        };
        out += &words(place, TOP - 14.0, anchor, "", label);
    }
    out + "</svg>"
}

fn row(
    bar: &Bar,
    label: &str,
    top: f64,
    scale: &Scale,
    (left, right, width): (f64, f64, f64),
    part_label: &str,
) -> String {
    let middle = top + BAR / 2.0 + 4.0;
    let (zero, end) = (scale.at(0.0), scale.at(bar.value));
    let mut out = if bar.module.is_empty() {
        String::from("<g>")
    } else {
        format!("<g data-module=\"{}\">", escape(&bar.module))
    };
    // The pointer target covers the whole row.
    out += &format!(
        "<rect class=\"spat-row\" x=\"0\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"4\" style=\"fill:transparent\"/>",
        ROW - 4.0
    );
    out += &words(left - 10.0, middle + 4.0, Anchor::End, "", label);
    out += &format!(
        "<title>{}</title>",
        escape(&format!(
            "{}, {} ± {}, {}",
            bar.label,
            number::value(bar.value),
            number::value(bar.spread),
            bar.note
        ))
    );
    if bar.value.is_finite() {
        let (from, to) = (zero.min(end), zero.max(end));
        out += &body(from, middle - BAR / 2.0, to - from, bar.removed);
        if bar.spread > 0.0 {
            out += &whisker(
                scale.at(bar.value - bar.spread),
                scale.at(bar.value + bar.spread),
                middle,
            );
        }
    }
    let below = middle + BAR / 2.0 + 9.0;
    for (number, &part) in bar
        .parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.is_finite())
    {
        out += &format!(
            "<circle cx=\"{:.1}\" cy=\"{below:.1}\" r=\"3.2\" style=\"fill:{hue};fill-opacity:.35;stroke:{hue}\">\
             <title>{}</title></circle>",
            scale.at(part),
            escape(&format!("{part_label} {number}, {}", number::value(part))),
            hue = hue(bar.removed).css(),
        );
    }
    let style = format!("fill:{};font-weight:600", hue(bar.removed).text_css());
    out + &words(right + 12.0, middle + 4.0, Anchor::Start, &style, &bar.note) + "</g>"
}

fn hue(removed: bool) -> Hue {
    if removed { Hue::Vermillion } else { Hue::Blue }
}

/// Solid if the bar stays; an outline with diagonal lines if it is removed, so that prints without colour
/// show the difference. The lines are drawn one by one: a pattern would need an identifier that is unique
/// on the page.
fn body(x: f64, y: f64, width: f64, removed: bool) -> String {
    let css = hue(removed).css();
    let frame = |style: &str| {
        format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\" style=\"{style}\"/>"
        )
    };
    if !removed {
        return frame(&format!("fill:{css}"));
    }
    let mut lines = String::new();
    let mut start = 7.0;
    while start < width + BAR {
        // From the bottom at `start − BAR` up to the top at `start`, clipped to the bar.
        let (x1, y1) = if start < BAR {
            (x, y + start)
        } else {
            (x + start - BAR, y + BAR)
        };
        let (x2, y2) = if start > width {
            (x + width, y + start - width)
        } else {
            (x + start, y)
        };
        lines += &format!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}");
        start += 7.0;
    }
    frame(&format!("fill:{css};fill-opacity:.12;stroke:{css}"))
        + &format!("<path d=\"{lines}\" style=\"stroke:{css};stroke-width:1.2;fill:none\"/>")
}

fn whisker(from: f64, to: f64, y: f64) -> String {
    let style = "stroke:var(--spat-ink,#1d2329);stroke-width:1.4";
    line((from, y), (to, y), style)
        + &line((from, y - 4.0), (from, y + 4.0), style)
        + &line((to, y - 4.0), (to, y + 4.0), style)
}
