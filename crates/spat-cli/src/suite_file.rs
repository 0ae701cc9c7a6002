//! The file of a suite: tables, models and settings as TOML.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use spat_series::SplitRule;
use spat_spec::{Preset, Rounding, Scorer};

use crate::args::{OptimizerName, ReadArgs, TrainingArgs, values};
use crate::failure::input;
use crate::suite_model::{ModelEntry, model};
use crate::table;

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SuiteFile {
    pub(crate) title: Option<String>,
    /// Folder of the tables, relative to the file.
    pub(crate) tables: Option<PathBuf>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) look_back: Option<usize>,
    #[serde(default)]
    pub(crate) horizons: Vec<usize>,
    #[serde(default = "half")]
    pub(crate) ratio: f64,
    #[serde(default)]
    pub(crate) rounding: Rounding,
    #[serde(default)]
    pub(crate) scorers: Names,
    #[serde(default)]
    pub(crate) readings: Names,
    pub(crate) score_batches: Option<usize>,
    pub(crate) every_subset: Option<usize>,
    #[serde(default)]
    pub(crate) training: TrainingEntry,
    #[serde(default)]
    pub(crate) finetune: FinetuneEntry,
    #[serde(default)]
    pub(crate) table: Vec<TableEntry>,
    #[serde(default)]
    pub(crate) model: Vec<toml::Table>,
    #[serde(default)]
    pub(crate) zero_shot: Vec<ZeroShotEntry>,
}

fn half() -> f64 {
    0.5
}

/// `"all"`, `"none"`, or a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Names {
    Word(String),
    List(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Word("all".to_owned())
    }
}

/// Changes to the training of every model, or of one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TrainingEntry {
    epochs: Option<usize>,
    batch: Option<usize>,
    learning_rate: Option<f64>,
    schedule: Option<String>,
    patience: Option<Patience>,
    optimizer: Option<String>,
    weight_decay: Option<f64>,
    clip_norm: Option<f64>,
}

/// A number of epochs, or `"none"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Patience {
    Epochs(usize),
    Word(String),
}

/// Training after a removal, and of the control.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FinetuneEntry {
    pub(crate) epochs: Option<usize>,
    pub(crate) learning_rate: Option<f64>,
}

/// A table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TableEntry {
    /// Relative to the folder of the tables.
    pub(crate) path: PathBuf,
    name: Option<String>,
    preset: Option<String>,
    split: Option<String>,
    split_rows: Option<String>,
    /// Only the first rows.
    pub(crate) rows: Option<usize>,
    pub(crate) channels: Option<Channels>,
    #[serde(default)]
    missing: Vec<String>,
    time_column: Option<String>,
    time_format: Option<String>,
    pub(crate) look_back: Option<usize>,
    pub(crate) horizons: Option<Vec<usize>>,
}

/// The first channels, or those of these names.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Channels {
    First(usize),
    Named(Vec<String>),
}

/// Two names of tables.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ZeroShotEntry {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl SuiteFile {
    /// Reads a file. Returns its text too.
    pub(crate) fn read(path: &Path) -> anyhow::Result<(Self, String)> {
        let bytes = table::read_file(path)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| input(format!("`{}` is not UTF-8 text", path.display())))?;
        let file =
            Self::parse(&text).map_err(|error| input(format!("`{}`, {error}", path.display())))?;
        Ok((file, text))
    }

    /// The error has the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text[..start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: {}", error.message().replace('\n', " "))
        })?;
        if file.table.is_empty() || file.model.is_empty() {
            return Err("a suite needs a [[table]] and a [[model]]".to_owned());
        }
        Ok(file)
    }

    /// The models, checked against the catalogue.
    pub(crate) fn models(&self) -> anyhow::Result<Vec<ModelEntry>> {
        self.model.iter().map(model).collect()
    }

    /// The asked scorers; all of the catalogue by default.
    pub(crate) fn scorers(&self) -> anyhow::Result<Vec<Scorer>> {
        let all = Scorer::ALL.map(Scorer::name);
        let names = self.scorers.of("scorers", &all)?;
        let asked = Scorer::ALL.into_iter();
        Ok(asked
            .filter(|scorer| names.contains(&scorer.name().to_owned()))
            .collect())
    }
}

impl Names {
    /// The names in the order of `all`.
    pub(crate) fn of(&self, key: &str, all: &[&str]) -> anyhow::Result<Vec<String>> {
        let asked: Vec<&str> = match self {
            Self::Word(word) if word == "all" => all.to_vec(),
            Self::Word(word) if word == "none" => Vec::new(),
            Self::Word(word) => vec![word],
            Self::List(names) => names.iter().map(String::as_str).collect(),
        };
        if let Some(other) = asked.iter().find(|name| !all.contains(name)) {
            return Err(input(format!(
                "`{key}` has no `{other}`; use \"all\", \"none\", or a list of {}",
                all.join(", ")
            )));
        }
        let names = all.iter().filter(|name| asked.contains(name));
        Ok(names.map(|name| (*name).to_owned()).collect())
    }
}

impl TableEntry {
    /// The name in reports: the file's name without its ending by default.
    pub(crate) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            let stem = self.path.file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        })
    }

    /// The benchmark set whose published settings are used.
    pub(crate) fn preset(&self) -> anyhow::Result<Option<Preset>> {
        let Some(name) = &self.preset else {
            return Ok(None);
        };
        let found = Preset::ALL.into_iter().find(|set| set.name() == name);
        let known = Preset::ALL.map(Preset::name).join(", ");
        found
            .map(Some)
            .ok_or_else(|| input(format!("there is no preset `{name}`; use one of {known}")))
    }

    /// The split, if one is given.
    pub(crate) fn split(&self) -> anyhow::Result<Option<SplitRule>> {
        let rule = match (&self.split, &self.split_rows) {
            (Some(_), Some(_)) => Err("give one of `split` and `split-rows`".to_owned()),
            (Some(split), None) => values::split(split).map(Some),
            (None, Some(rows)) => values::split_rows(rows).map(Some),
            (None, None) => Ok(None),
        };
        rule.map_err(|error| input(format!("table `{}`: {error}", self.name())))
    }

    /// How it is read, besides the channels.
    pub(crate) fn read(&self) -> anyhow::Result<ReadArgs> {
        let time_column = self.time_column.as_deref().map(values::time_column);
        Ok(ReadArgs {
            missing: self.missing.clone(),
            time_column: time_column.transpose().map_err(input)?,
            time_format: self.time_format.clone(),
            ..ReadArgs::default()
        })
    }
}

impl TrainingEntry {
    /// As flags, with those of `self` before those of `general`.
    pub(crate) fn over(&self, general: &Self) -> anyhow::Result<TrainingArgs> {
        let schedule = self.schedule.as_deref().or(general.schedule.as_deref());
        let patience = self.patience.as_ref().or(general.patience.as_ref());
        let patience = patience.map(|patience| match patience {
            Patience::Epochs(epochs) => values::patience(&epochs.to_string()),
            Patience::Word(word) => values::patience(word),
        });
        let optimizer = self.optimizer.as_deref().or(general.optimizer.as_deref());
        let optimizer = optimizer.map(|name| match name {
            "adam" => Ok(OptimizerName::Adam),
            "adamw" => Ok(OptimizerName::AdamW),
            other => Err(format!(
                "there is no optimizer `{other}`; use adam or adamw"
            )),
        });
        Ok(TrainingArgs {
            epochs: self.epochs.or(general.epochs),
            batch: self.batch.or(general.batch),
            learning_rate: self.learning_rate.or(general.learning_rate),
            schedule: schedule.map(values::schedule).transpose().map_err(input)?,
            patience: patience.transpose().map_err(input)?,
            optimizer: optimizer.transpose().map_err(input)?,
            weight_decay: self.weight_decay.or(general.weight_decay),
            clip_norm: self.clip_norm.or(general.clip_norm),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SMALLEST: &str =
        "seeds = [1]\n[[table]]\npath = \"a.csv\"\n[[model]]\nmodel = \"itransformer\"\n";

    pub(crate) fn refused(text: &str) -> String {
        match SuiteFile::parse(text) {
            Err(error) => error,
            Ok(file) => {
                let models = file.models().map(drop);
                let scorers = file.scorers().map(drop);
                models.and(scorers).unwrap_err().to_string()
            }
        }
    }

    #[test]
    fn the_smallest_file_has_defaults() {
        let file = SuiteFile::parse(SMALLEST).unwrap();
        assert_eq!((file.ratio, file.seeds.as_slice()), (0.5, &[1][..]));
        assert_eq!(file.scorers().unwrap(), Scorer::ALL);
        assert_eq!(file.table[0].name(), "a");
        let model = &file.models().unwrap()[0];
        assert_eq!(model.name, "iTransformer");
        assert!(model.prune && model.settings.is_empty());
    }

    #[test]
    fn unknown_keys_are_refused_with_the_known_ones_and_the_line() {
        let error = refused(&SMALLEST.replace("path", "file"));
        assert!(
            error.contains("line 3") && error.contains("`file`"),
            "{error}"
        );
        assert!(
            error.contains("`path`") && error.contains("`rows`"),
            "{error}"
        );
        let error = refused(&format!("look_back = 3\n{SMALLEST}"));
        assert!(error.contains("`look-back`"), "{error}");
        let error = refused(&format!("{SMALLEST}depth = 3\n"));
        assert!(
            error.contains("`depth`") && error.contains("layers"),
            "{error}"
        );
        let error = refused(&SMALLEST.replace("itransformer", "lstm"));
        assert!(
            error.contains("`lstm`") && error.contains("patchtst"),
            "{error}"
        );
        let error = refused(&format!("scorers = [\"entropie\"]\n{SMALLEST}"));
        assert!(
            error.contains("`entropie`") && error.contains("block-influence"),
            "{error}"
        );
        assert!(refused("seeds = [1]").contains("[[table]]"));
    }

    #[test]
    fn a_models_training_is_before_the_general_one() {
        let text = format!(
            "{SMALLEST}training = {{ epochs = 2, patience = \"none\" }}\n[training]\nepochs = 5\nbatch = 16\n"
        );
        let file = SuiteFile::parse(&text).unwrap();
        let model = file.models().unwrap().remove(0);
        let training = model.training.over(&file.training).unwrap();
        assert_eq!((training.epochs, training.batch), (Some(2), Some(16)));
        assert_eq!(training.patience.unwrap().0, None);
        let error = refused(&format!("{SMALLEST}training = {{ epoch = 2 }}\n"));
        assert!(error.contains("`epochs`"), "{error}");
    }
}
