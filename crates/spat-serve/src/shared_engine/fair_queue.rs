//! The order in which visitors use the device.

use std::collections::VecDeque;

/// Class of a queued task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// A query on a trained model, which takes well under a second.
    Interactive,
    /// A training, which may use a whole turn.
    Batch,
}

/// Two first-in, first-out queues. Interactive keys come first, but never twice in a row while a batch
/// key waits. So a key behind `n` others waits for at most `n` batch and `n` interactive turns, and none
/// starves.
#[derive(Debug, Clone)]
pub(super) struct FairQueue<K> {
    interactive: VecDeque<K>,
    batch: VecDeque<K>,
    interactive_was_last: bool,
}

impl<K: Copy + PartialEq> FairQueue<K> {
    pub(super) fn new() -> Self {
        Self {
            interactive: VecDeque::new(),
            batch: VecDeque::new(),
            interactive_was_last: false,
        }
    }

    /// Appends a key, unless it is queued already.
    pub(super) fn push(&mut self, key: K, priority: Priority) {
        if self.interactive.contains(&key) || self.batch.contains(&key) {
            return;
        }
        match priority {
            Priority::Interactive => self.interactive.push_back(key),
            Priority::Batch => self.batch.push_back(key),
        }
    }

    pub(super) fn remove(&mut self, key: K) {
        self.interactive.retain(|waiting| *waiting != key);
        self.batch.retain(|waiting| *waiting != key);
    }

    pub(super) fn pop(&mut self) -> Option<K> {
        let batch_first = self.interactive_was_last || self.interactive.is_empty();
        if batch_first && !self.batch.is_empty() {
            self.interactive_was_last = false;
            self.batch.pop_front()
        } else {
            self.interactive_was_last = true;
            self.interactive.pop_front()
        }
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
            queue.push(key, Priority::Batch);
        }
        for key in [11, 12, 13, 14] {
            queue.push(key, Priority::Interactive);
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
        queue.push(1, Priority::Batch);
        queue.push(2, Priority::Batch);
        queue.push(1, Priority::Batch);
        queue.push(1, Priority::Interactive);
        assert_eq!(queue.order().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn no_key_starves() {
        let mut queue = FairQueue::new();
        (0..50).for_each(|key| queue.push(key, Priority::Batch));
        let mut served = [0; 50];
        for _ in 0..500 {
            let key = queue.pop().unwrap();
            served[key] += 1;
            // Every key returns at once, and the first ten as interactive ones.
            queue.push(
                key,
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
