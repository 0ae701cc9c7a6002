//! Escaping of untrusted text.

/// `text` for use between tags or inside a quoted attribute, in HTML and in SVG.
///
/// Characters that XML forbids, or that reorder the text around them, become U+FFFD: a column name must not
/// be able to break the page or to disguise itself.
///
/// ```
/// assert_eq!(spat_report::escape("<b> & \"c\""), "&lt;b&gt; &amp; &quot;c&quot;");
/// ```
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match visible(c) {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// `text` as a CSV field, quoted where RFC 4180 requires it. A text that a spreadsheet would read as a formula
/// is prefixed with an apostrophe.
///
/// ```
/// assert_eq!(spat_report::csv_field("load, MW"), "\"load, MW\"");
/// ```
pub fn csv_field(text: &str) -> String {
    let field = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if field.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field
}

/// `text` for a terminal: one line, no control sequences.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match visible(c) {
            '\n' | '\t' => ' ',
            c => c,
        })
        .collect()
}

fn visible(c: char) -> char {
    let reorders =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let no_xml = matches!(c, '\u{fffe}' | '\u{ffff}');
    if reorders || no_xml || (c.is_control() && !matches!(c, '\n' | '\t')) {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

/// `text` cut to `most` characters; the last is an ellipsis if something was cut.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_escaped() {
        assert_eq!(escape("a<script>'\"&"), "a&lt;script&gt;&#39;&quot;&amp;");
        assert_eq!(
            escape("Temp\u{fffd}ratur \u{1b}[2J\u{202e}"),
            "Temp\u{fffd}ratur \u{fffd}[2J\u{fffd}"
        );
        assert_eq!(plain("two\nlines\u{7}"), "two lines\u{fffd}");
    }

    #[test]
    fn formulas_and_quotes_are_escaped_in_csv() {
        assert_eq!(csv_field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(csv_field("@a, \"b\""), "\"'@a, \"\"b\"\"\"");
        assert_eq!(csv_field("load"), "load");
    }

    #[test]
    fn text_is_shortened_by_characters_not_bytes() {
        assert_eq!(shorten("Übertemperatur", 6), "Übert…");
        assert_eq!(shorten("kurz", 6), "kurz");
    }
}
