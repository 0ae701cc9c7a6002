//! The header of a model file: JSON, of which the page shows a few values. It is the browser's own
//! JSON that reads it, so that the page need not carry a reader of every type in it.

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// Largest header that is read, in bytes: a file that claims more is none of ours.
const LARGEST: u64 = 64 << 20;

/// What a person wants to know of a model's file.
///
/// # Errors
/// It is none of ours.
pub(super) fn facts(file: &[u8]) -> Result<Vec<String>, String> {
    let (start, rest) = file
        .split_at_checked(8)
        .ok_or("this is no safetensors file")?;
    let length = length(start).ok_or("this is no safetensors file")?;
    let header = usize::try_from(length)
        .ok()
        .and_then(|length| rest.get(..length))
        .ok_or("this file is cut short; take it from where it was saved once more")?;
    Header::read(header).map(|header| header.facts())
}

/// The length of the header that a safetensors file's first eight bytes tell; `None` for other files.
fn length(start: &[u8]) -> Option<u64> {
    let length = u64::from_le_bytes(start.try_into().ok()?);
    (2..=LARGEST).contains(&length).then_some(length)
}

/// What was written about a model.
struct Header {
    /// Names, types and shapes of the weights.
    weights: JsValue,
    /// Everything else.
    model: JsValue,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let none = "this is no safetensors file";
        let text = std::str::from_utf8(bytes).map_err(|_| none)?;
        let weights = JSON::parse(text).map_err(|_| none)?;
        let model = at(&weights, &["__metadata__", "spat"])
            .as_string()
            .and_then(|text| JSON::parse(&text).ok())
            .ok_or(
                "this file was not written by SPAT; weights of the public PyTorch code are read by the \
                 command line, with `spat import`",
            )?;
        Ok(Self { weights, model })
    }

    fn facts(&self) -> Vec<String> {
        let text = |path: &[&str]| at(&self.model, path).as_string().unwrap_or_default();
        let number = |path: &[&str]| at(&self.model, path).as_f64().unwrap_or_default();
        let list = |path: &[&str]| {
            at(&self.model, path)
                .dyn_into::<Array>()
                .unwrap_or_default()
        };
        let channels: Vec<String> = list(&["channels"])
            .iter()
            .filter_map(|name| name.as_string())
            .collect();
        let attention = list(&["structure", "attention"]);
        let stands =
            |slot: &JsValue| at(slot, &["heads", "length"]).as_f64().unwrap_or_default() > 0.0;
        let stand = attention.iter().filter(stands).count();
        let model = match &*text(&["structure", "forecaster", "model"]) {
            "itransformer" => "iTransformer".to_owned(),
            "patchtst" => "PatchTST".to_owned(),
            "dlinear" => "DLinear".to_owned(),
            "rlinear" => "RLinear".to_owned(),
            other => other.to_owned(),
        };
        let mut facts = vec![
            format!("{model} of SPAT {}", text(&["version"])),
            format!(
                "looks back {} rows and forecasts {}",
                number(&["structure", "forecaster", "lookback"]),
                number(&["structure", "forecaster", "horizon"]),
            ),
            format!("{} channels: {}", channels.len(), channels.join(", ")),
            format!("{} weights", self.count()),
            format!("{stand} of {} attention modules stand", attention.length()),
        ];
        let scorer = text(&["plan", "scorer"]);
        if !scorer.is_empty() {
            facts.push(format!(
                "pruned by {scorer} with a ratio of {}",
                number(&["plan", "ratio"])
            ));
        }
        facts
    }

    /// Numbers in all weights together.
    fn count(&self) -> f64 {
        let Some(weights) = self.weights.dyn_ref::<js_sys::Object>() else {
            return 0.0;
        };
        let size = |weight: JsValue| {
            let shape = at(&weight, &["shape"]).dyn_into::<Array>().ok()?;
            Some(
                shape
                    .iter()
                    .filter_map(|edge| edge.as_f64())
                    .product::<f64>(),
            )
        };
        js_sys::Object::values(weights)
            .iter()
            .filter_map(size)
            .sum()
    }
}

/// A value inside another, by the names on the way; undefined where there is none.
fn at(value: &JsValue, path: &[&str]) -> JsValue {
    path.iter().fold(value.clone(), |value, name| {
        // A value that is no object has no properties.
        Reflect::get(&value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plausible_length_is_one() {
        assert_eq!(length(&300_u64.to_le_bytes()), Some(300));
        assert_eq!(length(b"short"), None);
        assert_eq!(length(b"no model"), None);
    }
}
