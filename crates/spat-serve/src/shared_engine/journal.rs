//! Recent messages to one visitor, kept for slow and interrupted connections.

use std::collections::VecDeque;
use std::sync::Arc;

/// Most messages that are kept.
const MAX_ENTRIES: usize = 4000;

/// Most bytes that are kept; the newest message is kept in any case.
const MAX_BYTES: usize = 16 << 20;

/// Which messages are kept until they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retention {
    /// Always.
    Keep,
    /// Only the latest of consecutive progress messages.
    LatestProgress,
    /// Only the latest of consecutive queue positions.
    LatestPosition,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    retention: Retention,
    text: Arc<str>,
}

/// Numbered messages; the oldest are discarded first.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Number of the newest message; 0 before the first.
    last: u64,
    /// Number of the newest message that was discarded for lack of room.
    discarded: u64,
}

impl Journal {
    /// Appends a message. It replaces the last one if both have the same `Latest…` retention.
    pub(super) fn push(&mut self, retention: Retention, text: &str) {
        if retention != Retention::Keep
            && self
                .entries
                .back()
                .is_some_and(|last| last.retention == retention)
            && let Some(replaced) = self.entries.pop_back()
        {
            self.bytes -= replaced.text.len();
        }
        self.last += 1;
        self.bytes += text.len();
        self.entries.push_back(Entry {
            number: self.last,
            retention,
            text: text.into(),
        });
        while self.entries.len() > MAX_ENTRIES || (self.bytes > MAX_BYTES && self.entries.len() > 1)
        {
            if let Some(old) = self.entries.pop_front() {
                self.bytes -= old.text.len();
                self.discarded = old.number;
            }
        }
    }

    /// Number of the newest message.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Whether no message after `number` was discarded for lack of room.
    pub(super) fn can_resume_after(&self, number: u64) -> bool {
        (self.discarded..=self.last).contains(&number)
    }

    /// The first message after `number`, with its own number.
    pub(super) fn after(&self, number: u64) -> Option<(u64, Arc<str>)> {
        let index = self.entries.partition_point(|entry| entry.number <= number);
        let entry = self.entries.get(index)?;
        Some((entry.number, Arc::clone(&entry.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(journal: &Journal, mut after: u64) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some((number, text)) = journal.after(after) {
            texts.push(text.to_string());
            after = number;
        }
        texts
    }

    #[test]
    fn consecutive_progress_keeps_only_the_latest() {
        let mut journal = Journal::default();
        journal.push(Retention::Keep, "epoch 1");
        for step in 1..=100 {
            journal.push(Retention::LatestProgress, &format!("step {step}"));
        }
        journal.push(Retention::Keep, "epoch 2");
        journal.push(Retention::LatestProgress, "step 101");
        assert_eq!(
            texts(&journal, 0),
            ["epoch 1", "step 100", "epoch 2", "step 101"]
        );
        // Message 50 was replaced; resuming after it still works.
        assert_eq!(texts(&journal, 50), ["step 100", "epoch 2", "step 101"]);
        assert!(texts(&journal, journal.last()).is_empty());
        assert!(journal.can_resume_after(0));
        assert!(!journal.can_resume_after(journal.last() + 1));
    }

    #[test]
    fn discarded_messages_prevent_resuming() {
        let mut journal = Journal::default();
        for number in 0..MAX_ENTRIES + 10 {
            journal.push(Retention::Keep, &number.to_string());
        }
        assert!(!journal.can_resume_after(5));
        assert!(journal.can_resume_after(10));
        let mut heavy = Journal::default();
        for _ in 0..3 {
            heavy.push(Retention::Keep, &"x".repeat(MAX_BYTES / 2 + 1));
        }
        assert_eq!(texts(&heavy, 0).len(), 1);
        assert!(!heavy.can_resume_after(1) && heavy.can_resume_after(2));
    }
}
