//! Twelve webhooks on which verifiers differ, and what is true of each.
//!
//! The truth is `SPEC.md`'s, whose rule is named: what Twilio documents and what its own libraries
//! sign. Each case is what arrives on the wire, and the text that was signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub(crate) const TOKEN: &str = "12345";

/// A webhook on its way to a verifier.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Whether it is to be accepted.
    pub(crate) genuine: bool,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) body: &'static str,
    pub(crate) signature: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Form,
    Json,
    Get,
    Handshake,
}

impl Case {
    fn new(
        (name, genuine): (&'static str, bool),
        (kind, url): (Kind, impl Into<String>),
        body: &'static str,
        signed: impl AsRef<[u8]>,
    ) -> Self {
        let mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).expect("any length will do");
        let mac = mac.chain_update(signed).finalize().into_bytes();
        Self { name, genuine, kind, url: url.into(), body, signature: STANDARD.encode(mac) }
    }

    /// The URL for a verifier that is given one: its caller knows that it is a handshake.
    pub(crate) fn signed_scheme_url(&self) -> String {
        let scheme = if self.kind == Kind::Handshake { "wss://" } else { "https://" };
        self.url.replacen("https://", scheme, 1)
    }

    /// As it stands in the Host header.
    pub(crate) fn host(&self) -> &str {
        let authority = self.url.trim_start_matches("https://");
        authority.split(['/', '?']).next().unwrap_or_default()
    }

    pub(crate) fn path_and_query(&self) -> &str {
        self.url.split_once(self.host()).map_or("/", |(_, rest)| rest)
    }

    pub(crate) const fn method(&self) -> &'static str {
        match self.kind {
            Kind::Form | Kind::Json => "POST",
            Kind::Get | Kind::Handshake => "GET",
        }
    }

    pub(crate) fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = vec![("host", self.host()), ("x-twilio-signature", &self.signature)];
        headers.extend(match self.kind {
            Kind::Form => {
                vec![("content-type", "application/x-www-form-urlencoded; charset=UTF-8")]
            }
            Kind::Json => vec![("content-type", "application/json")],
            Kind::Handshake => vec![("upgrade", "websocket"), ("connection", "Upgrade")],
            Kind::Get => vec![],
        });
        headers
    }
}

/// The form of an incoming call under a URL without a query, which every peer but one accepts: what
/// is timed.
pub(crate) fn timed() -> Case {
    let body = "Called=%2B14155550123&ToState=CA&CallerCountry=US&Direction=inbound&CallerState=NY\
                &ToZip=94105&CallSid=CA00000000000000000000000000000201&To=%2B14155550123&CallerZip=\
                &ToCountry=US&ApiVersion=2010-04-01&CalledZip=94105&CalledCity=SAN+FRANCISCO\
                &CallStatus=ringing&From=%2B12125550187\
                &AccountSid=AC00000000000000000000000000000001&CalledCountry=US&CallerCity=\
                &Caller=%2B12125550187&FromCountry=US&ToCity=SAN+FRANCISCO&FromCity=&CalledState=CA\
                &FromZip=&FromState=NY";
    let url = "https://voice.example.com/incoming";
    let mut pairs: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}{value}"));
    let signed = format!("{url}{}", pairs.collect::<String>());
    Case::new(("a call's form of 25 parameters", true), (Kind::Form, url), body, signed)
}

pub(crate) fn twelve() -> [Case; 12] {
    let form = |name, url: &str, body, signed: &str| {
        Case::new((name, true), (Kind::Form, url), body, signed)
    };
    let json = r#"[{"specversion":"1.0","type":"com.twilio.messaging"}]"#;
    let hash =
        Sha256::digest(json).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let hashed = format!("https://example.com/events?bodySHA256={hash}");
    [
        // Twilio's own example; the query is part of the URL (B1, C1).
        form(
            "Twilio's documented example",
            "https://example.com/myapp.php?foo=1&bar=2",
            "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310\
             &To=%2B18005551212",
            "https://example.com/myapp.php?foo=1&bar=2CallSidCA1234567890ABCDECaller+14158675310\
             Digits1234From+14158675310To+18005551212",
        ),
        // F8: sorted by name, so the shorter name comes first, whatever its value.
        form(
            "Names that begin alike, text beyond ASCII",
            "https://example.com/conference",
            "ReasonConferenceEnded=last+left&Reason=Zo%C3%AB+hung+up+%F0%9F%8E%82",
            "https://example.com/conferenceReasonZo\u{eb} hung up \u{1f382}\
             ReasonConferenceEndedlast left",
        ),
        // F8, F9: the values of a name are sorted, and equal pairs are signed once.
        form(
            "A parameter that comes three times",
            "https://example.com/sms",
            "MediaUrl=b&MediaUrl=a&MediaUrl=b&Sid=x",
            "https://example.com/smsMediaUrlaMediaUrlbSidx",
        ),
        // U6.
        form(
            "A port, left out by Twilio",
            "https://example.com:8443/voice",
            "CallSid=CA1",
            "https://example.com/voiceCallSidCA1",
        ),
        // U7.
        form(
            "No port, and Twilio adds :443",
            "https://example.com/voice",
            "CallSid=CA1",
            "https://example.com:443/voiceCallSidCA1",
        ),
        // U9.
        form(
            "An apostrophe, escaped on the wire alone",
            "https://example.com/voice?who=it%27s",
            "CallSid=CA1",
            "https://example.com/voice?who=it'sCallSidCA1",
        ),
        // B1.
        Case::new(
            ("A GET, with its parameters in the URL", true),
            (Kind::Get, "https://example.com/menu?Digits=2&From=%2B12125550187"),
            "",
            "https://example.com/menu?Digits=2&From=%2B12125550187",
        ),
        // B4.
        Case::new(("JSON under its hash", true), (Kind::Json, &*hashed), json, &hashed),
        // W1.
        Case::new(
            ("A WebSocket handshake", true),
            (Kind::Handshake, "https://example.com/media"),
            "",
            "wss://example.com/media",
        ),
        // B4: the body is not the one that was hashed.
        Case::new(
            ("FORGED: JSON under another body's hash", false),
            (Kind::Json, &*hashed),
            r#"[{"specversion":"1.0","type":"com.example.forged"}]"#,
            &hashed,
        ),
        // B2: a client that saw one signature of the URL, say of a GET, sends a body of its own.
        Case::new(
            ("FORGED: JSON that nothing covers", false),
            (Kind::Json, "https://example.com/events"),
            r#"[{"specversion":"1.0","type":"com.example.forged"}]"#,
            "https://example.com/events",
        ),
        // C1: the query is signed.
        Case::new(
            ("FORGED: a query added to a signed URL", false),
            (Kind::Form, "https://example.com/voice?admin=1"),
            "CallSid=CA1",
            "https://example.com/voiceCallSidCA1",
        ),
    ]
}
