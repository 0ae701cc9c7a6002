//! The rules in a teacher's link, such as `hide=model,keep&lock=preset&table=waves`.

use leptos::prelude::*;

use crate::state::{Page, change_field, field_in_address};

/// A name in the address, and its label.
pub(super) type Name = (&'static str, &'static str);

/// What can be hidden: the sections, and some controls. `styles/class.css` hides them.
pub(super) const HIDE: [Name; 10] = [
    ("data", "Data"),
    ("model", "Model"),
    ("train", "Train"),
    ("attention", "Attention"),
    ("prune", "Prune"),
    ("compare", "Compare"),
    ("keep", "Export"),
    ("own", "Own tables"),
    ("options", "“More choices” of the model"),
    ("engine", "Choice of the engine"),
];

/// What can be locked.
pub(super) const LOCK: [Name; 4] = [
    ("data", "The table"),
    ("preset", "Size, windows, options and seed"),
    ("ratio", "Share of modules to remove"),
    ("engine", "Engine"),
];

/// The rules of a teacher's link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rules {
    hide: Vec<String>,
    lock: Vec<String>,
    /// The sample to load at the start.
    table: Option<String>,
}

impl Rules {
    /// Reads the rules of the address.
    pub(crate) fn in_address() -> Self {
        Self {
            hide: names("hide"),
            lock: names("lock"),
            table: field_in_address("table"),
        }
    }

    /// The rules in the context.
    pub(crate) fn from_context() -> Self {
        expect_context()
    }

    /// Hides elements, loads the table, and reports unknown names.
    pub(crate) fn apply(&self, page: Page) {
        if let Some(root) = document().document_element() {
            root.set_attribute("data-hide", &self.hide.join(" ")).ok();
        }
        for (asked, known, what) in [
            (&self.hide, &HIDE[..], "hide"),
            (&self.lock, &LOCK[..], "lock"),
        ] {
            for name in unknown(asked, known) {
                let can: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                page.notify(format!(
                    "this link asks to {what} `{name}`, which is unknown; it can {what} {}",
                    can.join(", ")
                ));
            }
        }
        if let Some(table) = &self.table
            && !crate::sections::data::load_sample(page, table)
        {
            page.notify(format!(
                "this link asks for the table `{table}`, which is unknown; the samples are weather and waves"
            ));
        }
    }

    /// Whether the link locks these controls.
    pub(crate) fn locks(&self, name: &str) -> bool {
        self.lock.iter().any(|locked| locked == name)
    }

    /// Restores the rules in the address after a link inside the app has replaced it.
    pub(crate) fn write_address(&self) {
        for (name, values) in [("hide", &self.hide), ("lock", &self.lock)] {
            if !values.is_empty() {
                change_field(name, Some(&values.join(",")));
            }
        }
        if let Some(table) = &self.table {
            change_field("table", Some(table));
        }
    }
}

fn names(field: &str) -> Vec<String> {
    let value = field_in_address(field).unwrap_or_default();
    value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn unknown<'a>(asked: &'a [String], known: &'a [Name]) -> impl Iterator<Item = &'a String> {
    asked
        .iter()
        .filter(|asked| known.iter().all(|(name, _)| name != asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_hides_every_name() {
        let css = include_str!("../../styles/class.css");
        for (name, _) in HIDE {
            assert!(css.contains(&format!("[data-hide~=\"{name}\"]")), "{name}");
        }
    }

    #[test]
    fn unknown_names_are_found() {
        let asked = ["model", "modle"].map(str::to_owned);
        let found: Vec<_> = unknown(&asked, &HIDE).collect();
        assert_eq!(found, ["modle"]);
    }
}
