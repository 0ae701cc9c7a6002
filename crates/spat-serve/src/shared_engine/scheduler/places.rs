//! Places for visitors: who gets one when all are taken.
//!
//! A visitor without a place waits. A free place goes to the waiting visitor whose address holds the
//! fewest. If an address holds at least two places more than that of the next waiting visitor, it gives
//! one up.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::state::{SchedulerState, WaitingVisitor};
use crate::auth::VisitorId;
use crate::client_key::ClientKey;

/// How long a waiting visitor is remembered whose connection does not ask for the place again.
const WAITING_TTL: Duration = Duration::from_secs(5);

/// The answer to a visitor without a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There is one now.
    Free,
    /// The visitor waits, and has to ask again. So many others get a place earlier.
    Wait { ahead: usize },
    /// Too many wait.
    Full,
}

impl SchedulerState {
    /// Asks for a place for a visitor who has none.
    pub(super) fn request_place(
        &mut self,
        id: VisitorId,
        client: ClientKey,
        now: Instant,
    ) -> Place {
        self.waiting
            .retain(|other| now.saturating_duration_since(other.asked_at) <= WAITING_TTL);
        match self.waiting.iter_mut().find(|other| other.id == id) {
            Some(own) => (own.client, own.asked_at) = (client, now),
            None => {
                let free = self.waiting.is_empty() && self.visitors.len() < self.rules.visitors;
                let of_client = self.waiting.iter().filter(|other| other.client == client);
                let share = self.rules.waiting.div_ceil(2);
                if !free && (self.waiting.len() >= self.rules.waiting || of_client.count() >= share)
                {
                    return Place::Full;
                }
                self.waiting.push(WaitingVisitor {
                    id,
                    client,
                    asked_at: now,
                });
            }
        }
        // Those with the fewest places come first, in the order of their arrival.
        let held = self.places_by_client();
        let places = |client: ClientKey| held.get(&client).copied().unwrap_or(0);
        let arrival = self.waiting.iter().position(|other| other.id == id);
        let own = (places(client), arrival.unwrap_or(0));
        let others = self.waiting.iter().enumerate();
        let ahead = others
            .filter(|(arrival, other)| (places(other.client), *arrival) < own)
            .count();
        let is_full = self.visitors.len() >= self.rules.visitors;
        if ahead > 0 || is_full && !self.give_up_place(client, &held) {
            return Place::Wait { ahead };
        }
        self.leave_queue(id);
        Place::Free
    }

    /// Forgets a visitor who waits for a place.
    pub(in crate::shared_engine) fn leave_queue(&mut self, id: VisitorId) {
        self.waiting.retain(|other| other.id != id);
    }

    fn places_by_client(&self) -> HashMap<ClientKey, usize> {
        let mut held = HashMap::new();
        for visitor in self.visitors.values() {
            *held.entry(visitor.client).or_insert(0) += 1;
        }
        held
    }

    /// Removes a visitor of the address with the most places, if that is at least two more than
    /// `client` has. Disconnected and idle visitors go first, then the newest. Runs stay at their
    /// checkpoints.
    fn give_up_place(&mut self, client: ClientKey, held: &HashMap<ClientKey, usize>) -> bool {
        let own = held.get(&client).copied().unwrap_or(0);
        let most = held.values().copied().max().unwrap_or(0);
        if most <= own + 1 {
            return false;
        }
        let running = self.running.as_ref().map(|running| running.visitor);
        let candidates = self.visitors.iter().filter(|(id, visitor)| {
            held.get(&visitor.client) == Some(&most) && running != Some(**id)
        });
        let chosen = candidates.min_by_key(|(_, visitor)| {
            let connected = visitor.disconnected_at.is_none();
            (
                connected,
                !visitor.tasks.is_empty(),
                Reverse(visitor.admission),
            )
        });
        let Some(id) = chosen.map(|(id, _)| *id) else {
            return false;
        };
        // Dropping the visitor wakes its connection, which closes with the reason.
        self.visitors.remove(&id);
        self.queue.remove(id);
        true
    }
}
