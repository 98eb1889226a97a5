//! Reads records: blocks of `field: value` lines, as `tests/vectors/README.md` describes them.
//!
//! What it cannot read it refuses, with the number of the line: a vector that is skipped in silence
//! proves nothing.

use core::error::Error;
use core::fmt;

/// One block: its fields in order, their values without escapes.
#[derive(Debug, Default)]
pub(crate) struct Record {
    fields: Vec<(String, String)>,
}

impl Record {
    /// The value of `field`: of several, the first.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.all(field).next()
    }

    /// Every value of `field`, in order. Only `param` may have more than one.
    pub(crate) fn all(&self, field: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    fn push(&mut self, line: &str) -> Result<(), &'static str> {
        let (name, value) = line.split_once(':').ok_or("a line without a colon")?;
        let in_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if name.is_empty() || !name.bytes().all(in_name) {
            return Err("a field's name that is not lower-case letters, digits and underscores");
        }
        if name != "param" && self.get(name).is_some() {
            return Err("a field that stands twice");
        }
        let value = unescape(value.strip_prefix(' ').unwrap_or(value))?;
        self.fields.push((name.to_owned(), value));
        Ok(())
    }
}

/// Why a text is no list of records, and in which of its lines, counted from 1.
#[derive(Debug)]
pub(crate) struct Unreadable {
    line: usize,
    what: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Error for Unreadable {}

/// Reads every record of `text`.
///
/// # Errors
/// [`Unreadable`] for the first line that is neither blank, a comment, nor `field: value` with the
/// four escapes `\\`, `\n`, `\r` and `\t`; also for a field other than `param` that stands twice.
pub(crate) fn parse(text: &str) -> Result<Vec<Record>, Unreadable> {
    let mut records = Vec::new();
    let mut record = Record::default();
    for (line, number) in text.split('\n').zip(1..) {
        if line.is_empty() {
            if !record.fields.is_empty() {
                records.push(core::mem::take(&mut record));
            }
        } else if !line.starts_with('#') {
            record.push(line).map_err(|what| Unreadable { line: number, what })?;
        }
    }
    if !record.fields.is_empty() {
        records.push(record);
    }
    Ok(records)
}

fn unescape(text: &str) -> Result<String, &'static str> {
    let mut value = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        value.push(match char {
            '\\' => match rest.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                _ => return Err("an escape other than \\\\, \\n, \\r and \\t"),
            },
            '\r' => return Err("a carriage return; it is written \\r"),
            other => other,
        });
    }
    Ok(value)
}
