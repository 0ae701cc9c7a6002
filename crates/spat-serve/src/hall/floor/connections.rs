//! Visitors' connections: they come, are told what there is to tell, and go.

use std::time::Instant;

use spat_spec::EngineMessage;
use tokio::sync::watch;

use super::going::Intent;
use super::state::Floor;
use crate::gate::VisitorId;
use crate::hall::visitor::Visitor;

/// A connection that was taken in.
pub(crate) struct Arrival {
    pub(crate) session: String,
    pub(crate) continued: bool,
    pub(crate) received: u64,
    /// Notices after this number are to be sent.
    pub(crate) heard: u64,
    pub(crate) line: u64,
    pub(crate) bell: watch::Receiver<u64>,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// The same visitor has opened another page.
    Replaced,
    /// It took its notices so slowly that some were forgotten.
    Lost,
    /// The server has ended, and everything is told.
    Ended,
}

impl Floor {
    /// Takes a visitor's connection in: one that goes on with its session, or a new page. `None` if
    /// the house is full.
    pub(in crate::hall) fn arrive(
        &mut self,
        id: VisitorId,
        wanted: Option<(&str, u64)>,
        fresh: String,
        now: Instant,
    ) -> Option<Arrival> {
        self.clear(now);
        if !self.visitors.contains_key(&id) && self.visitors.len() >= self.rules.visitors {
            return None;
        }
        let visitor = self
            .visitors
            .entry(id)
            .or_insert_with(|| Visitor::new(fresh.clone()));
        let known = wanted.filter(|(session, heard)| {
            !session.is_empty() && *session == visitor.session && visitor.can_go_on_after(*heard)
        });
        let continued = known.is_some();
        let heard = known.map_or(0, |(_, heard)| heard);
        if !continued {
            // What the last page began rests at its checkpoint until this one goes on with it.
            self.stop_going(id, Intent::Forget);
            self.turns.leave(id);
        }
        let visitor = self.visitors.get_mut(&id)?;
        if !continued {
            visitor.begin_again(fresh);
        }
        visitor.line += 1;
        visitor.away = None;
        if continued {
            visitor.ring();
        } else {
            visitor.tell(&EngineMessage::Ready);
        }
        let arrival = Arrival {
            session: visitor.session.clone(),
            continued,
            received: visitor.received,
            heard,
            line: visitor.line,
            bell: visitor.bell(),
        };
        self.settle(id);
        self.announce();
        Some(arrival)
    }

    /// A connection has ended.
    pub(in crate::hall) fn leave(&mut self, id: VisitorId, line: u64, now: Instant) {
        if let Some(visitor) = self.of_line(id, line) {
            visitor.away = Some(now);
        }
    }

    /// The first notice after `heard` for this connection. `Err`: another has taken its place, or it
    /// has fallen too far behind.
    pub(in crate::hall) fn told(
        &mut self,
        id: VisitorId,
        line: u64,
        heard: u64,
    ) -> Result<Option<(u64, String)>, Behind> {
        let at_rest = self.at_rest;
        let visitor = self.of_line(id, line).ok_or(Behind::Replaced)?;
        if !visitor.can_go_on_after(heard) {
            return Err(Behind::Lost);
        }
        match visitor.told_after(heard) {
            None if at_rest => Err(Behind::Ended),
            told => Ok(told),
        }
    }

    /// Forgets who has been away for long. What was begun rests at its checkpoint.
    pub(super) fn clear(&mut self, now: Instant) {
        let (absence, going) = (self.rules.absence, self.going.as_ref());
        let going = going.map(|going| going.visitor);
        let turns = &mut self.turns;
        self.visitors.retain(|id, visitor| {
            let gone = visitor
                .away
                .is_some_and(|since| now.saturating_duration_since(since) > absence);
            let keep = !gone || going == Some(*id);
            if !keep {
                turns.leave(*id);
            }
            keep
        });
    }
}
