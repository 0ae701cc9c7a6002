//! The order of items: each follows the trainings whose weights it needs.

use std::collections::HashMap;

use spat_spec::DataConfig;

use crate::cache::Cache;
use crate::item::{WantedItem, WorkItem};
use crate::task::{Recipe, Task};

/// Items without results, in as few waves as their dependencies permit. The items of a wave depend on earlier
/// waves only, so that no training is executed inside of several items that need its weights.
pub(crate) struct Waves<'c> {
    cache: &'c Cache,
    waves: Vec<Vec<WantedItem>>,
    /// Number of the wave, and the place in it, by key.
    places: HashMap<String, (usize, usize)>,
}

impl<'c> Waves<'c> {
    pub(crate) fn new(cache: &'c Cache) -> Self {
        Self {
            cache,
            waves: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Adds an item whose result is not stored.
    pub(crate) fn want_result(&mut self, item: &WorkItem) {
        let first = item
            .task
            .parent()
            .map_or(0, |parent| self.want_weights(&item.data, parent));
        self.insert(item.clone(), first, false);
    }

    /// Adds the training of a model if its weights are not stored, and returns the first wave in which they are.
    pub(crate) fn want_weights(&mut self, data: &DataConfig, recipe: &Recipe) -> usize {
        let item = WorkItem::train(data, recipe);
        if self.cache.has_weights(&item.key()) {
            return 0;
        }
        let first = recipe
            .parent()
            .map_or(0, |parent| self.want_weights(data, parent));
        self.insert(item, first, true) + 1
    }

    /// Returns the item's wave.
    fn insert(&mut self, item: WorkItem, wave: usize, weights: bool) -> usize {
        let key = item.key();
        if let Some(&(wave, place)) = self.places.get(&key) {
            self.waves[wave][place].weights |= weights;
            return wave;
        }
        if self.waves.len() <= wave {
            self.waves.resize_with(wave + 1, Vec::new);
        }
        self.places
            .insert(key.clone(), (wave, self.waves[wave].len()));
        self.waves[wave].push(WantedItem { key, item, weights });
        wave
    }

    /// The waves in the order of their execution.
    pub(crate) fn into_waves(self) -> Vec<Vec<WantedItem>> {
        self.waves
    }
}

impl Recipe {
    /// The model that this one starts from.
    fn parent(&self) -> Option<&Recipe> {
        match self {
            Self::Tuned { from, .. } | Self::TunedClassifier { from, .. } => Some(from),
            Self::Fresh { .. } | Self::Classifier { .. } => None,
        }
    }
}

impl Task {
    /// The model whose weights the task reads.
    fn parent(&self) -> Option<&Recipe> {
        match self {
            Self::Train(recipe) => recipe.parent(),
            other => other.recipe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spat_spec::{
        ForecasterConfig, ITransformerConfig, ModuleId, Structure, TrainingConfig, Window,
    };

    use super::*;
    use crate::task::Removal;

    fn dense(seed: u64) -> Recipe {
        let window = Window::new(24, 12, 3);
        let forecaster = ForecasterConfig::ITransformer(ITransformerConfig::new(window, true));
        Recipe::Fresh {
            table: "abc".to_owned(),
            structure: Structure::dense(forecaster),
            training: TrainingConfig::default(),
            seed,
            scored: Vec::new(),
        }
    }

    fn tuned(from: Recipe, module: usize) -> Recipe {
        Recipe::Tuned {
            from: Box::new(from),
            removal: Removal::modules(vec![ModuleId::encoder(module)]),
            training: TrainingConfig::default(),
            seed: 1,
        }
    }

    fn item(task: Task) -> WorkItem {
        WorkItem {
            data: DataConfig::default(),
            task,
        }
    }

    fn cut(of: Recipe) -> WorkItem {
        item(Task::Cut {
            of,
            removal: Removal::modules(vec![ModuleId::encoder(0)]),
        })
    }

    #[test]
    fn an_item_follows_the_trainings_that_it_needs_and_each_is_executed_once() {
        let cache = Cache::new(None).unwrap();
        let mut waves = Waves::new(&cache);
        // Its parent is a result that is wanted itself, and its parent's parent is not.
        waves.want_result(&cut(tuned(dense(1), 0)));
        waves.want_result(&item(Task::Train(tuned(dense(1), 0))));
        waves.want_result(&item(Task::Train(tuned(dense(1), 1))));
        waves.want_result(&item(Task::Train(dense(2))));
        let waves = waves.into_waves();
        let shown: Vec<Vec<(&Task, bool)>> = waves
            .iter()
            .map(|wave| wave.iter().map(|w| (&w.item.task, w.weights)).collect())
            .collect();
        assert_eq!(
            shown,
            [
                vec![
                    (&Task::Train(dense(1)), true),
                    (&Task::Train(dense(2)), false)
                ],
                vec![
                    (&Task::Train(tuned(dense(1), 0)), true),
                    (&Task::Train(tuned(dense(1), 1)), false)
                ],
                vec![(&cut(tuned(dense(1), 0)).task, false)],
            ]
        );
    }

    #[test]
    fn stored_weights_are_not_trained_again() {
        let cache = Cache::new(None).unwrap();
        let key = item(Task::Train(dense(1))).key();
        cache.keep_weights(&key, &BTreeMap::new()).unwrap();
        let mut waves = Waves::new(&cache);
        assert_eq!(waves.want_weights(&DataConfig::default(), &dense(1)), 0);
        waves.want_result(&item(Task::Train(tuned(dense(1), 0))));
        let waves = waves.into_waves();
        assert_eq!(waves.len(), 1);
        assert_eq!(waves[0].len(), 1);
    }
}
