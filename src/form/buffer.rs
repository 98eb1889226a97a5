//! Room for items: in place if there are few, otherwise in one piece of heap.

use alloc::vec::Vec;

/// `N` items that need no heap, and more that do.
#[derive(Clone)]
pub(super) struct Buffer<T, const N: usize> {
    inline: [T; N],
    /// Empty as long as the items fit in place.
    heap: Vec<T>,
    len: usize,
}

impl<T: Copy, const N: usize> Buffer<T, N> {
    pub(super) const fn new(item: T) -> Self {
        Self { inline: [item; N], heap: Vec::new(), len: 0 }
    }

    /// Makes room for `len` items, or gives up the items behind them. Room never grows once it is made.
    pub(super) fn resize(&mut self, len: usize, item: T) {
        debug_assert!(self.len == 0 || len <= self.len, "what is there would stay behind");
        if len > N && self.heap.is_empty() {
            self.heap = alloc::vec![item; len];
        }
        self.len = len;
    }

    #[inline]
    pub(super) fn items(&self) -> &[T] {
        let items: &[T] = if self.heap.is_empty() { &self.inline } else { &self.heap };
        debug_assert!(self.len <= items.len(), "room is made before it is used");
        items.get(..self.len).unwrap_or_default()
    }

    #[inline]
    pub(super) fn items_mut(&mut self) -> &mut [T] {
        let items: &mut [T] = if self.heap.is_empty() { &mut self.inline } else { &mut self.heap };
        debug_assert!(self.len <= items.len(), "room is made before it is used");
        items.get_mut(..self.len).unwrap_or_default()
    }
}
