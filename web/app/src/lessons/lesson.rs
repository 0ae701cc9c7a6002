//! Parser of lessons: a title and cards.
//!
//! The Markdown files are `docs/lessons/*.md`. A card is a heading of the second level and what follows
//! it. Comments have what only the app needs: `<!-- run: NAME -->` is the example that the lesson is
//! about, `<!-- look: TARGET -->` the element that a card points at, and `<!-- claim: … -->` a statement
//! about the run, see [`Claim`].

use super::claim::Claim;
use super::markdown;

/// A lesson.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lesson {
    pub(super) title: String,
    /// The example that it is about.
    pub(super) run: Option<String>,
    pub(super) cards: Vec<Card>,
}

/// One step of a lesson.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Card {
    pub(super) title: String,
    /// The text as HTML.
    pub(super) html: String,
    /// The id or test id of the element that it points at.
    pub(super) look: Option<String>,
    pub(super) claims: Vec<Claim>,
}

impl Lesson {
    /// Parses a lesson.
    ///
    /// # Errors
    /// The file is not a lesson; the message has what is missing.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.replace("\r\n", "\n");
        let mut sections = text.split("\n## ");
        let opening = sections.next().unwrap_or_default();
        let title = opening
            .lines()
            .find_map(|line| line.strip_prefix("# "))
            .ok_or("it has no title")?;
        let cards: Vec<Card> = sections.map(card).collect::<Result<_, _>>()?;
        if cards.is_empty() {
            return Err("it has no cards".to_owned());
        }
        Ok(Self {
            title: title.trim().to_owned(),
            run: directives(opening, "run").next().map(str::to_owned),
            cards,
        })
    }
}

fn card(section: &str) -> Result<Card, String> {
    let (title, body) = section.split_once('\n').unwrap_or((section, ""));
    let claims = directives(body, "claim")
        .map(|text| Claim::parse(text).ok_or_else(|| format!("`{text}` is no claim")))
        .collect::<Result<_, _>>()?;
    Ok(Card {
        title: title.trim().to_owned(),
        html: markdown::html(body),
        look: directives(body, "look").next().map(str::to_owned),
        claims,
    })
}

/// The values of comments of the form `<!-- name: value -->`.
fn directives<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| {
        let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
        let value = inner.trim().strip_prefix(name)?.strip_prefix(':')?;
        Some(value.trim())
    })
}

/// File names and titles of the lessons, from the links of the README.
pub(super) fn contents(readme: &str) -> Vec<(String, String)> {
    readme
        .lines()
        .filter_map(|line| {
            let (title, rest) = line.split_once(". [")?.1.split_once("](")?;
            let (file, _) = rest.split_once(')')?;
            file.ends_with(".md")
                .then(|| (file.to_owned(), title.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lessons")
    }

    fn read(name: &str) -> String {
        let path = folder().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    #[test]
    fn cards_are_parsed_with_their_comments() {
        let text = "# T\n\n<!-- run: demo -->\n\n## One\n\n<!-- look: train -->\n<!-- claim: send.0 < 1 -->\nWords.\n\n## Two\n\nMore.\n";
        let lesson = Lesson::parse(text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(lesson.title, "T");
        assert_eq!(lesson.run.as_deref(), Some("demo"));
        assert_eq!(lesson.cards.len(), 2);
        assert_eq!(lesson.cards[0].look.as_deref(), Some("train"));
        assert_eq!(lesson.cards[0].html, "<p>Words.</p>");
        assert_eq!(lesson.cards[0].claims.len(), 1);
        assert!(Lesson::parse("# T\n").is_err());
        assert!(Lesson::parse("# T\n\n## C\n<!-- claim: much -->\n").is_err());
    }

    #[test]
    fn the_lessons_have_a_run_claims_and_an_answer() {
        let list = contents(&read("README.md"));
        assert_eq!(list.len(), super::super::COUNT);
        for (number, (file, title)) in list.iter().enumerate() {
            let text = read(file);
            let lesson = Lesson::parse(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert_eq!(lesson.title, *title, "{file}");
            assert!(file.starts_with(&format!("{}-", number + 1)), "{file}");
            let run = lesson.run.unwrap_or_else(|| panic!("{file} has no run"));
            let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{run}.json"));
            assert!(saved.exists(), "{} is missing", saved.display());
            assert!(
                lesson.cards.iter().any(|card| !card.claims.is_empty()),
                "{file}"
            );
            let titles: Vec<_> = lesson
                .cards
                .iter()
                .map(|card| card.title.as_str())
                .collect();
            assert!(titles.contains(&"Something to try"), "{file}: {titles:?}");
            let last = lesson.cards.last().map(|card| card.html.clone());
            assert!(
                last.is_some_and(|html| html.contains("<details>")),
                "{file}"
            );
        }
    }

    #[test]
    fn every_claim_holds_for_its_lessons_run() {
        use super::super::claim::{Holds, Shown, quantity};
        for (file, _) in contents(&read("README.md")) {
            let lesson = Lesson::parse(&read(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            let saved = format!("examples/{}.json", lesson.run.unwrap_or_default());
            let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(&saved));
            let bytes = bytes.unwrap_or_else(|e| panic!("{saved}: {e}"));
            let report: spat_spec::Report =
                serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{saved}: {e}"));
            let shown = Shown {
                scores: &report.scores,
                maps: &report.maps,
                report: Some(&report),
            };
            for claim in lesson.cards.iter().flat_map(|card| &card.claims) {
                for name in claim.quantities() {
                    assert!(
                        quantity(name, shown).is_some(),
                        "{file}: unknown quantity `{name}`"
                    );
                }
                let (holds, words) = claim.check(shown);
                assert_eq!(holds, Holds::Yes, "{file}: {words}");
            }
        }
    }
}
