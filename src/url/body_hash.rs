//! `bodySHA256`: the hash with which a signed URL speaks for a body.

use crate::{form::Params, mac};

/// The hash that the query of a URL holds.
pub(crate) struct BodyHash {
    /// Lower-case digits. `None` stands for a hash that no body has: the value is no 64 digits, or two
    /// values differ.
    digits: Option<[u8; 64]>,
}

impl BodyHash {
    /// `None` if the query holds no `bodySHA256`, whichever way the name is escaped. Every
    /// candidate of a URL decodes to the same names, so a hash that one of them signs is seen here.
    ///
    /// Source: <https://www.twilio.com/docs/usage/security#validating-requests>
    pub(crate) fn of_query(query: &[u8]) -> Option<Self> {
        // Most queries have no name that may be `bodySHA256`, and need no decoding.
        let may_be = |first: &u8| matches!(first, b'b' | b'%');
        let after_separator = |two: &[u8]| matches!(two, [b'&', first] if may_be(first));
        if !query.first().is_some_and(may_be) && !query.windows(2).any(after_separator) {
            return None;
        }
        Self::read(query)
    }

    #[inline(never)] // Otherwise its parameters are on the stack of every verification.
    fn read(query: &[u8]) -> Option<Self> {
        let mut params = Params::new();
        params.read_query(query);
        let mut hashes = params.get_all("bodySHA256");
        let first = hashes.next()?;
        let alike = hashes.all(|hash| hash.eq_ignore_ascii_case(first));
        let digits = <[u8; 64]>::try_from(first).ok().filter(|_| alike);
        Some(Self { digits: digits.map(|digits| digits.map(|digit| digit.to_ascii_lowercase())) })
    }

    /// Whether this is the SHA-256 of `body`.
    pub(crate) fn fits(&self, body: &[u8]) -> bool {
        self.digits.is_some_and(|digits| digits == mac::body_hash(body))
    }
}
