//! A suite: one comparison over many tables, models and horizons.

use serde::{Deserialize, Serialize};

use super::{MOST_ORACLE_MODULES, Question, Study, TableFacts, check_seeds, hash_of};
use crate::{
    ConfigError, Controls, DataConfig, Experiment, ForecasterConfig, ModelKind, PruneRule, Scorer,
    SendOptions, TrainingConfig,
};

/// Everything that determines a suite's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suite {
    /// Its title in reports.
    pub title: String,
    /// The tables.
    pub tables: Vec<SuiteTable>,
    /// The models.
    pub models: Vec<SuiteModel>,
    /// The trainings of each cell: one for each seed, and what follows from it.
    pub seeds: Vec<u64>,
    /// Options of SEND.
    pub send: SendOptions,
    /// How many modules SEND removes at the fixed ratio.
    pub prune: PruneRule,
    /// Baseline scorers to compare SEND with.
    pub scorers: Vec<Scorer>,
    /// Names of the readings of SEND to compare, besides the one of `send`.
    pub readings: Vec<String>,
    /// Up to as many modules of a model, every subset is fine-tuned, so that the best one is known.
    pub every_subset: usize,
    /// Batches of training windows per scoring pass.
    pub score_batches: usize,
    /// What is computed, table by table.
    pub cells: Vec<SuiteCell>,
    /// Pairs of tables of which the models of one also forecast the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zero_shot: Vec<ZeroShotPair>,
    /// Combinations that are not possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingCell>,
}

/// A table of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteTable {
    /// The name in reports.
    pub name: String,
    /// The file.
    pub facts: TableFacts,
    /// How it is read, repaired and split.
    pub data: DataConfig,
}

/// A model of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteModel {
    /// The name in reports.
    pub name: String,
    /// The entry of the catalogue.
    pub kind: ModelKind,
    /// Whether its attention modules are scored and removed. A model that is not pruned is only trained and
    /// evaluated.
    pub pruned: bool,
}

/// A model on a table with one horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteCell {
    /// Index in [`Suite::tables`].
    pub table: usize,
    /// Index in [`Suite::models`].
    pub model: usize,
    /// The dense forecaster.
    pub forecaster: ForecasterConfig,
    /// Its training.
    pub training: TrainingConfig,
    /// Training after a removal, and of the dense control.
    pub finetune: TrainingConfig,
}

/// A combination without a result, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingCell {
    /// Index in [`Suite::tables`].
    pub table: usize,
    /// Index in [`Suite::models`].
    pub model: usize,
    /// Forecast rows.
    pub horizon: usize,
    /// The reason, as a sentence without a full stop.
    pub reason: String,
}

/// Models of one table that forecast another one, which they were not trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZeroShotPair {
    /// Index in [`Suite::tables`] of the table that the models were trained on.
    pub from: usize,
    /// Index of the table that is forecast. It is read and split as `from` is, and scaled by its own train rows.
    pub to: usize,
}

impl Suite {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// The first invalid value, and what to use instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        check_seeds(&self.seeds)?;
        if self.cells.is_empty() {
            return Err(ConfigError::new(
                match self.missing.first() {
                    Some(missing) => format!("a suite without a cell: {}", missing.reason),
                    None => "a suite without a cell".to_owned(),
                },
                "name tables that are long enough, and models",
            ));
        }
        if self.every_subset > MOST_ORACLE_MODULES {
            return Err(ConfigError::new(
                format!("every subset of up to {} modules", self.every_subset),
                format!("use {MOST_ORACLE_MODULES} or less"),
            ));
        }
        if self.score_batches == 0 {
            return Err(ConfigError::new("scores of no batches", "use 1 or more"));
        }
        for cell in &self.cells {
            self.experiment(cell).check()?;
        }
        Ok(())
    }

    /// Whether a cell has attention modules that are scored and removed.
    pub fn is_pruned(&self, cell: &SuiteCell) -> bool {
        self.models[cell.model].pruned && !cell.forecaster.removable_modules().is_empty()
    }

    /// The experiment of a cell, with the first seed.
    pub fn experiment(&self, cell: &SuiteCell) -> Experiment {
        Experiment {
            data: self.tables[cell.table].data.clone(),
            forecaster: cell.forecaster.clone(),
            training: cell.training.clone(),
            scorer: Scorer::default(),
            send: self.send,
            prune: self.prune.clone(),
            finetune: cell.finetune.clone(),
            controls: Controls::default(),
            seed: self.seeds.first().copied().unwrap_or_default(),
        }
    }

    /// The study of a cell that is pruned: every subset if they are few, the scorers that suit the model, and the
    /// readings of SEND.
    pub fn study(&self, cell: &SuiteCell) -> Study {
        let suits = |scorer: &Scorer| cell.forecaster.check_scorer(*scorer).is_ok();
        Study {
            base: self.experiment(cell),
            tables: vec![self.tables[cell.table].facts.clone()],
            depths: vec![cell.forecaster.layers()],
            seeds: self.seeds.clone(),
            scorers: self.scorers.iter().copied().filter(suits).collect(),
            questions: vec![
                Question::Oracle,
                Question::BaselineScorers,
                Question::Options,
            ],
            draws: 1,
            ground_truth_steps: 1,
            scratch_everywhere: false,
            score_batches: self.score_batches,
        }
    }

    /// Sixteen hexadecimal digits of SHA-256 over the suite's JSON.
    pub fn hash(&self) -> String {
        hash_of(self)
    }
}
