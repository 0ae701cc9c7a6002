//! The models of a suite's file, with the settings of the catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use spat_spec::{FieldRange, FieldValue, ModelKind, Preset, Window};

use crate::args::{BackboneArgs, ModelArgs, ModelChoice, Settings};
use crate::failure::input;
use crate::suite_file::TrainingEntry;

/// A model with its settings.
#[derive(Debug)]
pub(crate) struct ModelEntry {
    pub(crate) name: String,
    pub(crate) kind: ModelKind,
    pub(crate) settings: BTreeMap<&'static str, FieldValue>,
    pub(crate) backbone: Option<PathBuf>,
    pub(crate) prune: bool,
    pub(crate) training: TrainingEntry,
}

impl ModelEntry {
    /// As flags.
    pub(crate) fn args(&self, preset: Option<Preset>, folder: &Path) -> ModelArgs {
        ModelArgs {
            choice: ModelChoice {
                model: self.kind,
                preset,
                backbone: BackboneArgs {
                    backbone: self.backbone.as_ref().map(|path| folder.join(path)),
                },
            },
            settings: Settings::of(self.settings.clone()),
        }
    }
}

/// Keys of a model besides its settings.
const MODEL_KEYS: [&str; 5] = ["model", "name", "backbone", "prune", "training"];

/// Any window: only the settings are read from the configuration.
const WINDOW: Window = Window {
    lookback: 96,
    horizon: 96,
    channels: 7,
};

/// Reads a `[[model]]`, and checks it against the catalogue.
pub(crate) fn model(entry: &toml::Table) -> anyhow::Result<ModelEntry> {
    let id = match entry.get("model") {
        Some(toml::Value::String(id)) => id,
        _ => {
            return Err(input(
                "a [[model]] needs a `model`, such as model = \"itransformer\"",
            ));
        }
    };
    let kind: ModelKind = id.parse()?;
    let fields = kind.defaults(WINDOW, true).0.fields();
    let mut settings = BTreeMap::new();
    for (key, value) in entry {
        if MODEL_KEYS.contains(&key.as_str()) {
            continue;
        }
        let Some((info, _)) = fields.iter().find(|(info, _)| info.flag == key) else {
            let known = fields.iter().map(|(info, _)| info.flag);
            let known: Vec<&str> = MODEL_KEYS.into_iter().chain(known).collect();
            return Err(input(format!(
                "model `{id}` has no setting `{key}`; it has {}",
                known.join(", ")
            )));
        };
        let value = setting(info.range, value)
            .map_err(|needed| input(format!("model `{id}`: the setting `{key}` needs {needed}")))?;
        settings.insert(info.flag, value);
    }
    let text = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(input(format!("model `{id}`: `{key}` needs a text"))),
    };
    Ok(ModelEntry {
        name: text("name")?.unwrap_or_else(|| kind.name.to_owned()),
        backbone: text("backbone")?.map(PathBuf::from),
        prune: match entry.get("prune") {
            None => true,
            Some(toml::Value::Boolean(prune)) => *prune,
            Some(_) => return Err(input(format!("model `{id}`: `prune` needs true or false"))),
        },
        training: match entry.get("training") {
            None => TrainingEntry::default(),
            Some(value) => value.clone().try_into().map_err(|error: toml::de::Error| {
                input(format!("model `{id}`, training: {}", error.message()))
            })?,
        },
        settings,
        kind,
    })
}

/// The value of a setting, or what is needed.
fn setting(range: FieldRange, value: &toml::Value) -> Result<FieldValue, String> {
    match (range, value) {
        (FieldRange::Count { min, max }, toml::Value::Integer(count)) => usize::try_from(*count)
            .map(FieldValue::Count)
            .map_err(|_| format!("a whole number from {min} to {max}")),
        (FieldRange::Count { min, max }, _) => Err(format!("a whole number from {min} to {max}")),
        (FieldRange::Probability, toml::Value::Float(share)) => Ok(FieldValue::Probability(*share)),
        (FieldRange::Probability, toml::Value::Integer(share)) => {
            Ok(FieldValue::Probability(*share as f64))
        }
        (FieldRange::Probability, _) => Err("a number from 0 to 1".to_owned()),
        (FieldRange::Switch, toml::Value::Boolean(on)) => Ok(FieldValue::Switch(*on)),
        (FieldRange::Switch, _) => Err("true or false".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::suite_file::SuiteFile;
    use crate::suite_file::tests::{SMALLEST, refused};

    #[test]
    fn settings_have_the_types_of_the_catalogue() {
        let text = format!("{SMALLEST}width = 32\ndropout = 0\ntime-stamps = false\n");
        let model = SuiteFile::parse(&text).unwrap().models().unwrap().remove(0);
        assert_eq!(model.settings["width"], FieldValue::Count(32));
        assert_eq!(model.settings["dropout"], FieldValue::Probability(0.0));
        assert_eq!(model.settings["time-stamps"], FieldValue::Switch(false));
        let error = refused(&format!("{SMALLEST}width = \"wide\"\n"));
        assert!(
            error.contains("`width`") && error.contains("whole number"),
            "{error}"
        );
        let error = refused(&format!("{SMALLEST}width = -1\n"));
        assert!(error.contains("whole number"), "{error}");
    }
}
