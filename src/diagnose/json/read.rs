//! The members of a JSON object that a form parser would have given.

use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use super::text::{string_len, utf8};

/// A name and its value, decoded.
type Member = (Vec<u8>, Vec<u8>);

/// The members of an object whose values are strings, numbers, truth values, null, or arrays of
/// such, which give one member for each item.
pub(in crate::diagnose) fn flat_object(body: &[u8]) -> Option<Vec<Member>> {
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
pub(super) fn unescaped(text: &str) -> String {
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
