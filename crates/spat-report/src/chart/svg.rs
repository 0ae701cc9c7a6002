//! Frame and text of a drawing.

use crate::escape::escape;

/// Font size of all text in a drawing, in pixels.
pub(crate) const TEXT: f64 = 12.0;

/// Lines without data.
pub(crate) const FAINT: &str = "var(--spat-rule,#dfe3e8)";

/// Secondary text.
pub(crate) const QUIET: &str = "var(--spat-quiet,#5d646d)";

/// The opening tag, with the text alternative for screen readers.
pub(crate) fn open(width: f64, height: f64, title: &str, description: &str) -> String {
    let (title, description) = (escape(title), escape(description));
    format!(
        "<svg class=\"spat-chart\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\" \
         style=\"--spat-width:{width:.0}px;width:100%;max-width:{width:.0}px;height:auto;font:{TEXT}px system-ui,sans-serif;\
         fill:var(--spat-ink,#1d2329)\"><title>{title}</title><desc>{description}</desc>"
    )
}

/// Horizontal alignment of text at its point.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Text at a point on its baseline.
pub(crate) fn words(x: f64, y: f64, anchor: Anchor, style: &str, text: &str) -> String {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" style=\"{style}\">{}</text>",
        escape(text)
    )
}

/// A straight line.
pub(crate) fn line((x1, y1): (f64, f64), (x2, y2): (f64, f64), style: &str) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" style=\"{style}\"/>")
}

/// Estimated text width, on the large side so that nothing is cut off.
pub(crate) fn width_of(text: &str) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | '\'' | ' ' => 0.34,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        c if c.is_ascii_uppercase() => 0.72,
        '\u{1100}'.. => 1.0,
        _ => 0.6,
    };
    text.chars().map(em).sum::<f64>() * TEXT
}

/// An SVG file of one of this crate's drawings, in the size of its view box, on a white background.
///
/// Inside a page the elements need no namespace, and the page contains no addresses; a file must declare
/// it. A drawing in a page fills its container; without a size in a file, programs choose different ones.
pub fn standalone(svg: &str) -> String {
    let mut named = svg.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    if let Some((width, height)) = size_of(svg) {
        let (place, paper) = (
            format!("width:100%;max-width:{width}px;height:auto;"),
            "<rect width=\"100%\" height=\"100%\" style=\"fill:var(--spat-paper,#fdfdfc)\"/>",
        );
        named = named
            .replacen(&place, "", 1)
            .replacen(
                " class=",
                &format!(" width=\"{width}\" height=\"{height}\" class="),
                1,
            )
            .replacen("</desc>", &format!("</desc>{paper}"), 1);
    }
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{named}\n")
}

/// Width and height of the view box.
fn size_of(svg: &str) -> Option<(&str, &str)> {
    let (_, after) = svg.split_once("viewBox=\"0 0 ")?;
    after.split_once('"')?.0.split_once(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_size_and_a_background() {
        let file = standalone(&(open(912.0, 340.0, "a", "b") + "</svg>"));
        assert!(file.contains(" width=\"912\" height=\"340\" class="));
        assert!(!file.contains("100%;") && file.matches("<svg").count() == 1);
        let (title, paper) = (file.find("</desc>"), file.find("<rect width=\"100%\""));
        assert!(title.is_some() && title < paper);
    }

    #[test]
    fn a_drawing_without_a_view_box_is_unchanged() {
        assert!(
            standalone("<svg ></svg>")
                .ends_with("<svg xmlns=\"http://www.w3.org/2000/svg\" ></svg>\n")
        );
    }
}
