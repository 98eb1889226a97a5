//! The headers of a request that may explain its refusal.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use twilio_sig::{Hints, RequestHead};

use crate::event::loggable;

/// The most lines that are kept of a head, and the most bytes of their names and values.
const MAX_LINES: usize = 16;
const MAX_BYTES: usize = 4_096;

/// Lines of a head that may explain a refusal, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Clues<'a> {
    lines: [(&'a str, &'a [u8]); MAX_LINES],
    len: usize,
    bytes: usize,
    authority: Option<&'a str>,
}

impl<'a> Clues<'a> {
    pub(crate) const fn new() -> Self {
        Self { lines: [("", b""); MAX_LINES], len: 0, bytes: 0, authority: None }
    }

    /// Adds a line if a diagnosis reads it. It is borrowed: what a diagnosis does not keep of it, such as
    /// the value of another provider's signature, is never copied.
    pub(crate) fn add(&mut self, name: &'a str, value: &'a [u8]) {
        let bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        if bytes > MAX_BYTES || !Hints::reads(name) {
            return;
        }
        if let Some(line) = self.lines.get_mut(self.len) {
            *line = (name, value);
            self.len = self.len.saturating_add(1);
            self.bytes = bytes;
        }
    }

    /// The authority of the request's target.
    pub(crate) const fn authority(mut self, authority: Option<&'a str>) -> Self {
        self.authority = authority;
        self
    }

    /// The lines that an origin may look at, in words for a log: `host: e.com; x-forwarded-proto: http`.
    pub(crate) fn of_origin(&self) -> String {
        let authority = self.authority.map(|authority| (":authority", authority.as_bytes()));
        let lines = self.lines.iter().take(self.len).copied();
        let lines = lines.filter(|(name, _)| RequestHead::reads(name)).chain(authority);
        let lines = lines.map(|(name, value)| format!("{name}: {}", loggable(value)));
        lines.collect::<Vec<_>>().join("; ")
    }

    /// The lines, for a diagnosis.
    pub(crate) fn hints(&self) -> Hints {
        let lines = self.lines.iter().take(self.len);
        let hints = lines.fold(Hints::new(), |hints, (name, value)| match str::from_utf8(value) {
            Ok(value) => hints.header(name, value),
            Err(_) => hints,
        });
        match self.authority.filter(|authority| authority.len() <= MAX_BYTES) {
            Some(authority) => hints.header("host", authority),
            None => hints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What any cloud's proxy says is kept, and nothing that is a credential.
    #[test]
    fn what_is_kept_is_what_a_diagnosis_reads() {
        for name in ["host", "X-Forwarded-Host", "x-waws-unencoded-url", "x-arr-ssl", "forwarded"] {
            let mut clues = Clues::new();
            clues.add(name, b"x");
            let shown = format!("{:?}", clues.hints());
            assert!(shown.contains(&format!("\"{}\"", name.to_lowercase())), "{name}: {shown}");
        }
        let mut clues = Clues::new();
        for name in ["cookie", "x-twilio-signature", "accept"] {
            clues.add(name, b"secret");
        }
        assert_eq!(clues.len, 0);
        for name in ["X-Other-Signature", "X-Shopify-Hmac-Sha256", "authorization"] {
            clues.add(name, b"Bearer eyJ.credential");
        }
        assert_eq!(clues.len, 3);
        assert!(!format!("{:?}", clues.hints()).contains("credential"));
    }

    #[test]
    fn lines_are_bounded_in_number_and_in_bytes() {
        let mut clues = Clues::new();
        let long = "x".repeat(MAX_BYTES);
        clues.add("host", long.as_bytes());
        assert_eq!(clues.len, 0);
        for _ in 0..100 {
            clues.add("x-forwarded-host", b"e.com");
        }
        assert_eq!(clues.len, MAX_LINES);
    }

    #[test]
    fn the_authority_of_http_2_is_the_host() {
        let hints = Clues::new().authority(Some("e.com")).hints();
        assert!(format!("{hints:?}").contains("\"host\""));
    }
}
