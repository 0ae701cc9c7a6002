//! The order in which visitors use the device.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Class of a queued task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// A query on a trained model, which takes well under a second.
    Interactive,
    /// A training, which may use a whole turn.
    Batch,
}

/// Most groups whose last turn is remembered.
const MAX_GROUPS: usize = 1024;

/// Two queues of keys, each of which belongs to a group (the address of a visitor). Interactive keys come
/// first, but never twice in a row while a batch key waits. Within a queue, groups take turns, and the keys
/// of a group are first in, first out. So a key behind `n` others waits for at most `n` batch and `n`
/// interactive turns, many keys of one group delay another group by one turn, and none starves.
#[derive(Debug, Clone)]
pub(super) struct FairQueue<K, G> {
    interactive: VecDeque<(K, G)>,
    batch: VecDeque<(K, G)>,
    interactive_was_last: bool,
    /// Number of turns so far.
    turns: u64,
    /// Number of each group's last turn.
    last_turns: HashMap<G, u64>,
}

impl<K: Copy + PartialEq, G: Copy + Eq + Hash> FairQueue<K, G> {
    pub(super) fn new() -> Self {
        Self {
            interactive: VecDeque::new(),
            batch: VecDeque::new(),
            interactive_was_last: false,
            turns: 0,
            last_turns: HashMap::new(),
        }
    }

    /// Appends a key, unless it is queued already.
    pub(super) fn push(&mut self, key: K, group: G, priority: Priority) {
        if self
            .interactive
            .iter()
            .chain(&self.batch)
            .any(|(waiting, _)| *waiting == key)
        {
            return;
        }
        match priority {
            Priority::Interactive => self.interactive.push_back((key, group)),
            Priority::Batch => self.batch.push_back((key, group)),
        }
    }

    pub(super) fn remove(&mut self, key: K) {
        self.interactive.retain(|(waiting, _)| *waiting != key);
        self.batch.retain(|(waiting, _)| *waiting != key);
    }

    pub(super) fn pop(&mut self) -> Option<K> {
        let batch_first = self.interactive_was_last || self.interactive.is_empty();
        self.interactive_was_last = !(batch_first && !self.batch.is_empty());
        let queue = if self.interactive_was_last {
            &mut self.interactive
        } else {
            &mut self.batch
        };
        // `min_by_key` returns the first of equal ones.
        let last_turn = |(_, (_, group)): &(usize, &(K, G))| self.last_turns.get(group).copied();
        let (index, _) = queue.iter().enumerate().min_by_key(last_turn)?;
        let (key, group) = queue.remove(index)?;
        if self.last_turns.len() >= MAX_GROUPS {
            self.last_turns.clear();
        }
        self.turns += 1;
        self.last_turns.insert(group, self.turns);
        Some(key)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.interactive.is_empty() && self.batch.is_empty()
    }

    /// All keys in the order in which they would be popped now.
    pub(super) fn order(&self) -> impl Iterator<Item = K> {
        let mut queue = self.clone();
        std::iter::from_fn(move || queue.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interactive_keys_come_first_without_blocking_batch_keys() {
        let mut queue = FairQueue::new();
        for key in [1, 2, 3] {
            queue.push(key, 0, Priority::Batch);
        }
        for key in [11, 12, 13, 14] {
            queue.push(key, 0, Priority::Interactive);
        }
        let keys: Vec<_> = queue.order().collect();
        assert_eq!(keys, [11, 1, 12, 2, 13, 3, 14]);
        assert_eq!(queue.pop(), Some(11));
        queue.remove(1);
        assert_eq!(queue.pop(), Some(2));
    }

    #[test]
    fn a_key_is_queued_once() {
        let mut queue = FairQueue::new();
        queue.push(1, 0, Priority::Batch);
        queue.push(2, 0, Priority::Batch);
        queue.push(1, 0, Priority::Batch);
        queue.push(1, 0, Priority::Interactive);
        assert_eq!(queue.order().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn groups_take_turns() {
        let mut queue = FairQueue::new();
        for key in 0..60 {
            queue.push(key, "crowd", Priority::Batch);
        }
        assert_eq!(queue.pop(), Some(0));
        queue.push(100, "single", Priority::Batch);
        assert_eq!(queue.pop(), Some(100));
        queue.push(100, "single", Priority::Batch);
        let keys: Vec<_> = queue.order().take(4).collect();
        assert_eq!(keys, [1, 100, 2, 3]);
    }

    #[test]
    fn no_key_starves() {
        let mut queue = FairQueue::new();
        (0..50).for_each(|key| queue.push(key, 0, Priority::Batch));
        let mut served = [0; 50];
        for _ in 0..500 {
            let key = queue.pop().unwrap();
            served[key] += 1;
            // Every key returns at once, and the first ten as interactive ones.
            queue.push(
                key,
                0,
                if key < 10 {
                    Priority::Interactive
                } else {
                    Priority::Batch
                },
            );
        }
        let least = served[10..].iter().min().unwrap();
        let most = served[10..].iter().max().unwrap();
        assert!(*least >= 6 && most - least <= 1, "{served:?}");
    }
}
