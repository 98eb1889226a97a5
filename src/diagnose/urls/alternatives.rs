//! What one piece of a URL may have been.

use alloc::vec::Vec;

/// The most alternatives of one piece.
const MAX: usize = 640;
/// The most bytes of them.
const MAX_BYTES: usize = 192 * 1_024;

/// What a piece may have been, how unlikely that is, and the source.
pub(in crate::diagnose) struct Alternative<T> {
    pub(super) value: T,
    /// 0 for the piece as it is, 1 if a hint or the request speaks of it, 2 and more for guesses.
    pub(super) cost: u32,
    pub(super) source: &'static str,
}

/// Gathers alternatives, none twice, of bounded size.
pub(super) struct Alternatives<T> {
    list: Vec<Alternative<T>>,
    bytes: usize,
    len_of: fn(&T) -> usize,
}

impl<T: Clone + PartialEq> Alternatives<T> {
    /// The piece as it is.
    pub(super) fn new(given: T, len_of: fn(&T) -> usize) -> Self {
        let given = Alternative { value: given, cost: 0, source: "" };
        Self { list: Vec::from([given]), bytes: 0, len_of }
    }

    /// Adds a value, unless it is there at no higher cost.
    pub(super) fn add(&mut self, value: T, cost: u32, source: &'static str) {
        if let Some(known) = self.list.iter_mut().find(|known| known.value == value) {
            if known.cost > cost {
                (known.cost, known.source) = (cost, source);
            }
            return;
        }
        let bytes = self.bytes.saturating_add((self.len_of)(&value));
        if self.list.len() < MAX && bytes <= MAX_BYTES {
            self.bytes = bytes;
            self.list.push(Alternative { value, cost, source });
        }
    }

    /// The values gathered so far, with their costs.
    pub(super) fn so_far(&self) -> Vec<(T, u32, &'static str)> {
        self.list.iter().map(|own| (own.value.clone(), own.cost, own.source)).collect()
    }

    pub(super) fn into_list(self) -> Vec<Alternative<T>> {
        self.list
    }
}
