//! Points over two axes, with their Pareto front.

use super::{
    hue::Hue,
    pareto::pareto_front,
    scale::{Scale, extent},
    svg::{Anchor, FAINT, QUIET, TEXT, line, open, width_of, words},
};
use crate::{escape::escape, number, table::Table};

/// Half the size of a mark, pixels.
const MARK: f64 = 5.0;

/// Shape of a series' marks, so that series differ by more than colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Mark {
    #[default]
    Circle,
    Diamond,
}

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoPoint {
    /// Label.
    pub name: String,
    /// Position on the horizontal axis.
    pub x: f64,
    /// Position on the vertical axis.
    pub y: f64,
}

/// Points of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoSeries {
    /// Label.
    pub label: String,
    /// Their colour.
    pub hue: Hue,
    /// Their shape.
    pub mark: Mark,
    /// The points.
    pub points: Vec<ParetoPoint>,
}

/// A chart of points where less is better on both axes. Start from the default and set its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoChart {
    /// Title.
    pub title: String,
    /// Text alternative.
    pub description: String,
    /// Title of the horizontal axis.
    pub x_label: String,
    /// Title of the vertical axis.
    pub y_label: String,
    /// The points; those of the last series are drawn on top.
    pub series: Vec<ParetoSeries>,
    /// Width in pixels, before the drawing is scaled to the page.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

impl Default for ParetoChart {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            x_label: String::new(),
            y_label: String::new(),
            series: Vec::new(),
            width: 640.0,
            height: 380.0,
        }
    }
}

impl ParetoChart {
    /// Every point with its series, in the order of drawing.
    fn points(&self) -> impl Iterator<Item = (&ParetoSeries, &ParetoPoint)> {
        self.series
            .iter()
            .flat_map(|series| series.points.iter().map(move |point| (series, point)))
    }

    /// For every point of [`Self::points`], whether it is on the front.
    fn on_front(&self) -> Vec<bool> {
        let places: Vec<_> = self.points().map(|(_, point)| (point.x, point.y)).collect();
        let mut on = vec![false; places.len()];
        for place in pareto_front(&places) {
            on[place] = true;
        }
        on
    }

    /// The values as a table: one row per point.
    pub fn table(&self) -> Table {
        let heads = ["name", "kind", &self.x_label, &self.y_label, "on the front"];
        let mut table = Table::new(self.title.clone(), heads);
        for ((series, point), on) in self.points().zip(self.on_front()) {
            table.row([
                point.name.clone(),
                series.label.clone(),
                number::value(point.x),
                number::value(point.y),
                if on { "yes" } else { "" }.to_owned(),
            ]);
        }
        table
    }
}

/// The chart as an SVG element.
pub fn pareto_chart(chart: &ParetoChart) -> String {
    let (legend, above) = legend(chart);
    let (top, bottom) = (above + 20.0, chart.height - 38.0);
    let values = |of: fn(&ParetoPoint) -> f64| chart.points().map(move |(_, point)| of(point));
    let y = Scale::new(roomy(extent(values(|p| p.y))), (bottom, top)).rounded(5);
    let left = y
        .ticks(y.step(5))
        .into_iter()
        .map(|mark| width_of(&number::tick(mark, y.step(5))))
        .fold(0.0, f64::max)
        + 12.0;
    let right = chart.width - 24.0;
    // Tick labels of large numbers need some width each.
    let marks = (((right - left) / 80.0) as usize).clamp(2, 6);
    let x = Scale::new(roomy(extent(values(|p| p.x))), (left, right)).rounded(marks);

    let mut out = open(chart.width, chart.height, &chart.title, &chart.description);
    let quiet = format!("fill:{QUIET}");
    for mark in y.ticks(y.step(5)) {
        let at = y.at(mark);
        out += &line((left, at), (right, at), &format!("stroke:{FAINT}"));
        let text = number::tick(mark, y.step(5));
        out += &words(left - 8.0, at + 4.0, Anchor::End, &quiet, &text);
    }
    for mark in x.ticks(x.step(marks)) {
        let at = x.at(mark);
        out += &line((at, top), (at, bottom), &format!("stroke:{FAINT}"));
        let text = number::tick(mark, x.step(marks));
        out += &words(at, bottom + 17.0, Anchor::Middle, &quiet, &text);
    }
    out += &words(0.0, 12.0, Anchor::Start, &quiet, &chart.y_label);
    out += &words(right, bottom + 33.0, Anchor::End, &quiet, &chart.x_label);
    out += &legend;
    let on = chart.on_front();
    out += &front(chart, &on, &x, &y, right, top);
    let mut taken: Vec<[f64; 4]> = chart
        .points()
        .filter(|(_, point)| point.x.is_finite() && point.y.is_finite())
        .map(|(_, point)| around(x.at(point.x), y.at(point.y)))
        .collect();
    for ((series, point), on) in chart.points().zip(on) {
        if point.x.is_finite() && point.y.is_finite() {
            let (at, up) = (x.at(point.x), y.at(point.y));
            out += &mark(series, point, (at, up), on);
            out += &label(point, (at, up), (left, right), &mut taken);
        }
    }
    out + "</svg>"
}

/// The range with a margin, so that no mark is on the frame.
fn roomy((low, high): (f64, f64)) -> (f64, f64) {
    let room = (high - low) * 0.06;
    if room > 0.0 {
        // Costs and errors are not negative.
        (
            if low >= 0.0 {
                (low - room).max(0.0)
            } else {
                low - room
            },
            high + room,
        )
    } else {
        (low, high)
    }
}

/// The legend, in as many lines as the width requires, and the height of the last line.
fn legend(chart: &ParetoChart) -> (String, f64) {
    let mut out = String::new();
    let (mut at, mut up) = (MARK + 1.5, 26.0);
    let mut place = |words: &str| {
        let room = width_of(words) + 34.0;
        if at > MARK + 1.5 && at + room > chart.width {
            (at, up) = (MARK + 1.5, up + 17.0);
        }
        let here = (at, up);
        at += room;
        here
    };
    for series in &chart.series {
        let (at, up) = place(&series.label);
        let point = ParetoPoint {
            name: String::new(),
            x: 0.0,
            y: 0.0,
        };
        out += &mark(series, &point, (at, up), true);
        let style = format!("fill:{}", series.hue.text_css());
        out += &words(at + 10.0, up + 4.0, Anchor::Start, &style, &series.label);
    }
    let text = "no point is better on both axes";
    let (at, up) = place(text);
    let dashes = format!("stroke:{QUIET};stroke-dasharray:5 3");
    out += &line((at - MARK, up), (at + 14.0, up), &dashes);
    let quiet = format!("fill:{QUIET}");
    out += &words(at + 20.0, up + 4.0, Anchor::Start, &quiet, text);
    (out, up)
}

/// The front as a step line: points above and to the right of it are dominated.
fn front(chart: &ParetoChart, on: &[bool], x: &Scale, y: &Scale, right: f64, top: f64) -> String {
    let mut corners: Vec<(f64, f64)> = chart
        .points()
        .zip(on)
        .filter(|(_, on)| **on)
        .map(|((_, point), _)| (x.at(point.x), y.at(point.y)))
        .collect();
    corners.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let (Some(&(first, _)), Some(&(_, last))) = (corners.first(), corners.last()) else {
        return String::new();
    };
    let mut path = format!("M{first:.1} {top:.1}");
    for (at, up) in corners {
        path += &format!("H{at:.1}V{up:.1}");
    }
    path += &format!("H{right:.1}V{last:.1}");
    format!("<path d=\"{path}\" style=\"fill:none;stroke:{QUIET};stroke-dasharray:5 3\"/>")
}

/// Filled on the front, otherwise hollow.
fn mark(series: &ParetoSeries, point: &ParetoPoint, (at, up): (f64, f64), on: bool) -> String {
    let hue = series.hue.css();
    let fill = if on { hue } else { "var(--spat-paper,#fdfdfc)" };
    let style = format!("fill:{fill};stroke:{hue};stroke-width:1.8");
    let title = if point.name.is_empty() {
        String::new()
    } else {
        let words = format!(
            "{}, {}: {} / {}",
            point.name,
            series.label,
            number::value(point.x),
            number::value(point.y)
        );
        format!("<title>{}</title>", escape(&words))
    };
    match series.mark {
        Mark::Circle => {
            format!(
                "<circle cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"{MARK}\" style=\"{style}\">{title}</circle>"
            )
        }
        Mark::Diamond => {
            let r = MARK + 1.5;
            format!(
                "<path d=\"M{at:.1} {:.1}l{r} {r}l-{r} {r}l-{r} -{r}z\" style=\"{style}\">{title}</path>",
                up - r
            )
        }
    }
}

fn around(at: f64, up: f64) -> [f64; 4] {
    [at - MARK, up - MARK, at + MARK, up + MARK]
}

/// The name next to its point, on the side with room, or none: the table and the pointer show it too.
fn label(
    point: &ParetoPoint,
    (at, up): (f64, f64),
    (left, right): (f64, f64),
    taken: &mut Vec<[f64; 4]>,
) -> String {
    let wide = width_of(&point.name);
    let gap = MARK + 4.0;
    let sides = [
        (at + gap, up + 4.0, Anchor::Start, at + gap),
        (at - gap, up + 4.0, Anchor::End, at - gap - wide),
        (at, up - gap, Anchor::Middle, at - wide / 2.0),
        (at, up + gap + TEXT * 0.8, Anchor::Middle, at - wide / 2.0),
    ];
    for (x, y, anchor, start) in sides {
        let space = [start, y - TEXT * 0.8, start + wide, y + TEXT * 0.2];
        let free = taken.iter().all(|other| {
            space[2] < other[0] || other[2] < space[0] || space[3] < other[1] || other[3] < space[1]
        });
        if free && start >= left && start + wide <= right {
            taken.push(space);
            return words(x, y, anchor, "", &point.name);
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> ParetoChart {
        let point = |name: &str, x, y| ParetoPoint {
            name: name.to_owned(),
            x,
            y,
        };
        let series = |label: &str, mark, points| ParetoSeries {
            label: label.to_owned(),
            hue: Hue::Blue,
            mark,
            points,
        };
        ParetoChart {
            title: "MSE against MACs".to_owned(),
            x_label: "MACs".to_owned(),
            y_label: "MSE".to_owned(),
            series: vec![
                series(
                    "dense",
                    Mark::Circle,
                    vec![point("Ann", 9.0, 0.4), point("<Bo>", 9.0, 0.5)],
                ),
                series(
                    "pruned",
                    Mark::Diamond,
                    vec![point("Ann", 6.0, 0.41), point("No", 1.0, f64::NAN)],
                ),
            ],
            ..ParetoChart::default()
        }
    }

    #[test]
    fn the_drawing_is_well_formed_and_excludes_points_that_are_not_finite() {
        let svg = pareto_chart(&chart());
        let drawing = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{e}\n{svg}"));
        let marks = drawing
            .descendants()
            .filter(|node| node.has_tag_name("title"))
            .count();
        assert_eq!(
            marks,
            1 + 3,
            "the chart's own title and one per point that can be drawn"
        );
        assert!(!svg.contains("NaN") && !svg.contains("<Bo>"));
        assert!(svg.contains("&lt;Bo&gt;"));
    }

    #[test]
    fn the_table_shows_which_points_are_on_the_front() {
        assert_eq!(chart().on_front(), [true, false, true, false]);
        let html = chart().table().html();
        assert_eq!(html.matches("yes").count(), 2);
    }

    #[test]
    fn a_narrow_drawing_wraps_its_legend() {
        let height = |width| legend(&ParetoChart { width, ..chart() }).1;
        assert_eq!(height(640.0), 26.0);
        assert!(height(280.0) > 26.0);
    }

    #[test]
    fn a_chart_without_points_is_well_formed() {
        let svg = pareto_chart(&ParetoChart::default());
        assert!(roxmltree::Document::parse(&svg).is_ok());
    }
}
