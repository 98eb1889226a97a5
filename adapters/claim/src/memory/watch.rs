//! Futures that wait until a key is settled.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::MemoryStore;
use super::entry::Id;
use super::room::Room;
use crate::ClaimKey;

/// Those who wait for the entries of a shard.
#[derive(Default)]
pub(super) struct Watchers {
    waiting: BTreeMap<Ticket, Waker>,
    next: u64,
    /// Those whose entry is settled, to be woken when the shard is unlocked.
    woken: Vec<Waker>,
}

/// The entry that is watched, and a number that the shard gives out once.
pub(super) type Ticket = (Id, u64);

impl Watchers {
    /// Lets `waker` wait for an entry. `None` if there are too many already.
    pub(super) fn add(&mut self, id: Id, waker: &Waker, room: &Room) -> Option<Ticket> {
        if !room.watchers.take(1) {
            return None;
        }
        let ticket = (id, self.next);
        self.next = self.next.wrapping_add(1);
        self.waiting.insert(ticket, waker.clone());
        Some(ticket)
    }

    /// The waker is this one from now. False if its entry was settled since.
    pub(super) fn update(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        let waiting = self.waiting.get_mut(&ticket);
        waiting.is_some_and(|waiting| {
            waiting.clone_from(waker);
            true
        })
    }

    pub(super) fn remove(&mut self, ticket: Ticket, room: &Room) {
        if self.waiting.remove(&ticket).is_some() {
            room.watchers.give_back(1);
        }
    }

    /// The entry is settled.
    pub(super) fn wake(&mut self, id: Id, room: &Room) {
        while let Some((&ticket, _)) = self.waiting.range((id, 0)..=(id, u64::MAX)).next() {
            self.woken.extend(self.waiting.remove(&ticket));
            room.watchers.give_back(1);
        }
    }

    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        core::mem::take(&mut self.woken)
    }
}

/// What [`ClaimStore::watch`](crate::ClaimStore::watch) of a [`MemoryStore`] gives.
pub(super) struct Watch<'s> {
    store: &'s MemoryStore,
    key: ClaimKey,
    ticket: Option<Ticket>,
}

impl<'s> Watch<'s> {
    pub(super) const fn new(store: &'s MemoryStore, key: ClaimKey) -> Self {
        Self { store, key, ticket: None }
    }
}

impl Future for Watch<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { store, key, ticket } = &mut *self;
        // A lock that is broken is settled too: the next claim says what is wrong.
        store.poll_watch(key, ticket, context.waker()).unwrap_or(Poll::Ready(()))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.store.stop_watching(&self.key, ticket);
        }
    }
}
