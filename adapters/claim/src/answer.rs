//! What a completed key gives back.

use alloc::sync::Arc;
use core::fmt;

use super::ClaimError;

/// The most bytes of an [`Answer`]: a body of 64 KiB, and 1 KiB for its status and Content-Type.
pub const MAX_ANSWER_LEN: usize = (64 + 1) * 1024;

/// The answer of a completed key: bytes that no store looks into, at most [`MAX_ANSWER_LEN`].
///
/// The bound is checked here once, so every store may rely on it. A clone shares the bytes, and
/// `AsRef<[u8]>` lets others share them too. `Debug` shows their number and none of them.
///
/// # Examples
/// ```
/// use twilio_sig_claim::{Answer, MAX_ANSWER_LEN};
///
/// let answer = Answer::new(b"200\ntext/xml\n<Response/>")?;
/// assert_eq!(answer.as_bytes(), b"200\ntext/xml\n<Response/>");
/// assert!(Answer::new(&[0; MAX_ANSWER_LEN + 1]).is_err());
/// # Ok::<(), twilio_sig_claim::ClaimError>(())
/// ```
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Answer(Option<Arc<[u8]>>);

impl Answer {
    /// No bytes. It takes no room, so a store that has none left for another answer takes this one.
    pub const EMPTY: Self = Self(None);

    /// An answer of these bytes.
    ///
    /// # Errors
    /// [`ClaimError::OutOfRange`] if they are more than [`MAX_ANSWER_LEN`].
    pub fn new(bytes: &[u8]) -> Result<Self, ClaimError> {
        match bytes.len() {
            0 => Ok(Self::EMPTY),
            1..=MAX_ANSWER_LEN => Ok(Self(Some(bytes.into()))),
            _ => Err(ClaimError::OutOfRange),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Without the bytes: an answer may hold what its receiver alone may see.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} bytes)", self.len())
    }
}
