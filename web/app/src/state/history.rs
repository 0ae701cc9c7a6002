//! The runs that are kept, as the page lists them.

use leptos::prelude::*;
use leptos::task::spawn_local;
use spat_series::sorted;

use super::{Card, Page};
use crate::engine::{self, Runs};

impl Page {
    /// Reads the history.
    pub(crate) fn load_cards(self) {
        spawn_local(async move {
            let cards = match Runs::open().await {
                Ok(shelf) => shelf.cards().await,
                Err(error) => Err(error),
            };
            match cards {
                Ok(cards) => {
                    self.elsewhere.set(engine::held_runs().await);
                    let newest_first = sorted(cards, |(_, a), (_, b)| b.begun.total_cmp(&a.begun));
                    self.cards.set(newest_first);
                }
                Err(error) => self.not_kept.set(Some(error)),
            }
        });
    }

    /// Puts a card into the history, new or changed.
    pub(crate) fn keep(self, run: String, card: Card) {
        self.cards.update(|cards| {
            match cards.iter_mut().find(|(id, _)| *id == run) {
                Some((_, old)) => *old = card.clone(),
                None => cards.insert(0, (run.clone(), card.clone())),
            };
        });
        spawn_local(async move {
            let kept = match Runs::open().await {
                Ok(shelf) => shelf.put_card(&run, &card).await,
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                self.not_kept.set(Some(error));
            }
        });
    }

    /// Changes the open run's card.
    pub(crate) fn update_card(self, change: impl FnOnce(&mut Card)) {
        if let Some((run, mut card)) = untrack(|| self.open_card()) {
            change(&mut card);
            self.keep(run, card);
        }
    }

    /// Removes a run from the history, with its files. What is shown of it goes too.
    pub(crate) fn delete_run(self, run: String) {
        spawn_local(async move {
            if self.is_elsewhere(&run).await {
                return;
            }
            if self.run.get_untracked().as_ref() == Some(&run) {
                self.forget_results();
            }
            self.cards
                .update(|cards| cards.retain(|(id, _)| *id != run));
            let deleted = match Runs::open().await {
                Ok(shelf) => shelf.delete(&run).await,
                Err(error) => Err(error),
            };
            if let Err(error) = deleted {
                self.say(error);
            }
        });
    }
}
