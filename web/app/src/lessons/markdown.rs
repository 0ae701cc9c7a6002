//! Converts the subset of Markdown that lessons use to HTML.
//!
//! Blocks are paragraphs, lists, tables, fenced code and `<details>`; inline elements are bold, italics,
//! code and links. Everything else is text, and text is escaped.

use std::iter::Peekable;
use std::str::Lines;

use spat_report::escape;

/// Converts blocks. Comment lines are skipped.
pub(super) fn html(source: &str) -> String {
    let mut out = String::new();
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with("<!--") {
            continue;
        }
        if line.starts_with("```") {
            out += &fenced(&mut lines);
        } else if let Some(rest) = line.strip_prefix("<details>") {
            out += &format!("<details>{}", summary(rest));
        } else if line == "</details>" {
            out += line;
        } else if line.starts_with('|') {
            out += &table(line, &mut lines);
        } else if let Some(first) = line.strip_prefix("- ") {
            out += &list("ul", first, &mut lines, |line| line.strip_prefix("- "));
        } else if let Some(first) = numbered(line) {
            out += &list("ol", first, &mut lines, numbered);
        } else {
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|line| continues(line)) {
                text += " ";
                text += more.trim();
            }
            out += &format!("<p>{}</p>", inline(&text));
        }
    }
    out
}

/// Whether a line continues the paragraph before it.
fn continues(line: &str) -> bool {
    let line = line.trim_end();
    let starts_another = ["```", "<details>", "</details>", "<!--", "|", "- "]
        .iter()
        .any(|mark| line.starts_with(mark));
    !line.is_empty() && !starts_another && numbered(line).is_none()
}

fn numbered(line: &str) -> Option<&str> {
    let (number, rest) = line.split_once(". ")?;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_number.then_some(rest)
}

fn summary(rest: &str) -> String {
    let words = rest
        .trim()
        .strip_prefix("<summary>")
        .and_then(|rest| rest.strip_suffix("</summary>"));
    words.map_or_else(String::new, |words| {
        format!("<summary>{}</summary>", inline(words))
    })
}

fn fenced(lines: &mut Peekable<Lines<'_>>) -> String {
    let code: Vec<String> = lines
        .by_ref()
        .take_while(|line| !line.starts_with("```"))
        .map(escape)
        .collect();
    // It scrolls, so it must be focusable by the keyboard.
    format!("<pre tabindex=\"0\"><code>{}</code></pre>", code.join("\n"))
}

fn list(
    kind: &str,
    first: &str,
    lines: &mut Peekable<Lines<'_>>,
    item: impl Fn(&str) -> Option<&str>,
) -> String {
    let mut items = vec![first.to_owned()];
    while let Some(line) = lines.next_if(|line| item(line).is_some() || line.starts_with("  ")) {
        match (item(line), items.last_mut()) {
            (Some(text), _) => items.push(text.to_owned()),
            (None, Some(last)) => *last += &format!(" {}", line.trim()),
            (None, None) => {}
        }
    }
    let items: String = items
        .iter()
        .map(|item| format!("<li>{}</li>", inline(item)))
        .collect();
    format!("<{kind}>{items}</{kind}>")
}

fn table(head: &str, lines: &mut Peekable<Lines<'_>>) -> String {
    let cells = |line: &str, tag: &str| -> String {
        let inner = line.trim().trim_matches('|');
        let cells = inner.split('|').enumerate().map(|(place, cell)| {
            let tag = if place == 0 && tag == "td" {
                "th scope=\"row\""
            } else {
                tag
            };
            let end = tag.split(' ').next().unwrap_or(tag);
            format!("<{tag}>{}</{end}>", inline(cell.trim()))
        });
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let mut rows = String::new();
    while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
        let is_rule = line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
        if !is_rule {
            rows += &cells(line, "td");
        }
    }
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table><thead>{}</thead><tbody>{rows}</tbody></table></div>",
        cells(head, "th scope=\"col\"")
    )
}

/// Converts the inline elements of a line.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        out += &escape(&rest[..at]);
        let tail = &rest[at..];
        let found = code(tail)
            .or_else(|| marked(tail, "**", "strong"))
            .or_else(|| marked(tail, "*", "em"))
            .or_else(|| link(tail));
        let (html, after) = found.unwrap_or_else(|| (tail[..1].to_owned(), &tail[1..]));
        out += &html;
        rest = after;
    }
    out + &escape(rest)
}

fn between<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (inner, after) = text.strip_prefix(mark)?.split_once(mark)?;
    let is_words = !inner.is_empty() && !inner.starts_with(' ') && !inner.ends_with(' ');
    is_words.then_some((inner, after))
}

fn code(text: &str) -> Option<(String, &str)> {
    let (inner, after) = between(text, "`")?;
    Some((format!("<code>{}</code>", escape(inner)), after))
}

fn marked<'a>(text: &'a str, mark: &str, tag: &str) -> Option<(String, &'a str)> {
    let (inner, after) = between(text, mark)?;
    Some((format!("<{tag}>{}</{tag}>", inline(inner)), after))
}

fn link(text: &str) -> Option<(String, &str)> {
    let (words, after) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = after.split_once(')')?;
    let address = escape(&in_the_page(address));
    Some((
        format!("<a href=\"{address}\">{}</a>", inline(words)),
        after,
    ))
}

/// A link to another lesson's file becomes a link to that lesson in the app.
fn in_the_page(address: &str) -> String {
    let number: String = address.chars().take_while(char::is_ascii_digit).collect();
    if address.ends_with(".md") && !number.is_empty() {
        format!("#lesson={number}")
    } else {
        address.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_elements() {
        assert_eq!(html("One\ntwo.\n\nThree"), "<p>One two.</p><p>Three</p>");
        assert_eq!(html("- a\n  b\n- c"), "<ul><li>a b</li><li>c</li></ul>");
        assert_eq!(html("1. a\n2. b"), "<ol><li>a</li><li>b</li></ol>");
        assert_eq!(
            html("```sh\nspat <run>\n```\nEnd"),
            "<pre tabindex=\"0\"><code>spat &lt;run&gt;</code></pre><p>End</p>"
        );
        assert_eq!(
            html("<details><summary>Answer</summary>\n\nYes.\n\n</details>"),
            "<details><summary>Answer</summary><p>Yes.</p></details>"
        );
        let table = html("| a | b |\n|---|---:|\n| 1 | 2 |");
        assert!(
            table.contains("<th scope=\"col\">a</th>") && table.contains("<td>2</td>"),
            "{table}"
        );
        assert!(
            table.contains("<th scope=\"row\">1</th>") && !table.contains("---"),
            "{table}"
        );
    }

    #[test]
    fn inline_elements_are_converted_and_text_is_escaped() {
        assert_eq!(
            inline("**A** and *S*, `A < B`, 2 * 3 * 4, <b>"),
            "<strong>A</strong> and <em>S</em>, <code>A &lt; B</code>, 2 * 3 * 4, &lt;b&gt;"
        );
        assert_eq!(
            inline("[next](3-send.md) [x](https://a.b/?c&d)"),
            "<a href=\"#lesson=3\">next</a> <a href=\"https://a.b/?c&amp;d\">x</a>"
        );
        assert_eq!(inline("a [b] (c"), "a [b] (c");
    }
}
