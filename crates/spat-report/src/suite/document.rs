//! A document that is written as HTML and as Markdown.

use crate::{
    chart::figure,
    escape::{escape, plain},
    page,
    table::Table,
};

/// A document.
pub(super) struct Document {
    pub(super) kicker: &'static str,
    pub(super) title: String,
    /// What was computed, in sentences.
    pub(super) setting: String,
    pub(super) verdict: String,
    pub(super) command: String,
    pub(super) sections: Vec<Section>,
}

/// A part with a heading. Without blocks it is left out.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// An element of a section. Text is escaped on output.
pub(super) enum Block {
    Heading(String),
    Paragraph(String),
    /// An explanation of figures.
    Note(String),
    /// Marked sentences.
    List(Vec<(&'static str, String)>),
    Table(Table),
    /// A drawing, on the page only; Markdown has the tables.
    Figure {
        svg: String,
        caption: String,
        data: Table,
    },
    /// Text of a file.
    File {
        name: String,
        text: String,
    },
}

impl Document {
    pub(super) fn html(&self) -> String {
        let mut sections = vec![format!(
            "<header><p class=\"kicker\">{}</p><h1>{}</h1><p class=\"setting\">{}</p>\
             <p class=\"verdict\">{}</p></header>",
            escape(self.kicker),
            escape(&self.title),
            escape(&self.setting),
            escape(&self.verdict),
        )];
        for section in &self.sections {
            let body: String = section.blocks.iter().map(Block::html).collect();
            sections.push(page::section(section.id, section.heading, &body));
        }
        let command = format!("<pre class=\"command\">{}</pre>", escape(&self.command));
        sections.push(page::section("command", "Command", &command));
        page::document(&self.title, &sections.join("\n"))
    }

    pub(super) fn markdown(&self) -> String {
        let mut out = format!(
            "# {}\n\n```sh\n{}\n```\n\n{}\n\n**{}**\n",
            plain(&self.title),
            plain(&self.command),
            plain(&self.setting),
            plain(&self.verdict)
        );
        for section in self.sections.iter().filter(|one| !one.blocks.is_empty()) {
            out += &format!("\n## {}\n", section.heading);
            for block in &section.blocks {
                out += &block.markdown();
            }
        }
        out
    }
}

impl Block {
    fn html(&self) -> String {
        match self {
            Self::Heading(text) => format!("<h3>{}</h3>", escape(text)),
            Self::Paragraph(text) => page::paragraph(text),
            Self::Note(text) => page::aside(text),
            Self::List(items) => {
                let items = items.iter().map(|(mark, text)| {
                    format!("<li><strong>{mark}</strong> {}</li>", escape(text))
                });
                format!("<ul>{}</ul>", items.collect::<String>())
            }
            Self::Table(table) => table.html(),
            Self::Figure { svg, caption, data } => figure(svg, caption, data),
            Self::File { name, text } => format!(
                "<details><summary>{}</summary><pre>{}</pre></details>",
                escape(name),
                escape(text)
            ),
        }
    }

    fn markdown(&self) -> String {
        match self {
            Self::Heading(text) => format!("\n### {}\n", plain(text)),
            Self::Paragraph(text) | Self::Note(text) => format!("\n{}\n", plain(text)),
            Self::List(items) => {
                let items = items
                    .iter()
                    .map(|(mark, text)| format!("- **{mark}** {}\n", plain(text)));
                format!("\n{}", items.collect::<String>())
            }
            Self::Table(table) => format!("\n{}", table.markdown()),
            Self::Figure { .. } => String::new(),
            Self::File { name, text } => {
                let lines: Vec<String> = text.lines().map(plain).collect();
                format!(
                    "\n<details><summary>{}</summary>\n\n```toml\n{}\n```\n\n</details>\n",
                    escape(name),
                    // A fence in the text would end the block.
                    lines.join("\n").replace("```", "'''")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(blocks: Vec<Block>) -> Document {
        Document {
            kicker: "Suite",
            title: "A <title>".to_owned(),
            setting: "Setting".to_owned(),
            verdict: "Verdict".to_owned(),
            command: "spat study".to_owned(),
            sections: vec![
                Section {
                    id: "one",
                    heading: "One",
                    blocks,
                },
                Section {
                    id: "none",
                    heading: "Nothing",
                    blocks: Vec::new(),
                },
            ],
        }
    }

    #[test]
    fn both_forms_have_the_blocks_and_no_empty_sections() {
        let mut table = Table::new("", ["", "value"]);
        table.row(["a|b", "<1>"]);
        let document = document(vec![
            Block::Heading("Part".to_owned()),
            Block::List(vec![("For.", "because <x>".to_owned())]),
            Block::Table(table),
        ]);
        let (page, text) = (document.html(), document.markdown());
        assert!(page.contains("<h1>A &lt;title&gt;</h1>") && text.starts_with("# A <title>\n"));
        assert!(page.contains("<h3>Part</h3>") && text.contains("\n### Part\n"));
        assert!(page.contains("<li><strong>For.</strong> because &lt;x&gt;</li>"));
        assert!(text.contains("- **For.** because <x>\n"));
        assert!(page.contains("<td>&lt;1&gt;</td>") && text.contains("| a\\|b | <1> |"));
        assert!(!page.contains("Nothing") && !text.contains("Nothing"));
    }

    /// A file cannot end its block.
    #[test]
    fn a_file_stays_within_its_block() {
        let file = Block::File {
            name: "file".to_owned(),
            text: "a = 1\n```\n# heading\n</pre>".to_owned(),
        };
        assert_eq!(file.markdown().matches("```").count(), 2);
        assert_eq!(file.html().matches("</pre>").count(), 1);
    }
}
