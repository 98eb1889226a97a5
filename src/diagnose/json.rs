//! Just enough JSON to undo what a parser and a printer do to a body.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

/// A name and its value, decoded.
type Member = (Vec<u8>, Vec<u8>);

/// Whether a body may be JSON: an object or an array.
pub(super) fn is_likely(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    matches!((body.first(), body.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
}

/// The body as printers write it, and what it says of them. Lazily, since bodies may be long.
pub(super) fn spellings(body: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    const SPACES: [(&str, &str, &str); 3] = [
        (",", ":", "without spaces"),
        (", ", ": ", "with spaces"),
        (",", ": ", "with some spaces"),
    ];
    const SLASHES: [(StringChange, &str); 3] =
        [(as_is, ""), (slashes_escaped, ", slashes escaped"), (slashes_bare, ", slashes bare")];
    const LETTERS: [(StringChange, &str); 3] =
        [(as_is, ""), (ascii, ", in ASCII"), (utf8, ", in UTF-8")];
    const ENDS: [(&str, &str); 2] = [("", ""), ("\n", ", a line feed at the end")];
    let body = if is_likely(body) { body.trim_ascii() } else { &[] };
    let styles = SPACES.into_iter().flat_map(move |spaces| {
        let slashes = SLASHES.into_iter();
        slashes.flat_map(move |slashes| LETTERS.map(|letters| (spaces, slashes, letters)))
    });
    styles.flat_map(move |((comma, colon, spaces), (slash, slashes), (letter, letters))| {
        ENDS.into_iter().filter_map(move |(end, what)| {
            let mut printed = printed(body, comma, colon, |text| letter(&slash(text)))?;
            printed.extend_from_slice(end.as_bytes());
            Some((format!("{spaces}{slashes}{letters}{what}"), printed))
        })
    })
}

/// Changes the inside of a string.
type StringChange = fn(&str) -> String;

fn printed(
    body: &[u8],
    comma: &str,
    colon: &str,
    change: impl Fn(&str) -> String,
) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
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
            b',' => out.extend_from_slice(comma.as_bytes()),
            b':' => out.extend_from_slice(colon.as_bytes()),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            other => out.push(other),
        }
    }
    Some(out).filter(|out| !out.is_empty())
}

/// Bytes up to the quotation mark that ends a string.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn as_is(text: &str) -> String {
    text.into()
}

fn slashes_escaped(text: &str) -> String {
    slashes_bare(text).replace('/', "\\/")
}

fn slashes_bare(text: &str) -> String {
    text.replace("\\/", "/")
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// `\uXXXX` outside ASCII as UTF-8.
fn utf8(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let mut units = Vec::new();
        let mut after = escape;
        while let Some((unit, next)) = unicode_escape(after).filter(|(unit, _)| *unit > 0x7f) {
            units.push(unit);
            after = next;
        }
        if units.is_empty() {
            // Another escape: two characters, the second of which may be a backslash.
            let len = escape.chars().take(2).map(char::len_utf8).sum();
            let (kept, next) = escape.split_at_checked(len).unwrap_or((escape, ""));
            out.push_str(kept);
            after = next;
        }
        out.push_str(&String::from_utf16_lossy(&units));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn unicode_escape(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("\\u")?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

/// The members of an object whose values are strings, numbers, truth values, null, or arrays of
/// such, which give one member for each item.
pub(super) fn flat_object(body: &[u8]) -> Option<Vec<Member>> {
    let mut reader = Reader { rest: body };
    let mut members = Vec::new();
    reader.take(b'{')?;
    while reader.take(b'}').is_none() {
        if !members.is_empty() {
            reader.take(b',')?;
        }
        let name = reader.string()?;
        reader.take(b':')?;
        if reader.take(b'[').is_some() {
            while reader.take(b']').is_none() {
                members.push((name.clone(), reader.scalar()?));
                // Being lenient with commas costs nothing: only a matching MAC counts.
                let _ = reader.take(b',');
            }
        } else {
            members.push((name, reader.scalar()?));
        }
    }
    reader.rest.trim_ascii().is_empty().then_some(members)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, byte: u8) -> Option<()> {
        let rest = self.rest.trim_ascii_start();
        self.rest = rest.strip_prefix(&[byte])?;
        Some(())
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        self.take(b'"')?;
        let (inside, after) = self.rest.split_at_checked(string_len(self.rest)?)?;
        self.rest = after.get(1..)?;
        Some(unescaped(str::from_utf8(inside).ok()?).into_bytes())
    }

    fn scalar(&mut self) -> Option<Vec<u8>> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.first() == Some(&b'"') {
            return self.string();
        }
        let bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let len = self.rest.iter().take_while(|byte| bare(byte)).count();
        let (text, rest) = self.rest.split_at_checked(len).filter(|_| len > 0)?;
        self.rest = rest;
        Some(if text == b"null" { Vec::new() } else { text.to_vec() })
    }
}

/// What the escapes of a string stand for.
fn unescaped(text: &str) -> String {
    let text = utf8(text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                out.extend(code.and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
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
        let ascii = spellings("[\"Zoë 🏃\"]".as_bytes()).find(|(what, _)| what.contains("ASCII"));
        assert_eq!(ascii.unwrap().1, br#"["Zo\u00eb \ud83c\udfc3"]"#);
        let utf8 = spellings(br#"["Zo\u00eb \ud83c\udfc3\n\u0022"]"#)
            .find(|(what, _)| what.contains("UTF-8"));
        assert_eq!(utf8.unwrap().1, "[\"Zoë 🏃\\n\\u0022\"]".as_bytes());
    }

    #[test]
    fn a_flat_object_gives_its_members() {
        let members = flat_object(br#" {"A":"x\"\u0041\n", "B" : [1,true], "C":null,"D":{}} "#);
        assert_eq!(members, None);
        let members = flat_object(br#" {"A":"x\"\u0041\n", "B" : [1,true], "C":null} "#).unwrap();
        let texts: Vec<_> = members
            .iter()
            .map(|(name, value)| (str::from_utf8(name).unwrap(), str::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(texts, [("A", "x\"A\n"), ("B", "1"), ("B", "true"), ("C", "")]);
        for bad in ["", "{", "{\"a\"", "{\"a\":", "{\"a\":[", "[]", "{\"a\":1 \"b\":2}", "\"\\"] {
            assert_eq!(flat_object(bad.as_bytes()), None, "{bad}");
        }
    }
}
