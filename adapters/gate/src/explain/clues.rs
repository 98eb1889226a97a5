//! The headers of a request that may explain its refusal.

use twilio_sig::Hints;

/// The most lines that are kept of a head, and the most bytes of their names and values.
const MAX_LINES: usize = 16;
const MAX_BYTES: usize = 4_096;

/// Headers of which the value is kept: what a proxy says of the URL, and what the body is said to be.
const KEPT: [&str; 23] = [
    "host",
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-ssl",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-uri",
    "x-forwarded-url",
    "x-forwarded-path",
    "x-original-host",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-envoy-original-path",
    "x-replaced-path",
    "x-script-name",
    "x-host",
    "disguised-host",
    "front-end-https",
    "content-type",
    "content-length",
];

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

    /// Adds a line if it may explain something. Another provider's signature is known by the name of
    /// its header, so its value is not kept.
    pub(crate) fn add(&mut self, name: &'a str, value: &'a [u8]) {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        let value = if KEPT.iter().any(is) {
            value
        } else if is_other_signature(name) {
            b""
        } else {
            return;
        };
        let bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        if bytes > MAX_BYTES {
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

/// Whether the header may hold the signature of a sender that is not Twilio.
fn is_other_signature(name: &str) -> bool {
    let name = name.as_bytes();
    let has = |word: &[u8]| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    has(b"signature") && !has(b"x-twilio-signature") && !has(b"x-twilio-webhooks-signature")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each name is one that a diagnosis reads. `Debug` of the hints shows the names that it keeps.
    #[test]
    fn what_is_kept_is_what_a_diagnosis_reads() {
        for name in KEPT {
            let mut clues = Clues::new();
            clues.add(name, b"x");
            let shown = format!("{:?}", clues.hints());
            assert!(shown.contains(&format!("\"{name}\"")), "{name} is not in {shown}");
        }
        let mut clues = Clues::new();
        for name in ["cookie", "authorization", "x-twilio-signature", "accept"] {
            clues.add(name, b"secret");
        }
        clues.add("X-Other-Signature", b"secret");
        assert_eq!((clues.len, clues.bytes), (1, "X-Other-Signature".len()));
        assert_eq!(clues.lines.first(), Some(&("X-Other-Signature", &b""[..])));
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
