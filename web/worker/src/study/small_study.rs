//! A small study as the web app requests it, and the models for its form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use spat_series::{Series, read_table};
use spat_spec::{
    Controls, DataConfig, Experiment, FieldInfo, FieldRange, FieldValue, ForecasterConfig,
    ModelKind, PruneRule, Question, Scorer, SendOptions, Size, Study, TableFacts, TrainingConfig,
    Window,
};

/// A model with attention, for the form.
#[derive(Debug, Serialize)]
pub(super) struct ModelForm {
    id: &'static str,
    title: &'static str,
    /// The settings and their default values.
    fields: Vec<(FieldInfo, FieldValue)>,
}

/// The default size: a study takes a few minutes.
const SIZE: Size = Size {
    width: 16,
    layers: 3,
    heads: 2,
};

/// The setting that [`Study::depths`] replaces.
const LAYERS: &str = "layers";

/// Every subset of a few modules is trained, so each additional layer at least doubles the time.
const LAYERS_RANGE: FieldRange = FieldRange::Count { min: 2, max: 5 };

impl ModelForm {
    /// Every model of the catalogue with attention that can be removed.
    pub(super) fn all() -> Vec<Self> {
        let form = |kind: ModelKind| {
            let (mut forecaster, _) = kind.defaults(Window::new(48, 24, 1), true);
            forecaster.resize(SIZE);
            let mut fields = forecaster.fields();
            for (info, _) in &mut fields {
                if info.flag == LAYERS {
                    info.range = LAYERS_RANGE;
                }
            }
            let can_be_studied = !forecaster.removable_modules().is_empty();
            can_be_studied.then_some(Self {
                id: kind.id,
                title: kind.title,
                fields,
            })
        };
        ModelKind::all().filter_map(form).collect()
    }
}

/// A baseline scorer, for the form.
#[derive(Debug, Serialize)]
pub(super) struct ScorerForm {
    name: Scorer,
    title: &'static str,
}

impl ScorerForm {
    /// Every scorer but SEND and the random order, which are in every study.
    pub(super) fn all() -> Vec<Self> {
        let others = Scorer::ALL.into_iter();
        let others = others.filter(|scorer| !matches!(scorer, Scorer::Send | Scorer::Random));
        let form = |name: Scorer| Self {
            name,
            title: name.title(),
        };
        others.map(form).collect()
    }
}

/// The values of the form.
#[derive(Debug, Deserialize)]
pub(super) struct SmallStudy {
    /// The table's file name.
    table: String,
    model: ModelKind,
    /// Settings of the model by their flags: numbers or booleans.
    settings: BTreeMap<String, Value>,
    lookback: usize,
    horizon: usize,
    epochs: usize,
    seeds: usize,
    /// Baseline scorers to compare SEND with.
    scorers: Vec<Scorer>,
}

/// The questions of a small study.
const QUESTIONS: [Question; 3] = [Question::Oracle, Question::Sweep, Question::BaselineScorers];

/// The first seed, as on the command line.
const SEED: u64 = 2023;

const LEARNING_RATE: f64 = 1e-3;
const SCORE_BATCHES: usize = 12;
const DRAWS: usize = 5;

impl SmallStudy {
    /// The same study on the command line.
    pub(super) fn command(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        let table = if self.table.chars().all(plain) {
            self.table.clone()
        } else {
            format!("'{}'", self.table.replace('\'', r"'\''"))
        };
        let names = |list: Vec<&str>| list.join(",");
        format!(
            "spat study {table} --lookback {} --horizon {} --model {}{} --epochs {} --learning-rate {LEARNING_RATE} --finetune-epochs 1 --seeds {} --score-batches {SCORE_BATCHES} --draws {DRAWS} --only {} --scorers {}",
            self.lookback,
            self.horizon,
            self.model.id,
            self.options(),
            self.epochs,
            self.seeds,
            names(QUESTIONS.map(Question::name).to_vec()),
            names(self.scorers.iter().map(|scorer| scorer.name()).collect()),
        )
    }

    /// The model's settings as options, each after a space. Switches with their default value are omitted.
    fn options(&self) -> String {
        let (forecaster, _) = self.model.defaults(self.window(1), true);
        let option = |(info, default): (FieldInfo, FieldValue)| {
            let value = self.setting(&info)?;
            let option = value.option(info.flag);
            match value {
                FieldValue::Switch(_) => (value != default).then(|| format!(" {option}")),
                FieldValue::Count(value) => Some(format!(" {option} {value}")),
                FieldValue::Probability(value) => Some(format!(" {option} {value}")),
            }
        };
        forecaster.fields().into_iter().filter_map(option).collect()
    }

    /// The chosen value of a setting.
    fn setting(&self, info: &FieldInfo) -> Option<FieldValue> {
        let value = self.settings.get(info.flag)?;
        match info.range {
            FieldRange::Count { .. } => {
                let count = usize::try_from(value.as_u64()?).ok()?;
                Some(FieldValue::Count(count))
            }
            FieldRange::Probability => value.as_f64().map(FieldValue::Probability),
            FieldRange::Switch => value.as_bool().map(FieldValue::Switch),
        }
    }

    fn window(&self, channels: usize) -> Window {
        Window::new(self.lookback, self.horizon, channels)
    }

    /// The model as on the command line, its training, and its number of layers.
    fn forecaster(&self, series: &Series) -> (ForecasterConfig, TrainingConfig, usize) {
        let dates = series.index.timestamps().is_some();
        let window = self.window(series.channel_count());
        let (mut forecaster, training) = self.model.defaults(window, dates);
        let mut layers = 1;
        for (info, default) in forecaster.fields() {
            let value = self.setting(&info);
            if info.flag != LAYERS {
                if let Some(value) = value {
                    forecaster.set(info.flag, value);
                }
            } else if let FieldValue::Count(value) = value.unwrap_or(default) {
                layers = value;
            }
        }
        if !dates {
            // A table without dates has no time features.
            forecaster.set("time-stamps", FieldValue::Switch(false));
        }
        (forecaster, training, layers)
    }

    /// The study and its table.
    pub(super) fn study(self, bytes: &[u8]) -> Result<(Study, Series), String> {
        let data = DataConfig::default();
        let series = read_table(bytes, &data.read)
            .map_err(|error| error.to_string())?
            .into_series(&data.series)
            .map_err(|error| error.to_string())?;
        let (forecaster, training, layers) = self.forecaster(&series);
        let training = TrainingConfig {
            epochs: self.epochs,
            learning_rate: LEARNING_RATE,
            ..training
        };
        let study = Study {
            base: Experiment {
                data,
                forecaster,
                finetune: TrainingConfig {
                    epochs: 1,
                    patience: None,
                    ..Experiment::finetune_like(&training)
                },
                training,
                scorer: Scorer::default(),
                send: SendOptions::default(),
                prune: PruneRule::default(),
                controls: Controls::default(),
                seed: SEED,
            },
            tables: vec![TableFacts {
                name: self.table,
                sha256: Sha256::digest(bytes)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
            }],
            depths: vec![layers],
            seeds: (0..self.seeds as u64).map(|place| SEED + place).collect(),
            // In the order of the command line, so that the study's hash is the same.
            scorers: Scorer::ALL
                .into_iter()
                .filter(|scorer| self.scorers.contains(scorer))
                .collect(),
            questions: QUESTIONS.to_vec(),
            draws: DRAWS,
            ground_truth_steps: 1500,
            scratch_everywhere: false,
            score_batches: SCORE_BATCHES,
        };
        study.check().map_err(|error| error.to_string())?;
        Ok((study, series))
    }
}
