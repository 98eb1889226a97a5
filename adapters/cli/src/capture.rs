//! Saved requests: what debugging proxies, browsers, tunnels and AWS write down.
//!
//! Each format has a file. All are told apart by how they begin, so no option names one. The text is
//! bounded by the caller; what is made of it is no longer than a few times that.

mod aws;
mod curl;
mod fields;
mod har;
mod http2;
mod mitmproxy;
mod ngrok;
mod shell;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::http::{self, HttpRequest};

/// The most requests of one file that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Reads a saved request. Takes number `entry` (from 1) of several; without a number, the only one that is
/// signed.
pub(crate) fn read(text: &[u8], entry: Option<usize>) -> Result<HttpRequest, Failure> {
    let (comments, text) = http::comments(text);
    let mut found = match text.first() {
        _ if curl::is_one(text) => vec![curl::read(text)?],
        // Before JSON: some tools begin each line with a time in brackets.
        _ if http2::is_one(text) => vec![http2::read(text)?],
        Some(b'{' | b'[') => json(text)?,
        _ => vec![HttpRequest::parse(text)?],
    };
    let count = found.len();
    let signed = |request: &HttpRequest| request.header("x-twilio-signature").is_some();
    let index = match (entry, count) {
        (Some(entry), _) => entry.checked_sub(1).filter(|index| *index < count),
        (None, 1) => Some(0),
        (None, _) => {
            let mut own = found.iter().enumerate().filter(|(_, request)| signed(request));
            own.next().filter(|_| own.next().is_none()).map(|(index, _)| index)
        }
    };
    let Some(index) = index else {
        let signed = found.iter().filter(|request| signed(request)).count();
        return Err(Failure::usage(format!(
            "the file holds {count} requests, {signed} of them signed: choose one with --entry 1 to {count}"
        )));
    };
    let mut request = found.swap_remove(index);
    request.token_file = http::token_file(comments);
    Ok(request)
}

/// What tells the formats in JSON apart: members that no other one has.
#[derive(Deserialize)]
struct Members {
    log: Option<IgnoredAny>,
    requests: Option<IgnoredAny>,
    request: Option<Inner>,
    #[serde(rename = "httpMethod")]
    http_method: Option<IgnoredAny>,
    #[serde(rename = "rawPath")]
    raw_path: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Inner {
    raw: Option<IgnoredAny>,
}

/// One document, several behind each other (a log of lines), or a list of them.
fn json(text: &[u8]) -> Result<Vec<HttpRequest>, Failure> {
    let mut found = Vec::new();
    for document in serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>() {
        let document = document.map_err(|error| malformed("JSON", &error))?.get();
        if document.starts_with('[') {
            let list: Vec<&RawValue> = from_str("a list", document)?;
            for element in list.iter().take(MAX_ENTRIES) {
                found.extend(object(element.get())?);
            }
        } else {
            found.extend(object(document)?);
        }
        if found.len() > MAX_ENTRIES {
            return Err(Failure::usage(format!("more than {MAX_ENTRIES} requests in one file")));
        }
    }
    Ok(found)
}

fn object(document: &str) -> Result<Vec<HttpRequest>, Failure> {
    match from_str::<Members>("a saved request", document)? {
        Members { log: Some(_), .. } => har::read(document),
        Members { requests: Some(_), .. } => ngrok::read_all(document),
        Members { request: Some(Inner { raw: Some(_) }), .. } => Ok(vec![ngrok::read(document)?]),
        Members { request: Some(_), .. } => Ok(vec![mitmproxy::read(document)?]),
        Members { raw_path: Some(_), .. } => Ok(vec![aws::read_v2(document)?]),
        Members { http_method: Some(_), .. } => Ok(vec![aws::read_v1(document)?]),
        _ => Err(Failure::usage(
            "JSON of an unknown kind: HAR, mitmproxy, ngrok and AWS events are read",
        )),
    }
}

fn from_str<'a, T: Deserialize<'a>>(format: &str, text: &'a str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| malformed(format, &error))
}

/// Says where, and not what: serde_json's own words quote the value.
#[expect(clippy::doc_markdown, reason = "serde_json is a name")]
fn malformed(format: &str, error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    Failure::usage(format!(
        "not {format}: a fault at line {line}, column {column}; export it again, or as raw HTTP"
    ))
}
