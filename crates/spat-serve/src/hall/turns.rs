//! Whose turn is next on the one device.

use std::collections::VecDeque;

/// How long a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// A look at a model that there is: well under a second.
    Quick,
    /// A training: as long as a turn may be.
    Long,
}

/// Two lines of people. The quick line goes first, but never twice while somebody waits in the
/// long one; within a line it is first come, first served. So whoever waits behind `n` others has
/// waited for at most `n` trainings and as many looks: nobody starves.
#[derive(Debug, Clone)]
pub(super) struct Turns<K> {
    quick: VecDeque<K>,
    long: VecDeque<K>,
    quick_was_last: bool,
}

impl<K: Copy + PartialEq> Turns<K> {
    pub(super) fn new() -> Self {
        Self {
            quick: VecDeque::new(),
            long: VecDeque::new(),
            quick_was_last: false,
        }
    }

    /// Joins the end of a line; who stands in one already stays there.
    pub(super) fn join(&mut self, who: K, lane: Lane) {
        if self.quick.contains(&who) || self.long.contains(&who) {
            return;
        }
        match lane {
            Lane::Quick => self.quick.push_back(who),
            Lane::Long => self.long.push_back(who),
        }
    }

    pub(super) fn leave(&mut self, who: K) {
        self.quick.retain(|waiting| *waiting != who);
        self.long.retain(|waiting| *waiting != who);
    }

    pub(super) fn next(&mut self) -> Option<K> {
        let long_first = self.quick_was_last || self.quick.is_empty();
        if long_first && !self.long.is_empty() {
            self.quick_was_last = false;
            self.long.pop_front()
        } else {
            self.quick_was_last = true;
            self.quick.pop_front()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.quick.is_empty() && self.long.is_empty()
    }

    /// Everybody in the order of their turns, if nobody joins.
    pub(super) fn in_order(&self) -> impl Iterator<Item = K> {
        let mut ahead = self.clone();
        std::iter::from_fn(move || ahead.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_go_first_but_hold_no_training_up() {
        let mut turns = Turns::new();
        for who in [1, 2, 3] {
            turns.join(who, Lane::Long);
        }
        for who in [11, 12, 13, 14] {
            turns.join(who, Lane::Quick);
        }
        let order: Vec<_> = turns.in_order().collect();
        assert_eq!(order, [11, 1, 12, 2, 13, 3, 14]);
        assert_eq!(turns.next(), Some(11));
        turns.leave(1);
        assert_eq!(turns.next(), Some(2));
    }

    #[test]
    fn nobody_stands_in_line_twice() {
        let mut turns = Turns::new();
        turns.join(1, Lane::Long);
        turns.join(2, Lane::Long);
        turns.join(1, Lane::Long);
        turns.join(1, Lane::Quick);
        assert_eq!(turns.in_order().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_greedy_one_waits_for_all_the_others() {
        let mut turns = Turns::new();
        (0..50).for_each(|who| turns.join(who, Lane::Long));
        let mut served = [0; 50];
        for _ in 0..500 {
            let who = turns.next().unwrap();
            served[who] += 1;
            // Everybody wants more at once; the first ones also look at windows all the time.
            turns.join(who, if who < 10 { Lane::Quick } else { Lane::Long });
        }
        let least = served[10..].iter().min().unwrap();
        let most = served[10..].iter().max().unwrap();
        assert!(*least >= 6 && most - least <= 1, "{served:?}");
    }
}
