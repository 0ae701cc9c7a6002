//! What was said to a visitor, for one whose connection is slow or was lost for a while.

use std::collections::VecDeque;
use std::sync::Arc;

/// Most notices that are kept.
const MOST: usize = 4000;

/// Most bytes that are kept, beside the newest notice.
const LARGEST: usize = 16 << 20;

/// How a notice stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It counts.
    Lasting,
    /// How far it is: the next such says it all.
    Progress,
    /// A place in the line: so does the next such.
    Place,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    weight: Weight,
    text: Arc<str>,
}

/// Numbered notices, the oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Of the newest notice; 0 before the first.
    last: u64,
    /// Of the newest that was forgotten and counted.
    lost: u64,
}

impl Journal {
    /// Adds a notice. Of passing ones of a kind in a row only the newest stays.
    pub(super) fn push(&mut self, weight: Weight, text: &str) {
        if weight != Weight::Lasting
            && self
                .entries
                .back()
                .is_some_and(|last| last.weight == weight)
            && let Some(passed) = self.entries.pop_back()
        {
            self.bytes -= passed.text.len();
        }
        self.last += 1;
        self.bytes += text.len();
        self.entries.push_back(Entry {
            number: self.last,
            weight,
            text: text.into(),
        });
        while self.entries.len() > MOST || (self.bytes > LARGEST && self.entries.len() > 1) {
            if let Some(old) = self.entries.pop_front() {
                self.bytes -= old.text.len();
                self.lost = old.number;
            }
        }
    }

    /// The number of the newest notice.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether everything that counts after `number` is still here.
    pub(super) fn reaches_back_to(&self, number: u64) -> bool {
        (self.lost..=self.last).contains(&number)
    }

    /// The first notice after `number`, with its own.
    pub(super) fn after(&self, number: u64) -> Option<(u64, Arc<str>)> {
        let place = self.entries.partition_point(|entry| entry.number <= number);
        let entry = self.entries.get(place)?;
        Some((entry.number, Arc::clone(&entry.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(journal: &Journal, mut after: u64) -> Vec<String> {
        let mut told = Vec::new();
        while let Some((number, text)) = journal.after(after) {
            told.push(text.to_string());
            after = number;
        }
        told
    }

    #[test]
    fn who_was_away_hears_what_counts() {
        let mut journal = Journal::default();
        journal.push(Weight::Lasting, "epoch 1");
        for step in 1..=100 {
            journal.push(Weight::Progress, &format!("step {step}"));
        }
        journal.push(Weight::Lasting, "epoch 2");
        journal.push(Weight::Progress, "step 101");
        assert_eq!(
            told(&journal, 0),
            ["epoch 1", "step 100", "epoch 2", "step 101"]
        );
        // Number 50 was a step that is gone: what came after it is heard all the same.
        assert_eq!(told(&journal, 50), ["step 100", "epoch 2", "step 101"]);
        assert!(told(&journal, journal.last()).is_empty());
        assert!(journal.reaches_back_to(0));
        assert!(!journal.reaches_back_to(journal.last() + 1));
    }

    #[test]
    fn a_long_absence_is_known_as_one() {
        let mut journal = Journal::default();
        for number in 0..MOST + 10 {
            journal.push(Weight::Lasting, &number.to_string());
        }
        assert!(!journal.reaches_back_to(5));
        assert!(journal.reaches_back_to(10));
        let mut heavy = Journal::default();
        for _ in 0..3 {
            heavy.push(Weight::Lasting, &"x".repeat(LARGEST / 2 + 1));
        }
        assert_eq!(told(&heavy, 0).len(), 1);
        assert!(!heavy.reaches_back_to(1) && heavy.reaches_back_to(2));
    }
}
