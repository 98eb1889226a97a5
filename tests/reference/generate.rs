//! Requests for property tests: realistic and hostile, most of them signed over a text that the
//! rules accept, and then perhaps tampered with.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    clippy::string_slice,
    reason = "each test uses its own part of this module, and plain code is easier to check by eye"
)]

#[path = "generate/request.rs"]
pub mod request;
#[path = "generate/tamper.rs"]
pub mod tamper;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::reference::{Config, Key, Request, canonical_strings, mac, settings, sign};
use request::{parts, payload};
use tamper::{Tampering, tampering};

pub const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub const OTHER_ACCOUNT: &str = "AC0123456789abcdef0123456789ABCDEF";

/// A verifier and what arrives at it.
#[derive(Clone, Debug)]
pub struct Case {
    pub config: Config,
    pub request: Request,
}

/// Signed as Twilio signs, over any of the texts the rules accept. Where they accept none, over
/// a text that only the account, the strict rule or the bound on parameters forbids, otherwise over
/// the URL as it stands.
pub fn signed() -> impl Strategy<Value = Case> {
    (config(), parts(), any::<Index>(), any::<Index>(), header_style()).prop_map(
        |(config, parts, key, text, style)| {
            let mut request = parts.into_request();
            let lenient = Config {
                strict: false,
                max_params: usize::MAX,
                account_sid: None,
                ..config.clone()
            };
            let url = vec![request.url.clone().into_bytes()];
            let texts =
                [canonical_strings(&config, &request), canonical_strings(&lenient, &request), url];
            let texts = texts.into_iter().find(|texts| !texts.is_empty()).unwrap_or_default();
            let key = &config.keys[key.index(config.keys.len())];
            request.signature = Some(sign(key, &texts[text.index(texts.len())]).into_bytes());
            request.settings = style.header(key);
            Case { config, request }
        },
    )
}

/// Signed, and then left alone or changed once or twice.
pub fn tampered() -> impl Strategy<Value = Case> {
    (signed(), vec(tampering(), 0..3)).prop_map(|(mut case, changes): (Case, Vec<Tampering>)| {
        for change in changes {
            change.apply(&mut case);
        }
        case
    })
}

/// A request of arbitrary text, under a well-formed or an arbitrary signature.
pub fn arbitrary() -> impl Strategy<Value = Case> {
    let url = prop_oneof![
        2 => "(https?|wss?)://[a-z@:\\[\\]/?#0-9.]{0,24}",
        1 => "[hH]ttps://[a-z:@\\[\\]]{1,8}(:[0-9]{0,6})?[/?#].{0,24}",
        1 => ".{0,48}",
    ];
    let signature = option::weighted(
        0.9,
        prop_oneof![
            4 => vec(any::<u8>(), 20).prop_map(|bytes| mac::base64(&bytes).into_bytes()),
            2 => vec(any::<u8>(), 32).prop_map(|bytes| mac::base64(&bytes).into_bytes()),
            1 => "[A-Za-z0-9+/]{26,28}={0,2}".prop_map(String::into_bytes),
            1 => vec(any::<u8>(), 0..48),
        ],
    );
    let settings = option::weighted(0.6, settings_text());
    (config(), url, payload(), signature, settings, any::<bool>()).prop_map(
        |(config, url, payload, signature, settings, websocket)| {
            let request = Request { url, payload, signature, settings, websocket };
            Case { config, request }
        },
    )
}

/// Everything above, in one strategy.
pub fn any_case() -> impl Strategy<Value = Case> {
    prop_oneof![5 => tampered(), 2 => signed(), 1 => arbitrary()]
}

pub fn config() -> impl Strategy<Value = Config> {
    let max_params = prop_oneof![6 => Just(1_024_usize), 1 => 1..6_usize];
    let max_form_len = prop_oneof![8 => Just(262_144_usize), 1 => 1..60_usize];
    let max_body_len = prop_oneof![8 => Just(1_048_576_usize), 1 => 1..60_usize];
    (
        keys(),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.2),
        max_params,
        (max_form_len, max_body_len),
        option::weighted(0.25, Just(ACCOUNT.to_owned())),
    )
        .prop_map(
            |(keys, exact, strict, max_params, (max_form_len, max_body_len), account_sid)| Config {
                keys,
                exact,
                strict,
                max_params,
                max_form_len,
                max_body_len,
                account_sid,
            },
        )
}

/// One to four keys; secrets differ, as do the ids of shared keys of one algorithm.
fn keys() -> impl Strategy<Value = Vec<Key>> {
    let kind = prop_oneof![4 => Just(None), 1 => Just(Some(false)), 2 => Just(Some(true))];
    let secret = prop_oneof![
        5 => "[0-9a-f]{32}",
        1 => Just("12345".to_owned()),
        1 => "[0-9A-Za-z]{63,66}",
        1 => "[a-z]ä[a-z ]{1,8}ö",
    ];
    vec((kind, secret), 1..5).prop_map(|kinds| {
        let mut shared = [0, 0];
        let mut keys = Vec::new();
        for (place, (kind, secret)) in kinds.into_iter().enumerate() {
            let secret = format!("{secret}{place}");
            keys.push(match kind {
                None => Key::AuthToken(secret),
                Some(sha256) => {
                    let number = &mut shared[usize::from(sha256)];
                    let id = format!("webhooks_sharedkey_{number}");
                    *number += 1;
                    Key::Shared { id, secret, sha256 }
                }
            });
        }
        keys
    })
}

/// How the settings header is written for the key that signed.
#[derive(Clone, Debug)]
enum HeaderStyle {
    Absent,
    Algorithm,
    KeyAndAlgorithm,
    Spaced,
    WrongAlgorithm,
    Other(Vec<u8>),
}

impl HeaderStyle {
    fn header(self, key: &Key) -> Option<Vec<u8>> {
        let (right, wrong) = if settings::is_sha256(key) {
            ("HMAC_SHA256", "HMAC_SHA1")
        } else {
            ("HMAC_SHA1", "HMAC_SHA256")
        };
        let id = match key {
            Key::AuthToken(_) => "",
            Key::Shared { id, .. } => id,
        };
        Some(match self {
            Self::Absent => return None,
            Self::Algorithm => format!("algorithm={right}").into_bytes(),
            Self::KeyAndAlgorithm => format!("key={id},algorithm={right}").into_bytes(),
            Self::Spaced => {
                let right = right.to_ascii_lowercase();
                format!(" ,Algorithm= {right}\t,, new=1 , KEY=\t{id} ").into_bytes()
            }
            Self::WrongAlgorithm => format!("key={id},algorithm={wrong}").into_bytes(),
            Self::Other(text) => text,
        })
    }
}

fn header_style() -> impl Strategy<Value = HeaderStyle> {
    prop_oneof![
        10 => Just(HeaderStyle::Absent),
        2 => Just(HeaderStyle::Algorithm),
        4 => Just(HeaderStyle::KeyAndAlgorithm),
        2 => Just(HeaderStyle::Spaced),
        1 => Just(HeaderStyle::WrongAlgorithm),
        1 => settings_text().prop_map(HeaderStyle::Other),
    ]
}

/// A settings header of any kind, mostly wrong.
pub fn settings_text() -> impl Strategy<Value = Vec<u8>> {
    let known = prop_oneof![
        4 => "(key|KEY|algorithm|aLgorithm|other|key )",
        1 => "[a-z=]{0,3}",
    ];
    let value = select(vec![
        "webhooks_sharedkey_0",
        "webhooks_sharedkey_1",
        "webhooks_sharedkey_2",
        "WEBHOOKS_SHAREDKEY_1",
        "HMAC_SHA1",
        "hmac_sha256",
        "HMAC_SHA512",
        "a=b",
        "a\tb",
        "",
    ]);
    let part = (known, "[ \t]{0,2}=?[ \t]{0,2}", value, " ?")
        .prop_map(|(name, equals, value, end)| format!("{name}{equals}{value}{end}"));
    prop_oneof![
        8 => vec(part, 0..4).prop_map(|parts| parts.join(",").into_bytes()),
        1 => (505..520_usize).prop_map(|len| format!("{:>len$}", "algorithm=HMAC_SHA1").into_bytes()),
        1 => (505..520_usize).prop_map(|len| format!("x={:a>len$}", "").into_bytes()),
        1 => "[ \t,]{0,4}".prop_map(String::into_bytes),
        1 => (0..600_usize).prop_map(|len| vec![b' '; len]),
        1 => vec(any::<u8>(), 0..24),
    ]
}
