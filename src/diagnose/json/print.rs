//! A JSON body as printers write it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use super::read::unescaped;
use super::text::{
    StringChange, as_is, ascii, html_bare, slashes_bare, slashes_escaped, string_len, utf8,
};

/// What is put between the tokens.
#[derive(Clone, Copy)]
struct Spaces {
    comma: &'static str,
    colon: &'static str,
    /// The indentation of one level, if every value has a line of its own.
    indent: Option<&'static str>,
    name: &'static str,
}

const SPACES: [Spaces; 6] = [
    Spaces { comma: ",", colon: ":", indent: None, name: "without spaces" },
    Spaces { comma: ", ", colon: ": ", indent: None, name: "with spaces" },
    Spaces { comma: ",", colon: ": ", indent: None, name: "with some spaces" },
    Spaces { comma: ",", colon: ": ", indent: Some("  "), name: "indented by two spaces" },
    Spaces { comma: ",", colon: ": ", indent: Some("    "), name: "indented by four spaces" },
    Spaces { comma: ",", colon: ": ", indent: Some("\t"), name: "indented by tabs" },
];
const SLASHES: [(StringChange, &str); 3] =
    [(as_is, ""), (slashes_escaped, ", slashes escaped"), (slashes_bare, ", slashes bare")];
const LETTERS: [(StringChange, &str); 4] = [
    (as_is, ""),
    (ascii, ", in ASCII"),
    (utf8, ", in UTF-8"),
    (html_bare, ", not escaped for HTML"),
];
const ENDS: [(&str, &str); 2] = [("", ""), ("\n", ", a line feed at the end")];
/// How many times as long as the body a printed one may be, and bytes besides.
const MAX_GROWTH: (usize, usize) = (8, 1_024);

/// The body as printers write it, and what it says of them. Lazily, since bodies may be long.
pub(in crate::diagnose) fn spellings(body: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let body = if is_likely(body) { body.trim_ascii() } else { &[] };
    let styles = SPACES.into_iter().flat_map(move |spaces| {
        let slashes = SLASHES.into_iter();
        slashes.flat_map(move |slashes| LETTERS.map(|letters| (spaces, slashes, letters)))
    });
    let printed = styles.flat_map(move |(spaces, (slash, slashes), (letter, letters))| {
        let printed = printed(body, spaces, |text| letter(&slash(text)));
        printed.into_iter().flat_map(move |printed| {
            ENDS.map(|(end, what)| {
                let how = format!("{}{slashes}{letters}{what}", spaces.name);
                (how, [&*printed, end.as_bytes()].concat())
            })
        })
    });
    printed.chain(unquoted(body))
}

/// The body of which a JSON string was made.
fn unquoted(body: &[u8]) -> Option<(String, Vec<u8>)> {
    let inside = body.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let text = unescaped(str::from_utf8(inside).ok()?);
    Some((String::from("without the string around it"), text.into_bytes()))
}

/// Whether a body may be JSON: an object, an array or a string.
fn is_likely(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    let ends = (body.first(), body.last());
    matches!(ends, (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) | (Some(b'"'), Some(b'"')))
}

fn printed(body: &[u8], spaces: Spaces, change: impl Fn(&str) -> String) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let most = body.len().saturating_mul(MAX_GROWTH.0).saturating_add(MAX_GROWTH.1);
    let mut depth = 0_usize;
    let line = |out: &mut Vec<u8>, depth: usize| {
        if let Some(indent) = spaces.indent {
            out.push(b'\n');
            out.extend(core::iter::repeat_n(indent.as_bytes(), depth).flatten());
        }
    };
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => {
                let (inside, after) = rest.split_at_checked(string_len(rest)?)?;
                out.push(b'"');
                out.extend_from_slice(change(str::from_utf8(inside).ok()?).as_bytes());
                out.push(b'"');
                rest = after.get(1..)?;
            }
            b',' => {
                out.extend_from_slice(spaces.comma.as_bytes());
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(spaces.colon.as_bytes()),
            b'{' | b'[' => {
                out.push(byte);
                depth = depth.saturating_add(1);
                let is_empty = matches!(rest.trim_ascii_start().first(), Some(b'}' | b']'));
                if !is_empty {
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            other => out.push(other),
        }
        if out.len() > most {
            return None;
        }
    }
    Some(out).filter(|out| !out.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_body_is_found_among_the_spellings() {
        let sent = br#"{"a":["x\/y","Zo\u00eb \ud83c\udfc3",1.50],"b":{"c\\":" , : "}}"#;
        for received in [
            r#"{"a":["x\/y","Zo\u00eb \ud83c\udfc3",1.50],"b":{"c\\":" , : "}}"#,
            r#"{ "a": ["x\/y", "Zo\u00eb \ud83c\udfc3", 1.50], "b": {"c\\": " , : "} }"#,
            "{\n  \"a\": [\n    \"x\\/y\", \"Zo\\u00eb \\ud83c\\udfc3\", 1.50],\"b\":{\"c\\\\\": \" , : \"}}",
        ] {
            assert!(spellings(received.as_bytes()).any(|(_, body)| body == sent), "{received}");
        }
        let of = |body: &str, what: &str| {
            spellings(body.as_bytes()).find(|(how, _)| how.contains(what)).unwrap().1
        };
        assert_eq!(of("[\"Zoë 🏃\"]", "ASCII"), br#"["Zo\u00eb \ud83c\udfc3"]"#);
        let utf8 = of(r#"["Zo\u00eb \ud83c\udfc3\n\u0022"]"#, "UTF-8");
        assert_eq!(utf8, "[\"Zoë 🏃\\n\\u0022\"]".as_bytes());
        assert_eq!(of(r#"["\u003cb\u003e \u0026"]"#, "HTML"), br#"["<b> &"]"#);
        assert_eq!(of(r#""{\"a\":1}""#, "without the string"), br#"{"a":1}"#);
        let pretty = of(r#"{"a":[1,{}],"b":{"c":[]}}"#, "two");
        assert_eq!(
            str::from_utf8(&pretty).unwrap(),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}"
        );
    }
}
