//! The setup in the address's hash: a link reproduces the setup, without data.
//!
//! The hash is a list of fields joined by `&`: the setup as JSON, and `name=value` for other fields such
//! as `lesson=2` or `hide=model,keep`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use spat_spec::DataConfig;

use super::{Page, Setup};

/// What determines the results, except the table.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) setup: Setup,
    pub(crate) ratio: f64,
    /// How the table is read and split, if it differs from the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<DataConfig>,
}

impl Link {
    /// How the table is read and split.
    pub(crate) fn data(self) -> DataConfig {
        self.data.unwrap_or_default()
    }

    /// The hash with this setup.
    fn hash(&self) -> String {
        // A setup of numbers and names always has JSON.
        let text = serde_json::to_string(self).unwrap_or_default();
        format!("#{}", String::from(js_sys::encode_uri_component(&text)))
    }
}

/// Whether the address's hash has a setup that cannot be read, such as one that a mail program cut off.
pub(crate) fn link_is_damaged() -> bool {
    setup_field(&hash()).is_some() && link_in_address().is_none()
}

/// The setup in the address's hash, if there is one.
pub(crate) fn link_in_address() -> Option<Link> {
    let hash = hash();
    let text = js_sys::decode_uri_component(setup_field(&hash)?).ok()?;
    serde_json::from_str(&String::from(text)).ok()
}

impl Page {
    /// The hash of a link to the current setup.
    pub(crate) fn hash(self) -> String {
        let data = self
            .table
            .with(|table| table.as_ref().map(|table| table.data.clone()))
            .or_else(|| self.linked.get());
        let link = Link {
            setup: self.setup.get(),
            ratio: self.ratio.get(),
            data: data.filter(|data| *data != DataConfig::default()),
        };
        link.hash()
    }

    /// Writes the setup into the address without a new entry in the browser's history; other fields stay.
    pub(crate) fn write_address(self) {
        let here = hash();
        let others = fields(&here).filter(|field| !is_setup(field));
        let mut hash = untrack(|| self.hash());
        for field in others {
            hash += &format!("&{field}");
        }
        replace_hash(&hash);
    }
}

/// The value of a field in the address's hash; empty for a name without a value.
pub(crate) fn field_in_address(name: &str) -> Option<String> {
    field_of(&hash(), name)
}

/// Whether the address locks controls of this name.
pub(super) fn is_locked(name: &str) -> bool {
    let locked = field_in_address("lock").unwrap_or_default();
    locked.split(',').any(|locked| locked == name)
}

/// Sets or removes a field of the address; other fields stay.
pub(crate) fn change_field(name: &str, value: Option<&str>) {
    replace_hash(&format!("#{}", changed(&hash(), name, value)));
}

fn replace_hash(hash: &str) {
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        // If it fails, the address is not updated.
        history
            .replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(hash))
            .ok();
    }
}

fn hash() -> String {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok());
    hash.unwrap_or_default()
}

fn fields(hash: &str) -> impl Iterator<Item = &str> {
    hash.trim_start_matches('#')
        .split('&')
        .filter(|field| !field.is_empty())
}

fn is_setup(field: &str) -> bool {
    field.starts_with('{') || field.starts_with("%7B")
}

fn setup_field(hash: &str) -> Option<&str> {
    fields(hash).find(|field| is_setup(field))
}

fn field_of(hash: &str, name: &str) -> Option<String> {
    fields(hash).find_map(|field| {
        let rest = field.strip_prefix(name)?;
        let value = match rest.strip_prefix('=') {
            Some(value) => value,
            None if rest.is_empty() => "",
            None => return None,
        };
        // Some programs escape commas.
        Some(value.replace("%2C", ",").replace("%2c", ","))
    })
}

fn changed(hash: &str, name: &str, value: Option<&str>) -> String {
    let named = |field: &str| field.split('=').next() == Some(name);
    let mut kept: Vec<String> = fields(hash)
        .filter(|field| !named(field))
        .map(str::to_owned)
        .collect();
    kept.extend(value.map(|value| match value {
        "" => name.to_owned(),
        value => format!("{name}={value}"),
    }));
    kept.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_has_a_setup_and_fields() {
        let hash = "#%7B%22setup%22%3A1%7D&lesson=2&hide=model%2Ckeep&class";
        assert_eq!(setup_field(hash), Some("%7B%22setup%22%3A1%7D"));
        assert_eq!(field_of(hash, "lesson").as_deref(), Some("2"));
        assert_eq!(field_of(hash, "hide").as_deref(), Some("model,keep"));
        assert_eq!(field_of(hash, "class").as_deref(), Some(""));
        assert_eq!(field_of(hash, "les"), None);
        assert_eq!(setup_field("#lesson=2"), None);
        assert_eq!(field_of("", "lesson"), None);
    }

    #[test]
    fn a_link_contains_reading_options_that_differ_from_the_default() {
        let mut link = Link {
            setup: Setup::default(),
            ratio: 0.25,
            data: None,
        };
        let plain = serde_json::to_string(&link).unwrap();
        assert!(!plain.contains("data"), "{plain}");
        assert_eq!(serde_json::from_str::<Link>(&plain).unwrap(), link);
        let mut data = DataConfig::default();
        data.series.channels = Some(vec!["wind".to_owned()]);
        link.data = Some(data);
        let whole = serde_json::to_string(&link).unwrap();
        assert_eq!(serde_json::from_str::<Link>(&whole).unwrap(), link);
    }

    #[test]
    fn changing_a_field_keeps_the_others() {
        assert_eq!(
            changed("#%7B%7D&lesson=2&lock=ratio", "lesson", Some("3")),
            "%7B%7D&lock=ratio&lesson=3"
        );
        assert_eq!(changed("#lesson=2", "lesson", None), "");
        assert_eq!(changed("", "class", Some("")), "class");
    }
}
