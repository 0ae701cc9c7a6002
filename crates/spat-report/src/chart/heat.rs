//! A heat map: a value for each pair of row and column.

use super::{
    palette::{LEVELS, Palette},
    png,
    svg::{Anchor, FAINT, QUIET, open, width_of, words},
};
use crate::{
    escape::{escape, shorten},
    number,
    table::Table,
};

/// Maximum number of cells that are drawn individually, with the value under the pointer; larger maps are
/// an image.
const MOST_CELLS: usize = 256;

/// Number of rows in the table of a large map.
const STRONGEST: usize = 20;

/// Maximum length of a label of a row or column.
const LABEL: usize = 14;

/// A map. Values are `[rows × columns]`, row-major; missing values at the end count as NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Title.
    pub title: String,
    /// Text alternative.
    pub description: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Values.
    pub values: Vec<f64>,
    /// Names of the rows; empty for none.
    pub row_labels: Vec<String>,
    /// Names of the columns; empty for none.
    pub column_labels: Vec<String>,
    /// Title of the row axis.
    pub row_title: String,
    /// Title of the column axis.
    pub column_title: String,
    /// The colours.
    pub palette: Palette,
    /// Value of the most saturated colour; `None` takes the largest.
    pub reach: Option<f64>,
    /// Length of the longer edge, in pixels.
    pub side: f64,
    /// Whether only the map is drawn, without labels and legend.
    pub bare: bool,
}

impl HeatMap {
    /// The map with blocks of adjacent cells replaced by their mean, so that no edge has more than `most`
    /// cells. Also returns the size of a block (1, 1 if nothing was averaged).
    pub fn downsampled(&self, most: usize) -> (Self, (usize, usize)) {
        let most = most.max(1);
        let (tall, wide) = (
            self.rows.div_ceil(most).max(1),
            self.columns.div_ceil(most).max(1),
        );
        if tall == 1 && wide == 1 {
            return (self.clone(), (1, 1));
        }
        let (rows, columns) = (self.rows.div_ceil(tall), self.columns.div_ceil(wide));
        let mut values = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            for column in 0..columns {
                let down = row * tall..((row + 1) * tall).min(self.rows);
                let across = column * wide..((column + 1) * wide).min(self.columns);
                let cells = (down.len() * across.len()) as f64;
                let sum: f64 = down
                    .flat_map(|r| across.clone().map(move |c| self.at(r, c)))
                    .sum();
                values.push(sum / cells);
            }
        }
        let firsts =
            |labels: &[String], each: usize| labels.iter().step_by(each).cloned().collect();
        let smaller = Self {
            rows,
            columns,
            values,
            row_labels: firsts(&self.row_labels, tall),
            column_labels: firsts(&self.column_labels, wide),
            ..self.clone()
        };
        (smaller, (tall, wide))
    }

    /// The values as a table: all of a small map, the largest of a large one.
    pub fn table(&self) -> Table {
        if self.rows * self.columns <= MOST_CELLS {
            let heads = (0..self.columns).map(|column| label(&self.column_labels, column));
            let mut table = Table::new(
                self.title.clone(),
                std::iter::once(String::new()).chain(heads),
            );
            for row in 0..self.rows {
                let cells = (0..self.columns).map(|column| number::value(self.at(row, column)));
                table.row(std::iter::once(label(&self.row_labels, row)).chain(cells));
            }
            return table;
        }
        let mut places: Vec<(usize, usize)> = (0..self.rows)
            .flat_map(|row| (0..self.columns).map(move |column| (row, column)))
            .collect();
        places.retain(|&(row, column)| self.at(row, column).is_finite());
        let size = |&(row, column): &(usize, usize)| self.at(row, column).abs();
        places.sort_by(|a, b| size(b).total_cmp(&size(a)));
        let caption = format!("{}, the strongest {STRONGEST}", self.title);
        let mut table = Table::new(
            caption,
            [self.row_title.as_str(), self.column_title.as_str(), "value"],
        );
        for &(row, column) in &places {
            let value = number::value(self.at(row, column));
            table.row([
                label(&self.row_labels, row),
                label(&self.column_labels, column),
                value,
            ]);
        }
        table.limit(STRONGEST)
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values
            .get(row * self.columns + column)
            .copied()
            .unwrap_or(f64::NAN)
    }

    fn reach(&self) -> f64 {
        self.reach
            .unwrap_or_else(|| self.palette.reach(&self.values))
    }
}

/// The map as an SVG element.
pub fn heat_map(map: &HeatMap) -> String {
    let edge = map.side / map.rows.max(map.columns).max(1) as f64;
    let (wide, tall) = (edge * map.columns as f64, edge * map.rows as f64);
    if map.bare {
        return open(wide.max(1.0), tall.max(1.0), &map.title, &map.description)
            + &cells(map, 0.0, 0.0, edge)
            + "</svg>";
    }
    let longest = |labels: &[String]| {
        labels
            .iter()
            .map(|l| width_of(&shorten(l, LABEL)))
            .fold(0.0, f64::max)
    };
    let (left, top) = (
        longest(&map.row_labels).max(width_of(&map.row_title) + 16.0) + 8.0,
        longest(&map.column_labels) * 0.87 + 34.0,
    );
    // Slanted labels of the last columns extend beyond the map.
    let slack = (longest(&map.column_labels) * 0.55).max(12.0);
    let mut out = open(
        left + wide + slack,
        top + tall + 46.0,
        &map.title,
        &map.description,
    );
    out += &labels(map, left, top, edge);
    out += &cells(map, left, top, edge);
    out += &format!(
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\" style=\"fill:none;stroke:{FAINT}\"/>"
    );
    out + &legend(map, left, top + tall + 14.0, wide) + "</svg>"
}

fn cells(map: &HeatMap, left: f64, top: f64, edge: f64) -> String {
    let reach = map.reach();
    let level = |row: usize, column: usize| map.palette.level(map.at(row, column), reach);
    let colours = map.palette.colours();
    let mut out = String::from("<g style=\"filter:var(--spat-map-filter,none)\">");
    if map.bare || map.rows * map.columns > MOST_CELLS {
        let pixels: Vec<u8> = (0..map.rows)
            .flat_map(|row| (0..map.columns).map(move |column| (row, column)))
            .map(|(r, c)| level(r, c))
            .collect();
        out += &format!(
            "<image x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{}\"/>",
            edge * map.columns as f64,
            edge * map.rows as f64,
            png::data_address(map.columns, map.rows, &pixels, &colours),
        );
        return out + "</g>";
    }
    for row in 0..map.rows {
        for column in 0..map.columns {
            let [r, g, b] = colours[usize::from(level(row, column))];
            let label = format!(
                "{} → {}, {}",
                label(&map.row_labels, row),
                label(&map.column_labels, column),
                number::value(map.at(row, column))
            );
            // A slight overlap hides the seams that renderers leave between cells.
            out += &format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{s:.1}\" height=\"{s:.1}\" fill=\"#{r:02x}{g:02x}{b:02x}\">\
                 <title>{}</title></rect>",
                left + edge * column as f64,
                top + edge * row as f64,
                escape(&label),
                s = edge + 0.3,
            );
        }
    }
    out + "</g>"
}

fn labels(map: &HeatMap, left: f64, top: f64, edge: f64) -> String {
    let quiet = format!("fill:{QUIET}");
    let mut out = words(
        left,
        12.0,
        Anchor::Start,
        "",
        &format!("{} →", map.column_title),
    );
    out += &words(
        left - 6.0,
        top - 6.0,
        Anchor::End,
        "",
        &format!("{} ↓", map.row_title),
    );
    // As many labels as fit.
    let each = ((13.0 / edge.max(0.01)).ceil() as usize).max(1);
    for (row, name) in map.row_labels.iter().enumerate().step_by(each) {
        let y = top + edge * (row as f64 + 0.5) + 4.0;
        out += &words(left - 6.0, y, Anchor::End, &quiet, &shorten(name, LABEL));
    }
    for (column, name) in map.column_labels.iter().enumerate().step_by(each) {
        let x = left + edge * (column as f64 + 0.5) + 3.0;
        out += &format!(
            "<text transform=\"translate({x:.1} {:.1}) rotate(-60)\" style=\"{quiet}\">{}</text>",
            top - 5.0,
            escape(&shorten(name, LABEL))
        );
    }
    out
}

fn legend(map: &HeatMap, left: f64, top: f64, wide: f64) -> String {
    let width = wide.min(200.0);
    let pixels: Vec<u8> = (0..LEVELS as u8).collect();
    let reach = map.reach();
    let quiet = format!("fill:{QUIET}");
    let bar = format!(
        "<image x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"8\" preserveAspectRatio=\"none\" \
         style=\"filter:var(--spat-map-filter,none)\" href=\"{}\"/>",
        png::data_address(LEVELS, 1, &pixels, &map.palette.colours()),
    );
    let low = match map.palette {
        Palette::Sequential => "0".to_owned(),
        Palette::Diverging => number::brief(-reach),
    };
    let below = top + 22.0;
    let mut out = bar + &words(left, below, Anchor::Start, &quiet, &low);
    if map.palette == Palette::Diverging {
        out += &words(left + width / 2.0, below, Anchor::Middle, &quiet, "0");
    }
    out + &words(
        left + width,
        below,
        Anchor::End,
        &quiet,
        &number::brief(reach),
    )
}

fn label(labels: &[String], place: usize) -> String {
    labels
        .get(place)
        .cloned()
        .unwrap_or_else(|| place.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(rows: usize, columns: usize) -> HeatMap {
        HeatMap {
            title: "a map".to_owned(),
            description: String::new(),
            rows,
            columns,
            values: (0..rows * columns).map(|i| i as f64).collect(),
            row_labels: (0..rows).map(|i| format!("r{i}")).collect(),
            column_labels: (0..columns).map(|i| format!("c{i}")).collect(),
            row_title: "query".to_owned(),
            column_title: "key".to_owned(),
            palette: Palette::Sequential,
            reach: None,
            side: 100.0,
            bare: false,
        }
    }

    #[test]
    fn blocks_are_averaged() {
        let (small, block) = map(5, 4).downsampled(3);
        assert_eq!((small.rows, small.columns, block), (3, 2, (2, 2)));
        assert_eq!(small.values[0], (0.0 + 1.0 + 4.0 + 5.0) / 4.0);
        assert_eq!(
            small.values[5],
            (18.0 + 19.0) / 2.0,
            "a block at the edge has fewer cells"
        );
        assert_eq!(small.row_labels, ["r0", "r2", "r4"]);
        assert_eq!(map(3, 3).downsampled(3).1, (1, 1));
    }

    #[test]
    fn a_large_map_is_an_image_and_a_small_one_is_cells() {
        assert!(heat_map(&map(20, 20)).contains("data:image/png"));
        assert_eq!(heat_map(&map(4, 4)).matches("<rect").count(), 16 + 1);
        assert!(!heat_map(&map(0, 0)).contains("NaN"));
    }
}
