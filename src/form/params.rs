//! The parameters of a form or a query: split and decoded once, each a place in one text.

use core::{fmt, str};

use super::buffer::Buffer;
use super::decode::{copy, escaped, spaced};
use super::split::{marks, take_first};
use crate::error::{Result, VerifyError};

/// Bytes of a text that needs no heap.
const INLINE_LEN: usize = 1_440;
/// Parameters that need no heap.
const INLINE_PARAMS: usize = 64;

/// The parameters of a request, decoded.
///
/// Signed parameters are sorted by name and value, equal ones once: neither their order in the body, nor
/// how often a parameter was repeated, is signed. Parameters of a query keep the query's order.
///
/// `Debug` shows the number of parameters.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let body = b"MediaUrl=b&Body=Ahoy%21&MediaUrl=a";
/// let signature = Signer::auth_token(&token).sign_form("https://example.com/sms", body)?;
/// let header = signature.header_value();
///
/// let webhook = Webhook::post("https://example.com/sms", body).signature(&header);
/// let verified = Verifier::new(token).verify(&webhook)?;
/// let params = verified.params();
/// assert_eq!(params.get("Body"), Some("Ahoy!"));
/// assert!(params.get_all("MediaUrl").eq([b"a", b"b"]));
/// assert_eq!(params.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Params {
    /// The decoded text and one byte, and behind these as much room for the canonical bytes.
    pub(super) text: Buffer<u8, { 2 * INLINE_LEN + 1 }>,
    /// Bytes of the first half.
    pub(super) half: usize,
    pub(super) places: Buffer<Place, INLINE_PARAMS>,
}

/// Where in the decoded text a parameter is. The value begins one byte, the `=`, after the name.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The first bytes of the name, by which parameters are sorted; zero until they are sorted.
    pub(super) prefix: u128,
    pub(super) start: u32,
    pub(super) name_len: u32,
    pub(super) value_len: u32,
    /// Whether an equal one is sorted before it.
    pub(super) repeated: bool,
}

impl Params {
    /// No parameters. Parameters are read in place, because a move would copy the arrays.
    pub(crate) const fn new() -> Self {
        Self { text: Buffer::new(0), half: 0, places: Buffer::new(Place::NONE) }
    }

    /// Reads a form or a query, in its order. Call it once.
    ///
    /// # Errors
    /// [`VerifyError::TooManyParams`] for more than `max` parameters, each repetition counted;
    /// [`VerifyError::BodyTooLong`] from 2 GiB on.
    pub(crate) fn read(&mut self, raw: &[u8], max: usize) -> Result {
        self.make_room(raw.len(), max.min(count(raw, b'&').saturating_add(1)))?;
        let text = self.text.items_mut();
        let mut places = self.places.items_mut().iter_mut();
        let mut close = |start, name_end: usize, end| {
            if end != start {
                let place = places.next().ok_or(VerifyError::TooManyParams)?;
                *place = Place::new(start, name_end.min(end), end);
            }
            Ok(())
        };
        let (mut start, mut name_end) = (0, usize::MAX);
        // An escape is longer than what it stands for: the runs that follow move to the left.
        let (mut copied, mut gap) = (0, 0_usize);
        for (block, mut mask) in marks(raw) {
            while let Some(bit) = take_first(&mut mask) {
                let at = block.wrapping_add(bit);
                let place = at.wrapping_sub(gap);
                match raw.get(at) {
                    Some(b'=') => name_end = name_end.min(place),
                    Some(b'&') => {
                        close(start, name_end, place)?;
                        (start, name_end) = (place.wrapping_add(1), usize::MAX);
                    }
                    _ => {
                        let Some(byte) = escaped(raw, at) else { continue };
                        copy_run(raw, copied, at, text, gap);
                        text.get_mut(place).into_iter().for_each(|slot| *slot = byte);
                        (copied, gap) = (at.wrapping_add(3), gap.wrapping_add(2));
                    }
                }
            }
        }
        copy_run(raw, copied, raw.len(), text, gap);
        close(start, name_end, raw.len().wrapping_sub(gap))?;
        let unused = places.len();
        let read = self.places.items().len().wrapping_sub(unused);
        self.places.resize(read, Place::NONE);
        Ok(())
    }

    /// Reads the query of a URL that has been found short enough. Call it once.
    pub(crate) fn read_query(&mut self, query: &[u8]) {
        let read = self.read(query, usize::MAX);
        debug_assert!(read.is_ok(), "a URL that is too long for this was refused");
    }

    /// Reads parameters that the caller has decoded, in their order. Call it once.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn read_decoded(&mut self, params: &[(&str, &str)], max: usize) -> Result {
        if params.len() > max {
            return Err(VerifyError::TooManyParams);
        }
        let len = |(name, value): &(&str, &str)| name.len().saturating_add(value.len());
        let len = params.iter().map(len).fold(params.len(), usize::saturating_add);
        self.make_room(len, params.len())?;
        let mut start = 0_usize;
        for ((name, value), slot) in params.iter().zip(self.places.items_mut()) {
            let name_end = start.wrapping_add(name.len());
            let value_start = name_end.wrapping_add(1);
            for (start, bytes) in [(start, name.as_bytes()), (value_start, value.as_bytes())] {
                let slots = self.text.items_mut().get_mut(start..).unwrap_or_default();
                copy(bytes, bytes.len(), slots, |byte| byte);
            }
            let end = value_start.wrapping_add(value.len());
            *slot = Place::new(start, name_end, end);
            start = end;
        }
        Ok(())
    }

    /// Makes room for a text of `len` bytes, twice, and for `params` parameters.
    fn make_room(&mut self, len: usize, params: usize) -> Result {
        let room = len.checked_mul(2).and_then(|twice| twice.checked_add(1));
        let room = room.filter(|&room| u32::try_from(room).is_ok());
        self.text.resize(room.ok_or(VerifyError::BodyTooLong)?, 0);
        self.half = len.wrapping_add(1);
        self.places.resize(params, Place::NONE);
        Ok(())
    }

    /// Name and value of each parameter.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let once = self.places.items().iter().filter(|place| !place.repeated);
        once.map(|place| place.pair(self.text.items()))
    }

    /// The value of the first parameter called `name`, if the value is UTF-8. The first of several signed
    /// parameters is the one that sorts first.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next().and_then(|value| str::from_utf8(value).ok())
    }

    /// The values of all parameters called `name`.
    pub fn get_all<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p [u8]> {
        let named = move |(own, value)| (own == name.as_bytes()).then_some(value);
        self.iter().filter_map(named)
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.items().is_empty()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Place {
    /// All zero, so that an array of them is filled at once.
    const NONE: Self = Self { prefix: 0, start: 0, name_len: 0, value_len: 0, repeated: false };

    /// The parameter between two places of a text, whose name ends at `name_end`.
    #[inline]
    const fn new(start: usize, name_end: usize, end: usize) -> Self {
        let name_len = short(name_end.wrapping_sub(start));
        let value_len = short(end.saturating_sub(name_end.wrapping_add(1)));
        Self { prefix: 0, start: short(start), name_len, value_len, repeated: false }
    }

    /// Where the name begins, and the lengths of name and value.
    #[inline]
    pub(super) fn sizes(&self) -> [usize; 3] {
        [self.start, self.name_len, self.value_len].map(|size| size.try_into().unwrap_or_default())
    }

    /// Name and value in `text`.
    #[inline]
    pub(super) fn pair<'t>(&self, text: &'t [u8]) -> (&'t [u8], &'t [u8]) {
        let [start, name_len, value_len] = self.sizes();
        let name_end = start.wrapping_add(name_len);
        let value = name_end.wrapping_add(1);
        let value_end = value.wrapping_add(value_len);
        let pair = text.get(start..name_end).zip(text.get(value..value_end));
        debug_assert!(pair.is_some(), "every place is in the text");
        pair.unwrap_or_default()
    }
}

/// Decodes a run that holds no escape, from one place to another, to `gap` bytes further left.
#[inline]
fn copy_run(raw: &[u8], from: usize, to: usize, text: &mut [u8], gap: usize) {
    let run = raw.get(from..).unwrap_or_default();
    let slots = text.get_mut(from.wrapping_sub(gap)..).unwrap_or_default();
    copy(run, to.wrapping_sub(from), slots, spaced);
}

/// A place as it is kept. A longer text was refused.
#[inline]
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "checked in make_room")]
const fn short(place: usize) -> u32 {
    debug_assert!(place <= 0xffff_ffff, "a text that is longer was refused");
    place as u32
}

/// How often a byte comes in a text. The sums are bytes, so that the compiler adds many at once.
fn count(text: &[u8], counted: u8) -> usize {
    let sum = |sum: u8, &byte: &u8| sum.wrapping_add(u8::from(byte == counted));
    let sums = text.chunks(255).map(|chunk| usize::from(chunk.iter().fold(0, sum)));
    sums.fold(0, usize::wrapping_add)
}
