//! What happens to a webhook on its way.

use crate::case::{Case, Payload, Tamper};
use crate::generate::{NAMES, encoded};
use crate::random::Random;
use crate::spelling::{Parts, hashes, read};

/// What happens to the request once `signature` was made.
pub(crate) fn deliver(random: &mut Random, case: &mut Case, signature: String) {
    case.signature = Some(signature);
    if random.chance(65) {
        return;
    }
    match random.below(6) {
        0 => {
            let flipped = |text: &str, random: &mut Random| edited(random, text, "aZ09+/=");
            let text = case.signature.take().unwrap_or_default();
            let altered = flipped(&text, random);
            case.tamper = if altered == text { Tamper::None } else { Tamper::Signature };
            case.signature = Some(altered);
        }
        1 => {
            case.secret.push('x');
            case.tamper = Tamper::Key;
        }
        2 => case.url = edited(random, &case.url, "aZ09/?&=#:@'%+.é"),
        3 if matches!(case.payload, Payload::Body(_)) => {
            // Without a hash in its URL it is a whole request still.
            if has_hash(&case.url) && !case.payload.text().is_empty() {
                case.tamper = Tamper::BodyCutOff;
            }
            case.payload = Payload::None;
        }
        // A handshake has no body to change.
        _ if case.handshake => {}
        _ => tamper_payload(random, case),
    }
}

fn tamper_payload(random: &mut Random, case: &mut Case) {
    let before = case.payload.clone();
    let extra = format!("{}={}", encoded(random, NAMES[0]), encoded(random, "1"));
    match &mut case.payload {
        Payload::None => case.payload = Payload::Form(extra),
        Payload::Form(form) => match random.below(3) {
            0 => *form = format!("{form}&{extra}"),
            1 => {
                let kept = form.rfind('&').unwrap_or(0);
                form.truncate(kept);
            }
            _ => *form = edited(random, form, "aZ09&=%+'"),
        },
        Payload::Body(body) => *body = edited(random, body, "aZ09{} \"&="),
    }
    // A form that only looks different is signed by the same string.
    let signed = case.signed_form.as_deref();
    let changed = match &case.payload {
        // Without a hash in its URL no body was signed, and an empty one is none.
        Payload::Body(body) if signed.is_none() => {
            case.payload != before && (!body.is_empty() || has_hash(&case.url))
        }
        received => canonical(received.text()) != canonical(signed.unwrap_or_default()),
    };
    let lossy = |form: &str| String::from_utf8_lossy(&canonical(form)).into_owned();
    case.tamper = match case.payload {
        _ if !changed => Tamper::None,
        Payload::Form(ref form) if lossy(form) == lossy(signed.unwrap_or_default()) => {
            Tamper::NotUtf8
        }
        _ => Tamper::Payload,
    };
}

fn has_hash(url: &str) -> bool {
    let query = Parts::cut(url).and_then(|parts| parts.query);
    query.is_some_and(|query| !hashes(&query).is_empty())
}

/// What is signed of a form.
pub(crate) fn canonical(form: &str) -> Vec<u8> {
    let mut pairs = read(form);
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect()
}

/// `text` with one character replaced, removed, added or in another case.
fn edited(random: &mut Random, text: &str, with: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let with: Vec<char> = with.chars().collect();
    let new = with[random.below(with.len())];
    let at = random.below(chars.len().max(1));
    match random.below(4) {
        _ if chars.is_empty() => chars.push(new),
        0 => chars[at] = new,
        1 => {
            chars.remove(at);
        }
        2 => chars.insert(at, new),
        _ if chars[at].is_ascii_lowercase() => chars[at].make_ascii_uppercase(),
        _ => chars[at].make_ascii_lowercase(),
    }
    chars.into_iter().collect()
}
