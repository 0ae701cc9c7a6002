//! A block diagram of a forecaster: which attention modules and heads remain and which are removed.

use spat_spec::{AttentionStructure, ForecasterConfig, Structure};

use super::{
    hue::Hue,
    svg::{Anchor, QUIET, line, open, words},
};
use crate::{escape::escape, names, table::Table};

const END: f64 = 92.0;
const GAP: f64 = 16.0;
const LAYER: f64 = 120.0;
/// Layers per row of the drawing; deeper models wrap.
const PER_LINE: usize = 5;
const LINE: f64 = 156.0;
const BOX: f64 = 46.0;

/// The structure as an SVG element: data flow from left to right, one column per layer, a removed
/// attention module dashed and crossed out, a removed head hollow.
pub fn network_drawing(structure: &Structure) -> String {
    network_drawing_within(structure, f64::INFINITY)
}

/// The drawing with as many layers per row as fit in `width` pixels, at least one. Each layer is a group
/// with the attribute `data-module`, with which a page finds the layer under the pointer.
pub fn network_drawing_within(structure: &Structure, width: f64) -> String {
    let layers = &structure.attention;
    let sites = structure.forecaster.sites();
    let room = (width - 2.0 * (END + GAP) - 8.0) / (LAYER + GAP);
    let per_line = (room.max(1.0) as usize).min(PER_LINE);
    let across = layers.len().clamp(1, per_line) as f64;
    let lines = layers.len().div_ceil(per_line).max(1);
    let width = 2.0 * (END + GAP) + across * (LAYER + GAP) + 8.0;
    let height = LINE * lines as f64;
    let gone = layers.iter().filter(|slot| slot.heads.is_empty()).count();
    let description = match layers.len() {
        0 => format!("{} has no attention modules.", structure.forecaster.name()),
        all => format!(
            "{gone} of {all} attention modules are removed; feed-forward parts and residual paths stay."
        ),
    };
    let title = format!("Structure of {}", structure.forecaster.name());
    let mut out = open(width, height, &title, &description);
    let (first, last) = ends(&structure.forecaster);
    out += &plain_box(4.0, 40.0, END, 2.0 * BOX + 12.0, &first);
    if layers.is_empty() {
        out += &flow(4.0 + END, 4.0 + END + GAP, 92.0);
        let what = two_lines(structure.forecaster.without_attention());
        out += &plain_box(4.0 + END + GAP, 40.0, LAYER, 2.0 * BOX + 12.0, &what);
    }
    for (place, slot) in layers.iter().enumerate() {
        let x = 4.0 + END + GAP + (place % per_line) as f64 * (LAYER + GAP);
        let top = LINE * (place / per_line) as f64;
        out += &flow(x - GAP, x, top + 92.0);
        out += &layer(slot, sites[place].heads, x, top);
    }
    let in_last_line = if layers.is_empty() {
        1
    } else {
        (layers.len() - 1) % per_line + 1
    };
    let x = 4.0 + END + in_last_line as f64 * (LAYER + GAP);
    let top = LINE * (lines - 1) as f64;
    out += &flow(x, x + GAP, top + 92.0);
    out += &plain_box(x + GAP, top + 40.0, END, 2.0 * BOX + 12.0, &last);
    out + "</svg>"
}

/// The drawing's content as a table.
pub fn network_table(structure: &Structure) -> Table {
    let mut table = Table::new(
        "Attention modules",
        ["module", "heads that remain", "heads removed"],
    );
    for (slot, site) in structure.attention.iter().zip(structure.forecaster.sites()) {
        let list = |kept: bool| {
            let heads: Vec<String> = (0..site.heads)
                .filter(|head| slot.heads.contains(head) == kept)
                .map(|head| head.to_string())
                .collect();
            if heads.is_empty() {
                "none".to_owned()
            } else {
                heads.join(", ")
            }
        };
        table.row([slot.module.to_string(), list(true), list(false)]);
    }
    table
}

/// The text, broken at the space nearest to its middle.
fn two_lines(text: &str) -> [String; 2] {
    let middle = text.len() / 2;
    let spaces = text.match_indices(' ').map(|(place, _)| place);
    match spaces.min_by_key(|place| place.abs_diff(middle)) {
        Some(place) => [text[..place].to_owned(), text[place + 1..].to_owned()],
        None => [text.to_owned(), String::new()],
    }
}

fn ends(forecaster: &ForecasterConfig) -> ([String; 2], [String; 2]) {
    let (lookback, horizon) = (forecaster.lookback(), forecaster.horizon());
    let tokens = forecaster.token_noun();
    (
        [format!("{lookback} rows in"), format!("as {tokens}")],
        ["forecast".to_owned(), format!("{horizon} rows out")],
    )
}

fn layer(slot: &AttentionStructure, heads: usize, x: f64, top: f64) -> String {
    let name = names::heading(&slot.module);
    let mut out = format!(
        "<g data-module=\"{}\"><rect class=\"spat-row\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\" style=\"fill:transparent\"/>",
        escape(slot.module.as_str()),
        x - 6.0,
        top + 10.0,
        LAYER + 12.0,
        2.0 * BOX + 50.0,
    );
    out += &words(
        x + LAYER / 2.0,
        top + 28.0,
        Anchor::Middle,
        "font-weight:600",
        &name,
    );
    let y = top + 40.0;
    let removed = slot.heads.is_empty();
    let hue = if removed { Hue::Vermillion } else { Hue::Blue };
    let style = if removed {
        format!(
            "fill:none;stroke:{};stroke-width:1.5;stroke-dasharray:5 4",
            hue.css()
        )
    } else {
        format!(
            "fill:{hue};fill-opacity:.1;stroke:{hue};stroke-width:1.5",
            hue = hue.css()
        )
    };
    out += &format!("<g><title>{}</title>", escape(&state(slot, heads)));
    out += &frame(x, y, LAYER, BOX, &style);
    let middle = x + LAYER / 2.0;
    if removed {
        let cross = format!("stroke:{};stroke-width:1;opacity:.55", hue.css());
        out += &line((x + 5.0, y + 5.0), (x + LAYER - 5.0, y + BOX - 5.0), &cross);
        out += &line((x + LAYER - 5.0, y + 5.0), (x + 5.0, y + BOX - 5.0), &cross);
        // The text has a background in the page's colour, so that the cross does not strike it through.
        out += &frame(
            middle - 34.0,
            y + 13.0,
            68.0,
            20.0,
            "fill:var(--spat-paper,#fff)",
        );
        out += &words(
            middle,
            y + 27.0,
            Anchor::Middle,
            &format!("fill:{}", hue.text_css()),
            "removed",
        );
    } else {
        out += &words(middle, y + 19.0, Anchor::Middle, "", "attention");
        out += &head_marks(slot, heads, middle, y + 29.0);
    }
    out += "</g>";
    out += &plain_box(
        x,
        y + BOX + 12.0,
        LAYER,
        BOX,
        &["feed-forward".to_owned(), String::new()],
    );
    out + "</g>"
}

/// One small square per head, hollow if it is removed; many heads become a phrase.
fn head_marks(slot: &AttentionStructure, heads: usize, middle: f64, y: f64) -> String {
    if heads > 12 {
        let quiet = format!("fill:{QUIET}");
        return words(
            middle,
            y + 8.0,
            Anchor::Middle,
            &quiet,
            &format!("{} of {heads} heads", slot.heads.len()),
        );
    }
    let start = middle - heads as f64 * 10.0 / 2.0 + 1.0;
    let blue = Hue::Blue.css();
    let mark = |head: usize| {
        let fill = if slot.heads.contains(&head) {
            blue
        } else {
            "none"
        };
        frame(
            start + 10.0 * head as f64,
            y,
            8.0,
            8.0,
            &format!("fill:{fill};stroke:{blue}"),
        )
    };
    (0..heads).map(mark).collect()
}

fn state(slot: &AttentionStructure, heads: usize) -> String {
    match slot.heads.len() {
        0 => format!("{} is removed", slot.module),
        left if left == heads => format!("{} keeps all {heads} heads", slot.module),
        left => format!("{} keeps {left} of {heads} heads", slot.module),
    }
}

fn plain_box(x: f64, y: f64, width: f64, height: f64, text: &[String; 2]) -> String {
    let mut out = frame(
        x,
        y,
        width,
        height,
        &format!("fill:none;stroke:{QUIET};stroke-opacity:.6"),
    );
    let middle = (x + width / 2.0, y + height / 2.0);
    let two = !text[1].is_empty();
    out += &words(
        middle.0,
        middle.1 + if two { -4.0 } else { 4.0 },
        Anchor::Middle,
        "",
        &text[0],
    );
    if two {
        out += &words(
            middle.0,
            middle.1 + 14.0,
            Anchor::Middle,
            &format!("fill:{QUIET}"),
            &text[1],
        );
    }
    out
}

fn frame(x: f64, y: f64, width: f64, height: f64, style: &str) -> String {
    let round = if height < 12.0 { 1 } else { 5 };
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\" style=\"{style}\"/>"
    )
}

fn flow(from: f64, to: f64, y: f64) -> String {
    let style = format!("stroke:{QUIET};stroke-width:1.4;fill:none");
    line((from + 1.0, y), (to - 2.0, y), &style)
        + &format!(
            "<path d=\"M{:.1} {:.1}l4 4l-4 4\" style=\"{style}\"/>",
            to - 6.0,
            y - 4.0
        )
}
