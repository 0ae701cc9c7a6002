//! A task together with how its tables are read: all that another process needs to compute its result.

use serde::{Deserialize, Serialize};
use spat_spec::DataConfig;

use crate::task::{Recipe, Task};

/// A task on tables that are read in one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkItem {
    /// How the tables are read and split.
    pub data: DataConfig,
    /// The task.
    pub task: Task,
}

/// An item that an [`crate::Engine`] executes, because its result is not stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WantedItem {
    /// The item's key, see [`Task::key`].
    pub key: String,
    /// The item.
    pub item: WorkItem,
    /// Whether the trained weights are stored too, because other items need them.
    pub weights: bool,
}

impl WorkItem {
    /// Names the result.
    pub fn key(&self) -> String {
        self.task.key(&self.data)
    }

    /// Description, for progress messages.
    pub fn label(&self) -> String {
        self.task.label()
    }

    /// The training of a model.
    pub(crate) fn train(data: &DataConfig, recipe: &Recipe) -> Self {
        Self {
            data: data.clone(),
            task: Task::Train(recipe.clone()),
        }
    }
}
