//! Scatter charts: cost against error, score against entropy.

use super::{
    hue::Hue,
    scale::{Scale, extent},
    svg::{Anchor, FAINT, QUIET, line, open, width_of, words},
};
use crate::{escape::escape, number, table::Table};

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterPoint {
    /// Horizontal position.
    pub x: f64,
    /// Vertical position.
    pub y: f64,
    /// Half the length of its whisker; 0 draws none.
    pub spread: f64,
    /// Label next to the point; empty for none.
    pub label: String,
}

/// Points of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterGroup {
    /// Label.
    pub label: String,
    /// Their colour.
    pub hue: Hue,
    /// The points.
    pub points: Vec<ScatterPoint>,
    /// Whether a line connects them in order.
    pub joined: bool,
}

/// A scatter chart.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterChart {
    /// Title.
    pub title: String,
    /// Text alternative.
    pub description: String,
    /// Title of the horizontal axis.
    pub x_label: String,
    /// Title of the vertical axis.
    pub y_label: String,
    /// The points; the last group is drawn on top.
    pub groups: Vec<ScatterGroup>,
    /// Width in pixels, before the drawing is scaled to the page.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

impl ScatterChart {
    /// The points as a table.
    pub fn table(&self) -> Table {
        let heads = ["", "", self.x_label.as_str(), self.y_label.as_str(), "±"];
        let mut table = Table::new(self.title.clone(), heads);
        for group in &self.groups {
            for point in &group.points {
                table.row([
                    group.label.clone(),
                    point.label.clone(),
                    number::value(point.x),
                    number::value(point.y),
                    number::value(point.spread),
                ]);
            }
        }
        table
    }
}

/// The chart as an SVG element.
pub fn scatter_chart(chart: &ScatterChart) -> String {
    let all = || chart.groups.iter().flat_map(|group| &group.points);
    let heights = all().flat_map(|point| [point.y - point.spread, point.y + point.spread]);
    let (top, bottom) = (44.0, chart.height - 38.0);
    let y = Scale::new(extent(heights), (bottom, top)).rounded(5);
    let y_step = y.step(5);
    let widest = y
        .ticks(y_step)
        .into_iter()
        .map(|mark| width_of(&number::tick(mark, y_step)))
        .fold(0.0, f64::max);
    let labels = all()
        .map(|point| width_of(&point.label))
        .fold(0.0, f64::max);
    let (left, right) = (widest + 12.0, chart.width - labels - 18.0);
    let x = Scale::new(extent(all().map(|point| point.x)), (left, right)).rounded(8);

    let mut out = open(chart.width, chart.height, &chart.title, &chart.description);
    let quiet = format!("fill:{QUIET}");
    for mark in y.ticks(y_step) {
        let at = y.at(mark);
        out += &line((left, at), (right, at), &format!("stroke:{FAINT}"));
        let label = number::tick(mark, y_step);
        out += &words(left - 8.0, at + 4.0, Anchor::End, &quiet, &label);
    }
    let x_step = x.step(((right - left) / 64.0) as usize);
    for mark in x.ticks(x_step) {
        let at = x.at(mark);
        out += &line((at, bottom), (at, bottom + 4.0), &format!("stroke:{QUIET}"));
        let label = number::tick(mark, x_step);
        out += &words(at, bottom + 17.0, Anchor::Middle, &quiet, &label);
    }
    out += &words(0.0, 12.0, Anchor::Start, &quiet, &chart.y_label);
    out += &words(right, bottom + 33.0, Anchor::End, &quiet, &chart.x_label);
    out += &legend(chart, left);
    for group in &chart.groups {
        out += &points(group, &x, &y);
    }
    out + "</svg>"
}

fn points(group: &ScatterGroup, x: &Scale, y: &Scale) -> String {
    let hue = group.hue.css();
    let mut out = String::new();
    if group.joined {
        let corners: Vec<String> = group
            .points
            .iter()
            .map(|point| format!("{:.1},{:.1}", x.at(point.x), y.at(point.y)))
            .collect();
        out += &format!(
            "<polyline points=\"{}\" style=\"fill:none;stroke:{hue};stroke-width:1.4;opacity:.6\"/>",
            corners.join(" ")
        );
    }
    for point in &group.points {
        let (at, height) = (x.at(point.x), y.at(point.y));
        if point.spread > 0.0 {
            let ends = [point.y - point.spread, point.y + point.spread].map(|end| y.at(end));
            out += &line(
                (at, ends[0]),
                (at, ends[1]),
                &format!("stroke:{hue};stroke-width:1.2;opacity:.55"),
            );
        }
        let label = format!(
            "{}{}{}: {}, {}",
            group.label,
            if point.label.is_empty() { "" } else { ", " },
            point.label,
            number::value(point.x),
            number::value(point.y)
        );
        out += &format!(
            "<circle cx=\"{at:.1}\" cy=\"{height:.1}\" r=\"4.5\" style=\"fill:{hue};stroke:var(--spat-paper,#fff);stroke-width:1\"><title>{}</title></circle>",
            escape(&label)
        );
        if !point.label.is_empty() {
            let style = format!("fill:{}", group.hue.text_css());
            out += &words(at + 8.0, height - 6.0, Anchor::Start, &style, &point.label);
        }
    }
    out
}

fn legend(chart: &ScatterChart, left: f64) -> String {
    let mut at = left;
    let mut out = String::new();
    for group in chart.groups.iter().filter(|group| !group.points.is_empty()) {
        out += &format!(
            "<circle cx=\"{:.1}\" cy=\"26\" r=\"4\" style=\"fill:{}\"/>",
            at + 4.0,
            group.hue.css()
        );
        let style = format!("fill:{};font-weight:600", group.hue.text_css());
        out += &words(at + 13.0, 30.0, Anchor::Start, &style, &group.label);
        at += width_of(&group.label) + 34.0;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_drawn_and_in_the_table() {
        let chart = ScatterChart {
            title: "cost and error".to_owned(),
            description: String::new(),
            x_label: "MACs".to_owned(),
            y_label: "MSE".to_owned(),
            groups: vec![ScatterGroup {
                label: "removed <by> SEND".to_owned(),
                hue: Hue::Vermillion,
                points: vec![
                    ScatterPoint {
                        x: 1.0,
                        y: 0.4,
                        spread: 0.01,
                        label: "none".to_owned(),
                    },
                    ScatterPoint {
                        x: 0.5,
                        y: 0.39,
                        spread: 0.0,
                        label: String::new(),
                    },
                ],
                joined: true,
            }],
            width: 450.0,
            height: 300.0,
        };
        let svg = scatter_chart(&chart);
        assert!(roxmltree::Document::parse(&svg).is_ok());
        // Two points and the legend's mark.
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("&lt;by&gt;") && !svg.contains("NaN"));
        assert!(chart.table().html().contains("0.3900"));
    }
}
