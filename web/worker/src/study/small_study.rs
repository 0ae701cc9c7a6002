//! A small study, as a page asks for it.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use spat_series::{Series, read_table};
use spat_spec::{
    Controls, DataConfig, Experiment, ForecasterConfig, ITransformerConfig, PruneRule, Question,
    Scorer, SendOptions, Study, TableFacts, TrainingConfig, Window,
};

/// What the person chose.
#[derive(Debug, Deserialize)]
pub(super) struct SmallStudy {
    /// The table's file name.
    table: String,
    lookback: usize,
    horizon: usize,
    width: usize,
    heads: usize,
    layers: usize,
    epochs: usize,
    seeds: usize,
    /// Baseline scorers, which SEND is compared with.
    scorers: Vec<Scorer>,
}

/// What a study in a tab asks.
const QUESTIONS: [Question; 3] = [Question::Oracle, Question::Sweep, Question::BaselineScorers];

/// The first of the seeds, as on the command line.
const SEED: u64 = 2023;

const LEARNING_RATE: f64 = 1e-3;
const SCORE_BATCHES: usize = 12;
const DRAWS: usize = 5;

impl SmallStudy {
    /// The same on the command line.
    pub(super) fn command(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        let table = if self.table.chars().all(plain) {
            self.table.clone()
        } else {
            format!("'{}'", self.table.replace('\'', r"'\''"))
        };
        let names = |list: Vec<&str>| list.join(",");
        format!(
            "spat study {table} --lookback {} --horizon {} --width {} --heads {} --layers {} --epochs {} --learning-rate {LEARNING_RATE} --finetune-epochs 1 --seeds {} --score-batches {SCORE_BATCHES} --draws {DRAWS} --only {} --scorers {}",
            self.lookback,
            self.horizon,
            self.width,
            self.heads,
            self.layers,
            self.epochs,
            self.seeds,
            names(QUESTIONS.map(Question::name).to_vec()),
            names(self.scorers.iter().map(|scorer| scorer.name()).collect()),
        )
    }

    /// The study and its table.
    pub(super) fn study(self, bytes: &[u8]) -> Result<(Study, Series), String> {
        let data = DataConfig::default();
        let series = read_table(bytes, &data.read)
            .map_err(|error| error.to_string())?
            .into_series(&data.series)
            .map_err(|error| error.to_string())?;
        let dates = series.index.stamps().is_some();
        let mut forecaster = ITransformerConfig::new(
            Window::new(self.lookback, self.horizon, series.channel_count()),
            dates,
        );
        forecaster.d_model = self.width;
        forecaster.d_ff = self.width;
        forecaster.heads = self.heads;
        forecaster.layers = self.layers;
        let training = TrainingConfig {
            epochs: self.epochs,
            learning_rate: LEARNING_RATE,
            ..TrainingConfig::default()
        };
        let study = Study {
            base: Experiment {
                data,
                forecaster: ForecasterConfig::ITransformer(forecaster),
                finetune: TrainingConfig {
                    epochs: 1,
                    patience: None,
                    ..Experiment::finetune_like(&training)
                },
                training,
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
            depths: vec![self.layers],
            seeds: (0..self.seeds as u64).map(|place| SEED + place).collect(),
            scorers: self.scorers,
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
