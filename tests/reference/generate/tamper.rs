//! Changes to a signed request: some an attack, some that leave the signed text the same.
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Case, settings_text};
use crate::reference::{Key, Payload, form, payload_pairs};

/// One change to one text.
#[derive(Clone, Debug)]
pub enum Edit {
    Replace(Index, u8),
    Insert(Index, u8),
    Delete(Index),
}

impl Edit {
    /// The text after the change. An empty text can only grow.
    pub fn of(&self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        match self {
            Self::Insert(at, byte) => text.insert(at.index(text.len() + 1), *byte),
            Self::Replace(at, byte) if !text.is_empty() => {
                let at = at.index(text.len());
                text[at] = *byte;
            }
            Self::Delete(at) if !text.is_empty() => {
                text.remove(at.index(text.len()));
            }
            Self::Replace(..) | Self::Delete(_) => {}
        }
        text
    }

    /// The same for a text that must stay UTF-8; a change that would break it is not made.
    pub fn of_text(&self, text: &str) -> String {
        String::from_utf8(self.of(text.as_bytes())).unwrap_or_else(|_| text.to_owned())
    }
}

/// An edit with bytes that mean something to a URL, a form or a header.
pub fn edit() -> impl Strategy<Value = Edit> {
    let special = b"/?#&=%+:@[]'\", ;\t\0\r\nA0z".to_vec();
    let byte = prop_oneof![3 => select(special), 1 => any::<u8>()];
    prop_oneof![
        3 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        2 => (any::<Index>(), byte).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        1 => any::<Index>().prop_map(Edit::Delete),
    ]
}

/// A change to a case.
#[derive(Clone, Debug)]
pub enum Tampering {
    Url(Edit),
    UrlEnd(&'static str),
    LongUrl(usize),
    PortAdded(&'static str),
    Body(Edit),
    BodyEnd(&'static str),
    BodyReversed,
    BodyEmptied,
    PairsJoined,
    PairRepeated(Index),
    NameMovedToUrl,
    BodyDecoded,
    Signature(Edit),
    SignatureEnd(&'static str),
    NoSignature,
    EmptySignature,
    Settings(Vec<u8>),
    NoSettings,
    OtherSecret(Index),
    KeyRemoved(Index),
    Websocket,
    Exact,
    Bounds(usize, usize),
}

pub fn tampering() -> impl Strategy<Value = Tampering> {
    prop_oneof![
        6 => edit().prop_map(Tampering::Url),
        2 => select(vec!["#", "#a", "&", "?", "/", "&b", "&AccountSid=", "&bodySHA256="])
            .prop_map(Tampering::UrlEnd),
        1 => (16_380..16_390_usize).prop_map(Tampering::LongUrl),
        1 => select(vec![":443", ":80", ":", ":99999", ":65536", ":000443"])
            .prop_map(Tampering::PortAdded),
        6 => edit().prop_map(Tampering::Body),
        2 => select(vec!["&", "=", "&=", "&a", "&&a=1", "%", "&AccountSid=AC1"])
            .prop_map(Tampering::BodyEnd),
        1 => Just(Tampering::BodyReversed),
        1 => Just(Tampering::BodyEmptied),
        2 => Just(Tampering::PairsJoined),
        2 => any::<Index>().prop_map(Tampering::PairRepeated),
        2 => Just(Tampering::NameMovedToUrl),
        2 => Just(Tampering::BodyDecoded),
        2 => edit().prop_map(Tampering::Signature),
        1 => select(vec!["=", " ", "\n", "A", ","]).prop_map(Tampering::SignatureEnd),
        1 => Just(Tampering::NoSignature),
        1 => Just(Tampering::EmptySignature),
        3 => settings_text().prop_map(Tampering::Settings),
        1 => Just(Tampering::NoSettings),
        1 => any::<Index>().prop_map(Tampering::OtherSecret),
        1 => any::<Index>().prop_map(Tampering::KeyRemoved),
        1 => Just(Tampering::Websocket),
        1 => Just(Tampering::Exact),
        1 => (1..9_usize, 1..90_usize).prop_map(|(params, body)| Tampering::Bounds(params, body)),
    ]
}

impl Tampering {
    pub fn apply(self, case: &mut Case) {
        let Case { config, request } = case;
        match self {
            Self::Url(edit) => request.url = edit.of_text(&request.url),
            Self::UrlEnd(end) => request.url += end,
            Self::LongUrl(len) => {
                let missing = len.saturating_sub(request.url.len());
                request.url += &"#".repeat(missing);
            }
            Self::PortAdded(port) => {
                let start = request.url.find("://").map_or(0, |at| at + 3);
                let rest = request.url.split_off(start);
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at(end);
                request.url += &format!("{authority}{port}{rest}");
            }
            Self::Body(edit) => match &mut request.payload {
                Payload::Body(body) => *body = edit.of(body),
                Payload::Params(list) => {
                    if let Some((name, value)) = list.last_mut() {
                        *name = edit.of_text(name);
                        *value = edit.of_text(value);
                    }
                }
            },
            Self::BodyEnd(end) => match &mut request.payload {
                Payload::Body(body) => body.extend(end.bytes()),
                Payload::Params(list) => list.push((end.to_owned(), String::new())),
            },
            Self::BodyReversed => match &mut request.payload {
                Payload::Body(body) => {
                    let segments: Vec<&[u8]> = body.split(|byte| *byte == b'&').rev().collect();
                    *body = segments.join(&b'&');
                }
                Payload::Params(list) => list.reverse(),
            },
            Self::BodyEmptied => request.payload = Payload::Body(vec![]),
            Self::PairsJoined => {
                let joined =
                    form::concatenated(&form::sorted_unique(&payload_pairs(&request.payload)));
                let name = String::from_utf8_lossy(&joined).into_owned();
                request.payload = Payload::Params(vec![(name, String::new())]);
            }
            Self::PairRepeated(at) => {
                let mut list = lossy(&payload_pairs(&request.payload));
                if !list.is_empty() {
                    list.push(list[at.index(list.len())].clone());
                }
                request.payload = Payload::Params(list);
            }
            Self::NameMovedToUrl => {
                let mut list = lossy(&form::sorted_unique(&payload_pairs(&request.payload)));
                if let Some((name, _)) = list.first_mut() {
                    request.url += &std::mem::take(name);
                }
                request.payload = Payload::Params(list);
            }
            Self::BodyDecoded => {
                request.payload = match &request.payload {
                    Payload::Body(body) => Payload::Params(lossy(&form::pairs(body))),
                    Payload::Params(list) => {
                        let written = list.iter().map(|(name, value)| {
                            let (name, value) = (name.as_bytes(), value.as_bytes());
                            format!("{}={}", form::encode(name), form::encode(value))
                        });
                        Payload::Body(written.collect::<Vec<String>>().join("&").into_bytes())
                    }
                };
            }
            Self::Signature(edit) => {
                request.signature = request.signature.as_deref().map(|header| edit.of(header));
            }
            Self::SignatureEnd(end) => {
                request.signature.get_or_insert_default().extend(end.bytes());
            }
            Self::NoSignature => request.signature = None,
            Self::EmptySignature => request.signature = Some(vec![]),
            Self::Settings(text) => request.settings = Some(text),
            Self::NoSettings => request.settings = None,
            Self::OtherSecret(at) => {
                let at = at.index(config.keys.len());
                match &mut config.keys[at] {
                    Key::AuthToken(secret) | Key::Shared { secret, .. } => secret.push('x'),
                }
            }
            Self::KeyRemoved(at) => {
                if config.keys.len() > 1 {
                    config.keys.remove(at.index(config.keys.len()));
                }
            }
            Self::Websocket => request.websocket = !request.websocket,
            Self::Exact => config.exact = !config.exact,
            Self::Bounds(params, body) => {
                config.max_params = params;
                config.max_body_len = body;
            }
        }
    }
}

fn lossy(pairs: &[form::Pair]) -> Vec<(String, String)> {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    pairs.iter().map(|(name, value)| (text(name), text(value))).collect()
}
