//! The crate against the naive reference on every short URL, body and settings header there is.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::format_collect,
    clippy::std_instead_of_alloc,
    reason = "a test has std, and its numbers are small"
)]

use crate::compare::{Failure, by_crate, by_reference};
use crate::reference::{Config, Key, Payload, Request, canonical_strings, form, sign};

/// Every text of at most `len` of these pieces.
fn texts(pieces: &[&str], len: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut longest = all.clone();
    for _ in 0..len {
        longest = longest
            .iter()
            .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
            .collect();
        all.extend(longest.iter().cloned());
    }
    all
}

fn agree(config: &Config, request: &Request) -> Result<(), Failure> {
    let by_crate = by_crate(config, request)?;
    let by_reference = by_reference(config, request);
    if by_crate == by_reference {
        return Ok(());
    }
    Err(format!("{request:?}\n crate: {by_crate:?}\n reference: {by_reference:?}").into())
}

/// Signed over each text that is accepted, and over one that is not.
fn agree_on_every_text(config: &Config, mut request: Request) -> Result<usize, Failure> {
    let mut signed = canonical_strings(config, &request);
    signed.push(b"another text".to_vec());
    for text in &signed {
        let signature = config.keys.first().map(|key| sign(key, text).into_bytes());
        request.signature = signature;
        agree(config, &request)?;
    }
    Ok(signed.len())
}

/// Signed as the form that the reference reads in it.
fn agree_on_a_form(body: &[u8]) -> Result<(), Failure> {
    let pairs = form::sorted_unique(&form::pairs(body));
    let signed = [b"https://h/p".to_vec(), form::concatenated(&pairs)].concat();
    let config = config();
    let signature = config.keys.first().map(|key| sign(key, &signed).into_bytes());
    let payload = Payload::Body(body.to_vec());
    agree(&config, &Request { payload, signature, ..Request::post("https://h/p", "") })
}

fn config() -> Config {
    Config::usual(Key::AuthToken("12345".to_owned()))
}

#[test]
fn every_short_authority_is_read_alike() -> Result<(), Failure> {
    let mut tried = 0;
    for authority in texts(&["a", "0", ":", "@", "[", "]", "/", "?", "#"], 4) {
        tried += agree_on_every_text(&config(), Request::post(&format!("http://{authority}"), ""))?;
    }
    assert!(tried > 10_000, "only {tried} texts were signed");
    Ok(())
}

#[test]
fn every_short_path_and_query_gives_the_same_candidates() -> Result<(), Failure> {
    let mut tried = 0;
    for rest in texts(&["a", "/", "?", "=", "&", "'", "%27", "%25", "#"], 4) {
        for websocket in [false, true] {
            let request = Request { websocket, ..Request::post(&format!("https://h{rest}"), "") };
            tried += agree_on_every_text(&config(), request)?;
        }
    }
    assert!(tried > 20_000, "only {tried} texts were signed");
    Ok(())
}

#[test]
fn every_short_body_gives_the_same_pairs() -> Result<(), Failure> {
    let mut tried = 0;
    for body in texts(&["a", "=", "&", "+", "%", "4", "%6", "%25", "%26"], 4) {
        tried += agree_on_every_text(&config(), Request::post("https://h/p", &body))?;
    }
    assert!(tried > 10_000, "only {tried} texts were signed");
    Ok(())
}

/// Every byte escaped, before and behind every border of a machine word.
#[test]
fn every_escape_gives_the_same_pairs_at_every_offset() -> Result<(), Failure> {
    for byte in 0..=u8::MAX {
        for offset in 0..18 {
            let before = "a".repeat(offset);
            for body in [format!("{before}%{byte:02X}b=1&c"), format!("c&a={before}%{byte:02x}")] {
                agree_on_a_form(body.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// Every two marks at every distance, in a text of several machine words.
#[test]
fn every_two_marks_give_the_same_pairs_at_every_distance() -> Result<(), Failure> {
    let marks: [&[u8]; 8] = [b"&", b"=", b"+", b"%", b"%4", b"%26", b"\0", b"\xff"];
    for first in marks {
        for second in marks {
            for start in 0..20 {
                for end in start..20 {
                    let mut body = b"abcdefghijklmnopqrst".to_vec();
                    body.splice(end..end, second.iter().copied());
                    body.splice(start..start, first.iter().copied());
                    agree_on_a_form(&body)?;
                }
            }
        }
    }
    Ok(())
}

/// One parameter below, at and above every bound.
#[test]
fn every_number_of_parameters_is_counted_alike() -> Result<(), Failure> {
    let key = Key::AuthToken("12345".to_owned());
    for count in (1..140).chain([1_024, 1_025, 4_096, 4_097]) {
        let body: String = (0..count).rev().map(|place| format!("&p{place}={place}&")).collect();
        let mut names: Vec<String> = (0..count).map(|place| format!("p{place}")).collect();
        names.sort();
        let signed: String =
            names.iter().map(|name| format!("{name}{}", name.trim_start_matches('p'))).collect();
        let mut request = Request::post("https://h/p", &body);
        let canonical = format!("https://h/p{signed}");
        request.signature = Some(sign(&key, canonical.as_bytes()).into_bytes());
        for max_params in [count - 1, count, count + 1, 1_024, 4_096] {
            if (1..=4_096).contains(&max_params) {
                agree(&Config { max_params, ..config() }, &request)?;
            }
        }
    }
    Ok(())
}

/// Everything that a scheme can be confused with.
#[test]
fn every_short_scheme_is_read_alike() -> Result<(), Failure> {
    for scheme in texts(&["http", "s", "ws", "W", ":", "/", "//", "@", " "], 4) {
        for websocket in [false, true] {
            let url = format!("{scheme}://h");
            agree_on_every_text(&config(), Request { websocket, ..Request::post(&url, "") })?;
        }
    }
    Ok(())
}

#[test]
fn every_short_settings_header_is_read_alike() -> Result<(), Failure> {
    let shared = |sha256: bool| Key::Shared { id: "k".to_owned(), secret: "s".to_owned(), sha256 };
    let token = Key::AuthToken("12345".to_owned());
    let keys = vec![shared(false), token.clone(), shared(true)];
    let config = Config { keys, ..config() };
    let mut request = Request::post("https://h/p", "");
    let algorithm = ",algorithm=HMAC_SHA256";
    let pieces = ["key=", "k", ",", "=", " ", "\t", "algorithm=", "hmac_sha1", algorithm];
    for settings in texts(&pieces, 4) {
        request.settings = Some(settings.into_bytes());
        for key in [&token, &shared(true)] {
            request.signature = Some(sign(key, b"https://h/p").into_bytes());
            agree(&config, &request)?;
        }
    }
    Ok(())
}

/// Every byte, alone in each place where bytes are looked at one by one.
#[test]
fn every_byte_is_read_alike() -> Result<(), Failure> {
    let config = config();
    let strict = Config { strict: true, ..config.clone() };
    for byte in 0..=u8::MAX {
        let bytes = |before: &str, after: &str| {
            let mut text = before.as_bytes().to_vec();
            text.push(byte);
            text.extend(after.bytes());
            text
        };
        for body in
            [bytes("", ""), bytes("a", "b=1"), bytes("a=", ""), bytes("%4", ""), bytes("%", "1")]
        {
            let payload = Payload::Body(body);
            let request = Request { payload, ..Request::post("https://h/p", "") };
            agree_on_every_text(&config, request.clone())?;
            agree_on_every_text(&strict, request)?;
        }
        let mut signed = Request::post("https://h/p", "");
        signed.signature = Some(sign(&Key::AuthToken("12345".to_owned()), b"https://h/p").into());
        for settings in
            [bytes("", ""), bytes("x=", "y"), bytes("key=", ""), bytes("algorithm=HMAC_SHA1", "")]
        {
            agree(&config, &Request { settings: Some(settings), ..signed.clone() })?;
        }
        let header = signed.signature.clone().unwrap_or_default();
        for at in 0..=header.len() {
            let (before, after) = header.split_at(at);
            let inserted = [before, &[byte], after].concat();
            agree(&config, &Request { signature: Some(inserted), ..signed.clone() })?;
            if let Some((_, rest)) = after.split_first() {
                let replaced = [before, &[byte], rest].concat();
                agree(&config, &Request { signature: Some(replaced), ..signed.clone() })?;
            }
        }
        let letter = char::from(byte);
        for url in [
            format!("https://h/p?{letter}"),
            format!("https://h{letter}/p"),
            format!("https://h:8{letter}/p"),
            format!("https://[:{letter}]/p"),
            format!("https://u{letter}@h/p?a=1"),
            format!("https://h/{letter}?a={letter}"),
            format!("{letter}ttps://h/p"),
            format!("https{letter}://h/p"),
        ] {
            agree_on_every_text(&config, Request::post(&url, ""))?;
        }
    }
    Ok(())
}
