//! How many connections there may be, in all and from one client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::guard::Neighbour;

pub(crate) struct Slots {
    most: usize,
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_client: HashMap<Neighbour, usize>,
}

/// A connection's place, free again when it is dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    client: Neighbour,
}

impl Slots {
    pub(crate) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_one,
            taken: Mutex::default(),
        })
    }

    /// A place for one more connection of `client`, if there is one.
    pub(crate) fn take(self: &Arc<Self>, client: Neighbour) -> Option<Slot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = taken.by_client.get(&client).copied().unwrap_or(0);
        if taken.all >= self.most || of_one >= self.most_of_one {
            return None;
        }
        taken.all += 1;
        taken.by_client.insert(client, of_one + 1);
        Some(Slot {
            slots: Arc::clone(self),
            client,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self
            .slots
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of_one) = taken.by_client.get_mut(&self.client) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let slots = Slots::new(3, 2);
        let client = |last| Neighbour::from(IpAddr::from([10, 0, 0, last]));
        let first = slots.take(client(1)).unwrap();
        let second = slots.take(client(1)).unwrap();
        assert!(slots.take(client(1)).is_none(), "one client has two");
        let third = slots.take(client(2)).unwrap();
        assert!(slots.take(client(3)).is_none(), "three in all");
        drop((first, third));
        let _again = slots.take(client(1)).unwrap();
        drop(second);
        let _other = slots.take(client(3)).unwrap();
        assert_eq!(slots.taken.lock().unwrap().by_client.len(), 2);
    }
}
