//! The order in which parameters are signed: by the bytes of the name, then of the value.

use super::decode::copy;
use super::params::{Params, Place};

/// Bytes of a name in the number that it is sorted by.
const PREFIX: usize = 16;

impl Params {
    /// Sorts the parameters, marks each that equals the one before, and gathers what is signed. Call it
    /// once.
    ///
    /// Prefixes that differ decide the order of their names: a shorter name is padded with zeros, and no
    /// byte is less than zero. All bytes decide where prefixes are equal.
    pub(crate) fn sort(&mut self) {
        let halves = self.text.items_mut().split_at_mut_checked(self.half);
        debug_assert!(halves.is_some(), "there is room for both");
        let Some((decoded, canonical)) = halves else { return };
        let places = self.places.items_mut();
        for place in &mut *places {
            place.prefix = prefix(decoded, place);
        }
        places.sort_unstable_by_key(|place| place.prefix);
        for tied in places.chunk_by_mut(|a, b| a.prefix == b.prefix).filter(|tied| tied.len() > 1) {
            tied.sort_unstable_by(|a, b| a.pair(decoded).cmp(&b.pair(decoded)));
            let mut before = None;
            for place in tied {
                let pair = place.pair(decoded);
                place.repeated = before.replace(pair) == Some(pair);
            }
        }

        let mut end = 0_usize;
        let mut append = |start: usize, len: usize| {
            let text = decoded.get(start..).unwrap_or_default();
            copy(text, len, canonical.get_mut(end..).unwrap_or_default(), |byte| byte);
            end = end.wrapping_add(len);
        };
        for place in places.iter().filter(|place| !place.repeated) {
            let [start, name_len, value_len] = place.sizes();
            append(start, name_len);
            append(start.wrapping_add(name_len).wrapping_add(1), value_len);
        }
        self.text.resize(self.half.wrapping_add(end), 0);
    }

    /// What is signed behind the URL: name and value of each parameter, no separators. Empty until the
    /// parameters are sorted.
    #[inline]
    pub(crate) fn canonical(&self) -> &[u8] {
        self.text.items().get(self.half..).unwrap_or_default()
    }

    /// Whether sorting has found equal parameters.
    pub(crate) fn has_repeated(&self) -> bool {
        self.places.items().iter().any(|place| place.repeated)
    }
}

/// The first bytes of a name, zero-padded, as a big-endian number.
#[inline]
fn prefix(text: &[u8], place: &Place) -> u128 {
    let [start, name_len, _] = place.sizes();
    let near = text.get(start..start.wrapping_add(PREFIX)).and_then(<[u8]>::first_chunk);
    let bytes = near.copied().unwrap_or_else(|| {
        // The text ends within the next bytes.
        let mut bytes = [0; PREFIX];
        bytes.iter_mut().zip(place.pair(text).0).for_each(|(slot, &byte)| *slot = byte);
        bytes
    });
    let unused = u32::try_from(PREFIX.saturating_sub(name_len).wrapping_mul(8)).unwrap_or_default();
    u128::from_be_bytes(bytes) & u128::MAX.unbounded_shl(unused)
}
