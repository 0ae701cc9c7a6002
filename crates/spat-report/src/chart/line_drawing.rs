//! Lines over a common axis, each labelled at its end.

use super::{
    end_labels::apart,
    lines::{LineChart, LineSeries, PlotArea, Stroke},
    scale::{Scale, extent},
    svg::{Anchor, FAINT, QUIET, line, open, width_of, words},
};
use crate::{escape::escape, number};

/// Number of pointer targets along the horizontal axis, which show the values there.
const MOST_HOVERED: usize = 200;

/// In narrower drawings the line names are above the plot, not at the ends of the lines.
const NARROW: f64 = 420.0;

/// Distance between two rows of line names.
const NAME_LINE: f64 = 17.0;

/// Layout of a drawing.
struct Frame {
    x: Scale,
    y: Scale,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The chart as an SVG element.
pub fn line_chart(chart: &LineChart) -> String {
    let frame = frame(chart);
    let mut out = open(chart.width, chart.height, &chart.title, &chart.description);
    out += &axes(chart, &frame);
    for series in &chart.series {
        out += &band(series, &frame);
    }
    for series in &chart.series {
        out += &path(series, &frame);
    }
    out += &if names_above(chart) {
        key(chart).0
    } else {
        labels(chart, &frame)
    };
    out += &hovers(chart, &frame);
    out + "</svg>"
}

impl LineChart {
    /// The layout of [`line_chart`], for overlays.
    pub fn plot_area(&self) -> PlotArea {
        let frame = frame(self);
        PlotArea {
            left: frame.left,
            right: frame.right,
            top: frame.top,
            bottom: frame.bottom,
            from: frame.x.low,
            to: frame.x.high,
        }
    }
}

/// The lines whose names are drawn. The label of the vertical axis already names a single line.
fn named(chart: &LineChart) -> impl Iterator<Item = &LineSeries> {
    let single = chart.series.len() == 1;
    let named = move |s: &&LineSeries| s.named && !(single && s.label == chart.y_label);
    chart.series.iter().filter(named)
}

fn names_above(chart: &LineChart) -> bool {
    chart.width < NARROW
}

/// The names of all lines above the plot, each with a sample of the line; and their height.
fn key(chart: &LineChart) -> (String, f64) {
    let mut out = String::new();
    let (mut x, mut y) = (0.0, NAME_LINE + 12.0);
    for series in named(chart) {
        let width = 26.0 + width_of(&series.label);
        if x > 0.0 && x + width > chart.width {
            (x, y) = (0.0, y + NAME_LINE);
        }
        let style = format!(
            "stroke:{};stroke-width:{}{}",
            series.hue.css(),
            // The sample of a band without a line is thicker.
            if series.points.is_empty() {
                "9;opacity:.3"
            } else {
                "2.4"
            },
            dashes(series.stroke)
        );
        out += &line((x, y - 4.0), (x + 16.0, y - 4.0), &style);
        let style = format!("fill:{}", series.hue.text_css());
        out += &words(x + 21.0, y, Anchor::Start, &style, &series.label);
        x += width + 12.0;
    }
    (out, if x > 0.0 { y - 12.0 } else { 0.0 })
}

fn frame(chart: &LineChart) -> Frame {
    let above = names_above(chart);
    let label_width = if above {
        0.0
    } else {
        named(chart).map(|s| width_of(&s.label)).fold(0.0, f64::max)
    };
    let names = if above { key(chart).1 } else { 0.0 };
    let (top, bottom) = (30.0 + names, chart.height - 38.0);
    let values = chart.series.iter().flat_map(|s| {
        s.points
            .iter()
            .map(|p| p.1)
            .chain(s.band.iter().flat_map(|b| [b.1, b.2]))
    });
    let y = Scale::new(
        chart.y_range.unwrap_or_else(|| extent(values)),
        (bottom, top),
    )
    .rounded(5);
    let step = y.step(5);
    let widest = y
        .ticks(step)
        .into_iter()
        .map(|mark| width_of(&number::tick(mark, step)))
        .fold(0.0, f64::max);
    let left = widest + 12.0;
    // Without names, half of the last tick label still needs room.
    let beside = if label_width > 0.0 {
        label_width + 24.0
    } else {
        18.0
    };
    let right = (chart.width - beside).max(left + 40.0);
    let places = chart
        .series
        .iter()
        .flat_map(|s| s.points.iter().map(|p| p.0));
    let x = Scale::new(extent(places), (left, right));
    Frame {
        x,
        y,
        left,
        right,
        top,
        bottom,
    }
}

fn axes(chart: &LineChart, frame: &Frame) -> String {
    let Frame {
        x,
        y,
        left,
        right,
        top,
        bottom,
    } = *frame;
    let quiet = format!("fill:{QUIET}");
    let mut out = String::new();
    let step = y.step(5);
    for mark in y.ticks(step) {
        let at = y.at(mark);
        out += &line((left, at), (right, at), &format!("stroke:{FAINT}"));
        out += &words(
            left - 8.0,
            at + 4.0,
            Anchor::End,
            &quiet,
            &number::tick(mark, step),
        );
    }
    for (mark, name) in x_ticks(chart, frame) {
        let at = x.at(mark);
        out += &line((at, bottom), (at, bottom + 4.0), &format!("stroke:{QUIET}"));
        out += &words(at, bottom + 17.0, Anchor::Middle, &quiet, &name);
    }
    out += &words(0.0, 12.0, Anchor::Start, &quiet, &chart.y_label);
    out += &words(right, bottom + 33.0, Anchor::End, &quiet, &chart.x_label);
    for (place, rule) in chart.rules.iter().enumerate() {
        let at = x.at(rule.x);
        let next = chart
            .rules
            .get(place + 1)
            .map_or(right, |next| x.at(next.x));
        out += &line(
            (at, top - 6.0),
            (at, bottom),
            &format!("stroke:{QUIET};stroke-dasharray:2 3"),
        );
        // A label that would cross the right edge, or the next marker, is to the left of its own marker.
        let (place, anchor) = if at + width_of(&rule.label) > next.min(right) {
            (at - 5.0, Anchor::End)
        } else {
            (at + 5.0, Anchor::Start)
        };
        out += &words(place, top - 1.0, anchor, &quiet, &rule.label);
    }
    out
}

/// Tick marks along the bottom with their labels, as many as fit.
fn x_ticks(chart: &LineChart, frame: &Frame) -> Vec<(f64, String)> {
    let room = frame.right - frame.left;
    if chart.x_words.is_empty() {
        // Rows, steps and epochs are integers.
        let step = frame.x.step((room / 56.0) as usize).max(1.0);
        let marks = frame.x.ticks(step).into_iter();
        return marks.map(|mark| (mark, number::tick(mark, step))).collect();
    }
    let widest = chart.x_words.iter().map(|(_, word)| width_of(word));
    let most = (room / (widest.fold(0.0, f64::max) + 16.0)).max(1.0) as usize;
    let each = chart.x_words.len().div_ceil(most).max(1);
    chart.x_words.iter().step_by(each).cloned().collect()
}

fn dashes(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Solid => "",
        Stroke::Dashed => ";stroke-dasharray:6 4",
        Stroke::Dotted => ";stroke-dasharray:1.5 3.5",
    }
}

fn band(series: &LineSeries, frame: &Frame) -> String {
    let solid = series
        .band
        .iter()
        .filter(|b| b.1.is_finite() && b.2.is_finite());
    let upper = solid.clone().map(|b| (b.0, b.2));
    let lower = solid.rev().map(|b| (b.0, b.1));
    let corners: Vec<String> = upper
        .chain(lower)
        .map(|(x, y)| format!("{:.1},{:.1}", frame.x.at(x), frame.y.at(y)))
        .collect();
    if corners.is_empty() {
        return String::new();
    }
    let hue = series.hue.css();
    format!(
        "<polygon points=\"{}\" style=\"fill:{hue};opacity:.15\"/>",
        corners.join(" ")
    )
}

fn path(series: &LineSeries, frame: &Frame) -> String {
    let hue = series.hue.css();
    let mut commands = String::new();
    let mut pen_down = false;
    for &(x, y) in &series.points {
        if y.is_finite() {
            let letter = if pen_down { 'L' } else { 'M' };
            commands += &format!("{letter}{:.1} {:.1}", frame.x.at(x), frame.y.at(y));
        }
        pen_down = y.is_finite();
    }
    if commands.is_empty() {
        return commands;
    }
    // A line of one point would be invisible.
    if let [(x, y)] = series.points[..] {
        return format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" style=\"fill:{hue}\"/>",
            frame.x.at(x),
            frame.y.at(y)
        );
    }
    format!(
        "<path d=\"{commands}\" style=\"fill:none;stroke:{hue};stroke-width:1.8;stroke-linejoin:round{}\"/>",
        dashes(series.stroke)
    )
}

fn labels(chart: &LineChart, frame: &Frame) -> String {
    let ends: Vec<(&LineSeries, (f64, f64))> = named(chart)
        .filter_map(|s| Some((s, *s.points.iter().rev().find(|point| point.1.is_finite())?)))
        .collect();
    let wanted: Vec<f64> = ends.iter().map(|(_, end)| frame.y.at(end.1)).collect();
    let placed = apart(&wanted, frame.top, frame.bottom);
    let mut out = String::new();
    for ((series, end), (from, to)) in ends.iter().zip(wanted.iter().zip(placed)) {
        let faint = format!("stroke:{};stroke-width:.8;opacity:.6", series.hue.css());
        out += &line(
            (frame.x.at(end.0) + 2.0, *from),
            (frame.right + 10.0, to),
            &faint,
        );
        let style = format!("fill:{};font-weight:600", series.hue.text_css());
        out += &words(
            frame.right + 13.0,
            to + 4.0,
            Anchor::Start,
            &style,
            &series.label,
        );
    }
    out
}

/// Invisible columns that show the values under the pointer, without a script.
fn hovers(chart: &LineChart, frame: &Frame) -> String {
    let places = chart.places();
    let each = places.len().div_ceil(MOST_HOVERED).max(1);
    let width = (frame.right - frame.left) / places.len().max(1) as f64 * each as f64;
    let mut readers: Vec<_> = chart
        .series
        .iter()
        .map(|s| s.points.iter().peekable())
        .collect();
    let mut out = String::from("<g class=\"spat-hover\" style=\"fill:transparent\">");
    for (place, &x) in places.iter().enumerate() {
        let mut values = Vec::new();
        for (series, reader) in chart.series.iter().zip(&mut readers) {
            if let Some(point) = reader.next_if(|point| point.0 == x) {
                values.push(format!("{} {}", series.label, number::value(point.1)));
            }
        }
        if place % each == 0 {
            out += &format!(
                "<rect x=\"{:.1}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"{:.0}\"><title>{}</title></rect>",
                frame.x.at(x) - width / 2.0,
                frame.top,
                frame.bottom - frame.top,
                escape(&format!(
                    "{} {}\n{}",
                    chart.x_label,
                    number::tick(x, 1.0),
                    values.join("\n")
                )),
            );
        }
    }
    out + "</g>"
}
