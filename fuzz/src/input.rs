//! How the bytes of the fuzzer become a verifier's settings and a request.
//!
//! Four lines, and then the body to the last byte:
//!
//! ```text
//! options, one letter each
//! a choice: two bytes for a place, one for a byte or a key
//! settings header
//! URL
//! body…
//! ```
//!
//! Plain lines, and not what `arbitrary` derives: a seed is made by joining texts, a finding is
//! read with `cat`, a word of the dictionary lands in a URL as a word, and the body grows without
//! moving what precedes it. What it costs: no line feed in URL and settings header. The targets
//! `url_candidates` and `settings_header` take those whole.

use std::borrow::Cow;

use twilio_sig::{AuthToken, Signer};

use crate::reference::form;
use crate::reference::{Config, Key, Payload, Request};

/// The account of the verifiers that have one.
pub const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// One input, cut into its parts.
pub struct Input<'a> {
    options: &'a [u8],
    choice: &'a [u8],
    settings: &'a [u8],
    url: Cow<'a, str>,
    body: &'a [u8],
}

/// What an option asks for, by its letter. Any other letter asks for nothing.
#[derive(Clone, Copy)]
pub enum Wish {
    Websocket = b'w' as isize,
    DecodedParams = b'p' as isize,
    ExactUrl = b'e' as isize,
    StrictParams = b's' as isize,
    Account = b'a' as isize,
    BodyHash = b'h' as isize,
    SingleKey = b'k' as isize,
    TightBounds = b'b' as isize,
    /// Change one byte after signing: of the URL, or of what the next three say.
    Tamper = b't' as isize,
    TamperBody = b'B' as isize,
    TamperSignature = b'S' as isize,
    TamperSettings = b'H' as isize,
    /// Insert a byte, or delete one, instead of replacing it.
    Insert = b'I' as isize,
    Delete = b'D' as isize,
}

impl<'a> Input<'a> {
    #[must_use]
    pub fn read(data: &'a [u8]) -> Self {
        let mut parts = data.splitn(5, |byte| *byte == b'\n');
        let mut part = || parts.next().unwrap_or_default();
        let (options, choice, settings) = (part(), part(), part());
        // Bytes that are not UTF-8 become U+FFFD, so that no change by the fuzzer is lost.
        let url = String::from_utf8_lossy(part());
        Self { options, choice, settings, url, body: part() }
    }

    #[must_use]
    pub fn wishes(&self, wish: Wish) -> bool {
        self.options.contains(&(wish as u8))
    }

    /// A number from 0 to 65,535.
    #[must_use]
    pub fn place(&self) -> usize {
        usize::from(self.chosen(0)) | usize::from(self.chosen(1)) << 8
    }

    #[must_use]
    pub fn byte(&self) -> u8 {
        self.chosen(2)
    }

    fn chosen(&self, at: usize) -> u8 {
        self.choice.get(at).copied().unwrap_or_default()
    }

    /// The verifier's settings. The limits on work that are tight are so for real requests too.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = Config::usual(Key::AuthToken("12345".to_owned()));
        if !self.wishes(Wish::SingleKey) {
            config.keys = keys();
        }
        config.exact = self.wishes(Wish::ExactUrl);
        config.strict = self.wishes(Wish::StrictParams);
        config.account_sid = self.wishes(Wish::Account).then(|| ACCOUNT.to_owned());
        if self.wishes(Wish::TightBounds) {
            config.max_params = 4;
            config.max_body_len = 64;
        }
        config
    }

    /// The request, not yet signed.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut url = self.url.clone().into_owned();
        // A handshake has no body.
        let websocket = self.wishes(Wish::Websocket);
        let body = if websocket { &[] } else { self.body };
        if self.wishes(Wish::BodyHash)
            && let Ok(token) = AuthToken::new("12345")
        {
            (url, _) = Signer::auth_token(&token).sign_body_hash(&url, body);
        }
        let payload = if self.wishes(Wish::DecodedParams) && !websocket {
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            let pairs = form::pairs(body).into_iter();
            Payload::Params(pairs.map(|(name, value)| (text(name), text(value))).collect())
        } else {
            Payload::Body(body.to_vec())
        };
        let settings = Some(self.settings.to_vec());
        Request { url, payload, signature: None, settings, websocket }
    }

    /// The request with one byte changed, as the options and the choice say. `None` if there is
    /// no such byte, or the change would leave text that is not UTF-8.
    #[must_use]
    pub fn tampered(&self, request: &Request) -> Option<Request> {
        let mut tampered = request.clone();
        if self.wishes(Wish::TamperBody) && !request.websocket {
            match &mut tampered.payload {
                Payload::Body(body) => *body = self.changed(body)?,
                Payload::Params(list) => {
                    let count = list.len().max(1);
                    let (name, value) = list.get_mut(self.place() % count)?;
                    let text = if value.is_empty() { name } else { value };
                    *text = String::from_utf8(self.changed(text.as_bytes())?).ok()?;
                }
            }
        } else if self.wishes(Wish::TamperSignature) {
            tampered.signature = Some(self.changed(request.signature.as_deref()?)?);
        } else if self.wishes(Wish::TamperSettings) {
            tampered.settings = Some(self.changed(request.settings.as_deref()?)?);
        } else {
            tampered.url = String::from_utf8(self.changed(request.url.as_bytes())?).ok()?;
        }
        Some(tampered)
    }

    fn changed(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut text = text.to_vec();
        if self.wishes(Wish::Insert) {
            text.insert(self.place() % (text.len() + 1), self.byte());
            return Some(text);
        }
        let at = self.place() % text.len().max(1);
        if self.wishes(Wish::Delete) && at < text.len() {
            text.remove(at);
            return Some(text);
        }
        let byte = text.get_mut(at)?;
        *byte = if *byte == self.byte() { !*byte & 0x7f } else { self.byte() };
        Some(text)
    }
}

/// One of each kind, two of which share an id.
#[must_use]
pub fn keys() -> Vec<Key> {
    let shared = |id: &str, secret: &str, sha256| Key::Shared {
        id: id.to_owned(),
        secret: secret.to_owned(),
        sha256,
    };
    vec![
        Key::AuthToken("12345".to_owned()),
        shared("webhooks_sharedkey_1", "of one", false),
        shared("webhooks_sharedkey_1", "of one, longer", true),
        shared("webhooks_sharedkey_2", "of two", true),
    ]
}

/// Decoded parameters in the form that [`twilio_sig::Webhook::params`] takes.
#[must_use]
pub fn borrowed(payload: &Payload) -> Vec<(&str, &str)> {
    match payload {
        Payload::Body(_) => vec![],
        Payload::Params(list) => list.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(),
    }
}
