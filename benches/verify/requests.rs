//! Webhooks to measure with: as Twilio sends them, and as an attacker may.
//!
//! A user of this file has the module `records` beside it.

#![allow(dead_code, reason = "not every bench measures all of it")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "the sizes and places are those of a bench"
)]

use core::error::Error;

use twilio_sig::{AuthToken, Signer, Webhook};

use crate::records;

/// The auth token that everything here is signed with, unless it says otherwise.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub(crate) const URL: &str = "https://hooks.example.com/sms?tenant=acme";

/// A webhook as it arrives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) body: Vec<u8>,
    pub(crate) websocket: bool,
    pub(crate) signature: String,
    pub(crate) settings: String,
}

pub(crate) type Made<T> = Result<T, Box<dyn Error>>;

impl Request {
    pub(crate) fn webhook(&self) -> Webhook<'_> {
        let webhook = if self.websocket {
            Webhook::websocket(&self.url)
        } else {
            Webhook::post(&self.url, &self.body)
        };
        webhook.signature(&self.signature).signature_settings(&self.settings)
    }

    /// One of the requests of `examples/webhooks.txt`, which Twilio's Python library signed.
    pub(crate) fn example(name: &str) -> Made<Self> {
        let records = records::parse(include_str!("../../examples/webhooks.txt"))?;
        let record = records.iter().find(|record| record.get("name") == Some(name));
        let record = record.ok_or("no such example")?;
        let field = |name| record.get(name).unwrap_or_default().to_owned();
        Ok(Self {
            url: field("url"),
            body: field("body").into_bytes(),
            websocket: field("websocket") == "true",
            signature: field("signature"),
            settings: field("settings"),
        })
    }

    /// An incoming call, with 25 parameters.
    pub(crate) fn voice() -> Made<Self> {
        Self::example("voice_call")
    }

    pub(crate) fn whatsapp() -> Made<Self> {
        Self::example("whatsapp_message")
    }

    pub(crate) fn get() -> Made<Self> {
        Self::example("gather_by_get")
    }

    pub(crate) fn handshake() -> Made<Self> {
        Self::example("media_stream")
    }

    /// A signed form.
    pub(crate) fn form(url: &str, body: impl Into<Vec<u8>>) -> Made<Self> {
        let unsigned = Self { url: url.to_owned(), body: body.into(), ..Self::default() };
        unsigned.signed(&signer()?)
    }

    /// A form with so many parameters, named and filled like those of a call.
    pub(crate) fn with_params(params: usize) -> Made<Self> {
        let pair = |nth| format!("{}={}", name(nth), VALUES[nth * 7 % VALUES.len()]);
        Self::form(URL, shuffled(params).map(pair).collect::<Vec<_>>().join("&"))
    }

    /// A form of exactly `len` bytes: parameters with text, 64 of them, or one for each KiB if that
    /// is more.
    pub(crate) fn of_len(len: usize) -> Made<Self> {
        let names = shuffled((len / 1_024).max(64)).map(name);
        Self::form(URL, filled(&names.collect::<Vec<_>>(), TEXT, len))
    }

    /// A JSON body of exactly `len` bytes under its hash.
    pub(crate) fn json(len: usize) -> Made<Self> {
        let (open, close) = (r#"[{"specversion":"1.0","data":{"body":""#, r#""}}]"#);
        let text = "Ahoy! Caf\\u00e9 or bar? ".bytes().cycle();
        let room = len.saturating_sub(open.len() + close.len());
        let body = open.bytes().chain(text.take(room)).chain(close.bytes()).collect::<Vec<_>>();
        let (url, signature) = signer()?.sign_body_hash("https://hooks.example.com/events", &body);
        let signature = signature.header_value();
        Ok(Self { url, body, signature, ..Self::default() })
    }

    /// The form of a call under a URL with the most spellings that one with a body can have, 21.
    pub(crate) fn manifold() -> Made<Self> {
        let url = "https://user:pw@hooks.example.com:8443/?who=it's%27&b#rc=3";
        Self::form(url, Self::voice()?.body)
    }

    /// A handshake for a URL with the most spellings of all, 29.
    pub(crate) fn manifold_handshake() -> Made<Self> {
        let url = "wss://user:pw@hooks.example.com:8443/media?who=it's%27&b#rc=3";
        let signature = signer()?.sign_url(url).header_value();
        Ok(Self { url: url.to_owned(), websocket: true, signature, ..Self::default() })
    }

    /// The same form, signed by another.
    pub(crate) fn signed(mut self, signer: &Signer) -> Made<Self> {
        self.signature = signer.sign_form(&self.url, &self.body)?.header_value();
        Ok(self)
    }

    /// The same under a wrong signature.
    pub(crate) fn forged(mut self) -> Self {
        let first = if self.signature.starts_with('A') { "B" } else { "A" };
        self.signature.replace_range(..1, first);
        self
    }
}

fn signer() -> Made<Signer> {
    Ok(Signer::auth_token(&AuthToken::new(TOKEN)?))
}

/// The names of a call's parameters.
const NAMES: [&str; 25] = [
    "Called",
    "ToState",
    "CallerCountry",
    "Direction",
    "CallerState",
    "ToZip",
    "CallSid",
    "To",
    "CallerZip",
    "ToCountry",
    "ApiVersion",
    "CalledZip",
    "CalledCity",
    "CallStatus",
    "From",
    "AccountSid",
    "CalledCountry",
    "CallerCity",
    "Caller",
    "FromCountry",
    "ToCity",
    "FromCity",
    "CalledState",
    "FromZip",
    "FromState",
];

/// Values as a call has them, escaped and not.
const VALUES: [&str; 10] = [
    "%2B14155550123",
    "CA",
    "US",
    "inbound",
    "94105",
    "CA00000000000000000000000000000201",
    "",
    "SAN+FRANCISCO",
    "ringing",
    "2010-04-01",
];

/// Somebody's message.
const TEXT: &str = "Running+10+min+late%2C+keep+table+4+please.+";

/// The name of the parameter that is `nth` of as many as one likes.
fn name(nth: usize) -> String {
    let name = NAMES[nth % NAMES.len()];
    match nth / NAMES.len() {
        0 => name.to_owned(),
        round => format!("{name}{round}"),
    }
}

/// The numbers below `count` in an order that is none.
fn shuffled(count: usize) -> impl Iterator<Item = usize> {
    // Prime, and so without a divisor in common with any count below it but 1.
    (0..count).map(move |nth| nth * 7_919 % count)
}

/// A form of exactly `len` bytes with these names, in this order, and values made of `text`.
pub(crate) fn filled(names: &[String], text: &str, len: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(len);
    for (name, nth) in names.iter().zip(1..) {
        if nth > 1 {
            body.push(b'&');
        }
        body.extend(name.bytes());
        body.push(b'=');
        let end = len * nth / names.len();
        // An escape that would be cut in two becomes dots.
        while body.len() < end {
            let piece = if body.len() + text.len() <= end { text } else { "." };
            body.extend(piece.bytes());
        }
    }
    body
}
