//! The vectors that Twilio's libraries test themselves with, as cases.

use std::fs;

use crate::case::{Case, Payload};
use crate::library::{Failure, root};
use crate::records::{self, Record};

/// How many there are: one that is not read proves nothing.
const COUNT: usize = 95;

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) accept: bool,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Request(Box<Case>),
    BodyHash { body: String, hash: String },
}

/// Reads them all.
pub(crate) fn all() -> Result<Vec<Vector>, Failure> {
    let text = fs::read_to_string(root().join("tests/vectors/sdk.txt"))?;
    let vectors: Vec<_> = records::parse(&text)?.iter().map(read).collect::<Result<_, _>>()?;
    if vectors.len() != COUNT {
        return Err(format!("sdk.txt has {} vectors, not {COUNT}", vectors.len()).into());
    }
    Ok(vectors)
}

fn read(record: &Record) -> Result<Vector, Failure> {
    let field = |field: &str| {
        record.get(field).ok_or_else(|| format!("sdk.txt: a record without `{field}`"))
    };
    let kind = if field("kind")? == "body_hash" {
        let (body, hash) = (field("body")?.to_owned(), field("body_sha256")?.to_owned());
        Kind::BodyHash { body, hash }
    } else {
        let params: Vec<_> = record.all("param").map(encoded).collect();
        let payload = match record.get("body") {
            _ if !params.is_empty() => Payload::Form(params.join("&")),
            Some(body) => Payload::Body(body.to_owned()),
            None => Payload::None,
        };
        let mut case = Case::new(field("token")?, field("url")?, payload);
        case.signature = record.get("signature").map(str::to_owned);
        Kind::Request(Box::new(case))
    };
    let name = format!("{} of {}", field("name")?, field("source")?);
    Ok(Vector { name, accept: field("expect")? == "accept", kind })
}

/// A decoded pair as a form has it.
fn encoded(param: &str) -> String {
    let (name, value) = param.split_once('=').unwrap_or((param, ""));
    let escape =
        |text: &str| -> Vec<_> { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    format!("{}={}", escape(name).concat(), escape(value).concat())
}
