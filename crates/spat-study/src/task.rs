//! Independent tasks of a study, each identified by a hash of everything that determines its result.

use crate::synthetic::Course;
use crate::synthetic::ground_truth::GroundTruthConfig;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use spat_prune::ScoringOptions;
use spat_series::Part;
use spat_spec::{
    Cost, DataConfig, ForecasterConfig, HeadRemoval, ModuleId, Plan, PruneRule, Score, Scorer,
    SendOptions, Structure, StructureError, TrainingConfig,
};

/// Incremented when equal tasks would give other results than before.
const FORMAT: u32 = 2;

/// The parts that are removed from a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Removal {
    /// Whole modules, from input to output.
    pub modules: Vec<ModuleId>,
    /// Heads of modules that remain.
    pub heads: Vec<HeadRemoval>,
}

/// How a model is trained. Equal recipes give equal weights on the CPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// Trained from new weights.
    Fresh {
        /// SHA-256 of the table.
        table: String,
        /// Dense or pruned.
        structure: Structure,
        /// Training settings.
        training: TrainingConfig,
        /// Determines weights, order and dropout.
        seed: u64,
        /// Options with which every batch is scored; they do not affect the weights.
        scored: Vec<SendOptions>,
    },
    /// Another model without some parts, fine-tuned.
    Tuned {
        /// The other model.
        from: Box<Recipe>,
        /// The removed parts.
        removal: Removal,
        /// Training settings.
        training: TrainingConfig,
        /// Determines order and dropout.
        seed: u64,
    },
    /// A classifier on generated data, trained from new weights.
    Classifier {
        /// Its data, sizes and seed.
        course: Course,
        /// Modules that it is built without.
        without: Vec<ModuleId>,
        /// Number of steps.
        steps: usize,
        /// Options with which every batch is scored; they do not affect the weights.
        scored: Vec<SendOptions>,
    },
    /// Another classifier without some parts, fine-tuned.
    TunedClassifier {
        /// The other classifier.
        from: Box<Recipe>,
        /// The removed parts.
        removal: Removal,
        /// Number of steps.
        steps: usize,
    },
}

/// A unit of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Trains a model and measures its errors.
    Train(Recipe),
    /// Errors without some parts, not fine-tuned.
    Cut {
        /// The model.
        of: Recipe,
        /// The removed parts.
        removal: Removal,
    },
    /// Scores of the modules of a model.
    Score {
        /// The model.
        of: Recipe,
        /// The scorer.
        scorer: Scorer,
        /// Its options.
        options: ScoringOptions,
        /// The part whose windows it uses.
        part: Part,
        /// Batches in one group, windows in one batch.
        batches: (usize, usize),
        /// Index among disjoint groups of batches.
        group: (usize, usize),
    },
    /// Trains a model with modules of known importance, and ranks them by every scorer.
    #[serde(rename = "planted")]
    GroundTruth(GroundTruthConfig),
    /// Errors on another table.
    Transfer {
        /// The model.
        of: Recipe,
        /// SHA-256 of the table.
        to: String,
    },
}

/// Errors in scaled space.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TaskErrors {
    /// Mean squared, validation windows.
    pub val: f64,
    /// Mean squared, test windows.
    pub test: f64,
    /// Mean absolute, test windows.
    pub test_mae: f64,
}

/// The result of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The result of a training.
    Trained {
        /// With the weights of the best epoch.
        errors: TaskErrors,
        /// Number of epochs.
        epochs: usize,
        /// Scores at the end, one list per way of scoring.
        scores: Vec<Vec<Score>>,
        /// Scores of the first way after each epoch.
        by_epoch: Vec<Vec<Score>>,
        /// Mean squared error of each validation window of a fine-tuned forecaster; empty for others, and in
        /// results of earlier builds.
        #[serde(
            default,
            skip_serializing_if = "Vec::is_empty",
            with = "spat_spec::hex_numbers"
        )]
        val_windows: Vec<f32>,
    },
    /// Errors of a pruned or transferred model.
    Errors(TaskErrors),
    /// Result of a scoring.
    Scores(Vec<Score>),
    /// Values of the modules, per way of scoring.
    Ranked(Vec<(String, Vec<f64>)>),
}

impl Removal {
    /// Removal of whole modules only.
    pub fn modules(modules: Vec<ModuleId>) -> Self {
        Self {
            modules,
            heads: Vec::new(),
        }
    }

    /// The plan that [`spat_prune::apply`] carries out.
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            scorer: "study".to_owned(),
            ratio: 0.0,
            rule: PruneRule::default(),
            removed: self.modules.clone(),
            removed_heads: self.heads.clone(),
            kept: Vec::new(),
            scores: Vec::new(),
            search: None,
        }
    }

    /// `structure` without the removed parts.
    pub(crate) fn from(&self, structure: Structure) -> Result<Structure, StructureError> {
        self.plan().apply_to(structure)
    }
}

impl Recipe {
    /// A fresh model with its initial weights; a fine-tuned model has none and stays as it is.
    pub(crate) fn untrained(mut self) -> Self {
        match &mut self {
            Self::Fresh {
                training, scored, ..
            } => {
                training.epochs = 0;
                scored.clear();
            }
            Self::Classifier { steps, scored, .. } => {
                *steps = 0;
                scored.clear();
            }
            Self::Tuned { .. } | Self::TunedClassifier { .. } => {}
        }
        self
    }

    /// A forecaster's structure; none of a classifier.
    pub fn structure(&self) -> Result<Option<Structure>, StructureError> {
        match self {
            Self::Fresh { structure, .. } => Ok(Some(structure.clone())),
            Self::Tuned { from, removal, .. } => from
                .structure()?
                .map(|structure| removal.from(structure))
                .transpose(),
            Self::Classifier { .. } | Self::TunedClassifier { .. } => Ok(None),
        }
    }

    /// The configuration of the dense forecaster; none of a classifier.
    pub fn forecaster(&self) -> Option<&ForecasterConfig> {
        match self {
            Self::Fresh { structure, .. } => Some(&structure.forecaster),
            Self::Tuned { from, .. } => from.forecaster(),
            Self::Classifier { .. } | Self::TunedClassifier { .. } => None,
        }
    }

    /// Parameters and MACs.
    pub fn cost(&self) -> Result<Cost, StructureError> {
        match (self.course(), self.structure()?) {
            (Some((course, gone)), _) => Ok(course.cost(&gone)),
            (None, Some(structure)) => Ok(structure.cost()),
            (None, None) => Err(StructureError::OtherModules),
        }
    }

    /// A classifier's course, and its missing modules; `None` for a forecaster.
    pub fn course(&self) -> Option<(&Course, Vec<ModuleId>)> {
        match self {
            Self::Classifier {
                course, without, ..
            } => Some((course, without.clone())),
            Self::TunedClassifier { from, removal, .. } => {
                let (course, mut gone) = from.course()?;
                gone.extend(removal.modules.iter().cloned());
                Some((course, gone))
            }
            Self::Fresh { .. } | Self::Tuned { .. } => None,
        }
    }

    /// The table that a forecaster is trained on; empty for a classifier.
    pub fn table(&self) -> &str {
        match self {
            Self::Fresh { table, .. } => table,
            Self::Tuned { from, .. } => from.table(),
            Self::Classifier { .. } | Self::TunedClassifier { .. } => "",
        }
    }

    fn seed(&self) -> u64 {
        match self {
            Self::Fresh { seed, .. } | Self::Tuned { seed, .. } => *seed,
            Self::Classifier { course, .. } => course.seed,
            Self::TunedClassifier { from, .. } => from.seed(),
        }
    }

    /// Number of modules in the dense model, and of remaining ones.
    fn modules(&self) -> (usize, usize) {
        if let Some((course, gone)) = self.course() {
            let all = course.size.layers;
            return (all, all - gone.len().min(all));
        }
        match self.structure() {
            Ok(Some(structure)) => (structure.attention.len(), structure.kept().count()),
            _ => (0, 0),
        }
    }

    /// Description, for progress messages.
    pub fn label(&self) -> String {
        let (modules, kept) = self.modules();
        let what = match self {
            Self::Fresh { .. } | Self::Classifier { .. } if kept == modules => "dense".to_owned(),
            Self::Fresh { .. } | Self::Classifier { .. } => {
                format!("{kept} modules from new weights")
            }
            Self::Tuned { removal, .. } | Self::TunedClassifier { removal, .. } => without(removal),
        };
        format!("{modules} modules, seed {}, {what}", self.seed())
    }
}

fn without(removal: &Removal) -> String {
    let mut parts: Vec<String> = removal
        .modules
        .iter()
        .map(spat_report::module_name)
        .collect();
    let heads: usize = removal
        .heads
        .iter()
        .map(|removal| removal.heads.len())
        .sum();
    if heads > 0 {
        parts.push(format!("{heads} heads"));
    }
    if parts.is_empty() {
        "dense tuned".to_owned()
    } else {
        format!("without {}", parts.join(" "))
    }
}

impl Task {
    /// The first twenty-four hexadecimal digits of SHA-256 over the task and how its tables are read.
    pub fn key(&self, data: &DataConfig) -> String {
        let text = serde_json::to_vec(&(FORMAT, data, self)).unwrap_or_default();
        Sha256::digest(text)
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The model that the task trains or reads; none of a task that makes its own.
    pub fn recipe(&self) -> Option<&Recipe> {
        match self {
            Self::Train(recipe) => Some(recipe),
            Self::Cut { of, .. } | Self::Score { of, .. } | Self::Transfer { of, .. } => Some(of),
            Self::GroundTruth(_) => None,
        }
    }

    /// Description, for progress messages.
    pub fn label(&self) -> String {
        match self {
            Self::Train(recipe) => recipe.label(),
            Self::Cut { of, removal } => format!("{}, {}, not tuned", of.label(), without(removal)),
            Self::Score { of, scorer, .. } => format!("{}, scored by {scorer}", of.label()),
            Self::GroundTruth(config) => {
                format!("modules with a known order, seed {}", config.seed)
            }
            Self::Transfer { of, .. } => format!("{}, on another table", of.label()),
        }
    }
}

#[cfg(test)]
mod tests {
    use spat_spec::{ForecasterConfig, ITransformerConfig, Window};

    use super::*;

    fn fresh(seed: u64) -> Recipe {
        Recipe::Fresh {
            table: "abc".to_owned(),
            structure: Structure::dense(ForecasterConfig::ITransformer(ITransformerConfig::new(
                Window::new(24, 12, 3),
                true,
            ))),
            training: TrainingConfig::default(),
            seed,
            scored: vec![SendOptions::default()],
        }
    }

    fn tuned(module: usize, epochs: usize) -> Task {
        Task::Train(Recipe::Tuned {
            from: Box::new(fresh(1)),
            removal: Removal::modules(vec![ModuleId::encoder(module)]),
            training: TrainingConfig {
                epochs,
                ..TrainingConfig::default()
            },
            seed: 1,
        })
    }

    #[test]
    fn a_key_changes_with_everything_that_determines_the_result_and_with_nothing_else() {
        let data = DataConfig::default();
        let key = |task: &Task| task.key(&data);
        assert_eq!(key(&tuned(0, 2)), key(&tuned(0, 2)));
        assert_eq!(key(&tuned(0, 2)).len(), 24);
        let other_data = DataConfig {
            split: spat_series::SplitRule::EttHourly,
            ..DataConfig::default()
        };
        let keys = [
            key(&tuned(0, 2)),
            key(&tuned(1, 2)),
            key(&tuned(0, 3)),
            key(&Task::Train(fresh(1))),
            key(&Task::Train(fresh(2))),
            tuned(0, 2).key(&other_data),
            key(&Task::Transfer {
                of: fresh(1),
                to: "abd".to_owned(),
            }),
        ];
        for (place, one) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(one), "{place}");
        }
    }

    #[test]
    fn a_task_that_is_written_and_read_again_has_the_same_key() {
        let course = Course {
            domain: spat_spec::Domain::Text,
            size: spat_spec::ClassifierSize {
                d_model: 8,
                d_ff: 16,
                heads: 2,
                layers: 2,
                dropout: 0.1,
            },
            batch: 8,
            learning_rate: 0.1 + 0.2,
            seed: u64::MAX,
        };
        let classifier = Recipe::Classifier {
            course,
            without: vec![ModuleId::encoder(1)],
            steps: 10,
            scored: vec![SendOptions::default()],
        };
        let mut tasks = vec![
            tuned(0, 2),
            Task::Train(Recipe::TunedClassifier {
                from: Box::new(classifier.clone()),
                removal: Removal {
                    modules: vec![ModuleId::encoder(0)],
                    heads: vec![HeadRemoval {
                        module: ModuleId::encoder(1),
                        heads: vec![0],
                    }],
                },
                steps: 5,
            }),
            Task::GroundTruth(GroundTruthConfig::default()),
            Task::Transfer {
                of: fresh(1),
                to: "abd".to_owned(),
            },
        ];
        tasks.extend(Scorer::ALL.map(|scorer| Task::Score {
            of: classifier.clone(),
            scorer,
            options: ScoringOptions::default(),
            part: scorer.needs().part.unwrap_or(Part::Train),
            batches: (4, 32),
            group: (1, 6),
        }));
        tasks.extend(spat_spec::ModelKind::all().map(|kind| {
            let (forecaster, training) = kind.defaults(Window::new(96, 24, 7), true);
            let structure = Structure::dense(forecaster);
            Task::Train(Recipe::Fresh {
                table: "abc".to_owned(),
                structure,
                training: TrainingConfig {
                    learning_rate: training.learning_rate / 3.0,
                    ..training
                },
                seed: 1,
                scored: Vec::new(),
            })
        }));
        let mut data = DataConfig::default();
        data.series.channels = Some(vec!["a".to_owned()]);
        for task in tasks {
            let item = crate::WorkItem {
                data: data.clone(),
                task,
            };
            let text = serde_json::to_string(&item).unwrap();
            let read: crate::WorkItem = serde_json::from_str(&text).unwrap();
            assert_eq!(read.key(), item.key(), "{text}");
            assert_eq!(read, item);
        }
    }

    #[test]
    fn a_recipe_has_the_structure_after_its_removals() {
        let Task::Train(recipe) = tuned(1, 2) else {
            panic!("a training");
        };
        let structure = recipe.structure().unwrap().unwrap();
        assert_eq!(
            structure.kept().collect::<Vec<_>>(),
            [&ModuleId::encoder(0)]
        );
        assert_eq!(recipe.label(), "2 modules, seed 1, without encoder 1");
    }
}
