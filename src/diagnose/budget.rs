//! How much work a search may do, whatever the request holds.

use super::hints::BYTES_PER_MAC;

/// Bytes of work that a MAC takes besides its text: the two blocks that HMAC adds.
const MAC: usize = 128;
/// Bytes of work that a pair takes besides its text: it is copied, and compared with some others,
/// as many as the number of pairs has binary digits.
const PAIR: usize = 32;

/// How many MACs may still be computed, and how many bytes hashed, copied or compared.
pub(super) struct Budget {
    macs: u32,
    bytes: u64,
    max_macs: u32,
    /// What may be spent now.
    allowed: u32,
    /// Whether what may be spent now is spent.
    pub(super) is_over: bool,
    /// Whether something was left out because it was too large.
    pub(super) is_cut: bool,
}

impl Budget {
    /// A budget of which one half is allowed at first.
    pub(super) const fn new(max_macs: u32) -> Self {
        let allowed = max_macs.div_ceil(2);
        Self { macs: 0, bytes: 0, max_macs, allowed, is_over: false, is_cut: false }
    }

    /// Allows the other half.
    pub(super) const fn allow_all(&mut self) {
        self.allowed = self.max_macs;
        self.is_over = false;
    }

    pub(super) const fn macs(&self) -> u32 {
        self.macs
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes one MAC over so many bytes, if there is one.
    pub(super) fn mac(&mut self, bytes: usize) -> bool {
        if self.macs >= self.allowed {
            self.is_over = true;
            return false;
        }
        let is_allowed = self.work(bytes.saturating_add(MAC));
        self.macs = self.macs.saturating_add(u32::from(is_allowed));
        is_allowed
    }

    /// Takes the work of laying out pairs.
    pub(super) fn pairs(&mut self, count: usize, bytes: usize) -> bool {
        let digits = usize::BITS.saturating_sub(count.leading_zeros()).saturating_add(1);
        let each = usize::try_from(digits).unwrap_or(usize::MAX).saturating_mul(PAIR);
        self.work(count.saturating_mul(each).saturating_add(bytes))
    }

    /// Takes work over so many bytes: hashing, copying or comparing them.
    pub(super) fn work(&mut self, bytes: usize) -> bool {
        let size = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let most = u64::from(self.allowed).saturating_mul(size(BYTES_PER_MAC));
        let spent = self.bytes.saturating_add(size(bytes));
        let is_allowed = !self.is_over && spent <= most;
        if is_allowed {
            self.bytes = spent;
        }
        self.is_over |= !is_allowed;
        is_allowed
    }
}
