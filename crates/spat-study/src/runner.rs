//! The tasks of one study: an executor's items whose tables are all read in one way.

use std::sync::Arc;

use spat_engine::TrialRunner;
use spat_spec::{DataConfig, ForecasterConfig};

use crate::error::StudyError;
use crate::executor::Executor;
use crate::item::WorkItem;
use crate::task::{Outcome, Recipe, Task};

/// Runs tasks on tables that are read in one way.
#[derive(Clone)]
pub(crate) struct Runner<'a> {
    pub(crate) executor: &'a Executor<'a>,
    pub(crate) data: DataConfig,
}

impl Runner<'_> {
    /// Results of the tasks, in order.
    pub(crate) fn ask(&self, tasks: &[Task]) -> Result<Vec<Outcome>, StudyError> {
        self.executor.ask(&self.items(tasks))
    }

    /// Whether the task has a result.
    pub(crate) fn has_result(&self, task: &Task) -> bool {
        self.executor.has_result(&task.key(&self.data))
    }

    /// Makes sure that the weights of these models are stored, because other tasks need them.
    pub(crate) fn ask_models(&self, recipes: &[Recipe]) -> Result<(), StudyError> {
        let models = recipes.iter().map(|recipe| (&self.data, recipe));
        self.executor.ask_models(models)
    }

    /// A table, prepared for a forecaster's windows.
    pub(crate) fn trial_runner(
        &self,
        table: &str,
        forecaster: &ForecasterConfig,
    ) -> Result<Arc<TrialRunner>, StudyError> {
        let datasets = &self.executor.datasets;
        datasets.trial_runner(table, &self.data, forecaster)
    }

    fn items(&self, tasks: &[Task]) -> Vec<WorkItem> {
        let item = |task: &Task| WorkItem {
            data: self.data.clone(),
            task: task.clone(),
        };
        tasks.iter().map(item).collect()
    }
}
