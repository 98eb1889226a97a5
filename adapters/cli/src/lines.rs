//! Lines of a stream in bounded memory.

use std::io::{self, BufRead};

/// Longest line of a batch unless told otherwise, in bytes: a body of the verifier's default bound,
/// escaped in the most wasteful way, and room to spare.
pub(crate) const MAX_LINE_LEN: usize = 64 * 1_024 * 1_024;

/// What came next.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Line {
    /// A line is in the buffer, without its line feed.
    Whole,
    /// A line was longer than the bound; it was skipped.
    TooLong,
    /// There is none.
    End,
}

/// Reads one line into `buffer`, of which at most `max` bytes are ever held.
pub(crate) fn read(
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
    max: usize,
) -> io::Result<Line> {
    buffer.clear();
    let mut too_long = false;
    let mut any = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|&byte| byte == b'\n');
        let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
        any |= !available.is_empty();
        too_long |= buffer.len().saturating_add(piece.len()) > max;
        if !too_long {
            buffer.extend_from_slice(piece);
        }
        let ended = end.is_some() || available.is_empty();
        let used = piece.len().saturating_add(usize::from(end.is_some()));
        reader.consume(used);
        if ended {
            return Ok(match (any, too_long) {
                (false, _) => Line::End,
                (true, true) => Line::TooLong,
                (true, false) => Line::Whole,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn lines_come_one_by_one_and_long_ones_are_skipped() {
        let text = b"one\n\nthree is too long\r\nfour\nlast";
        for capacity in [1, 2, 7, 100] {
            let mut reader = BufReader::with_capacity(capacity, &text[..]);
            let mut buffer = Vec::new();
            let mut seen = Vec::new();
            loop {
                match read(&mut reader, &mut buffer, 5).unwrap() {
                    Line::End => break,
                    Line::TooLong => seen.push("(too long)".to_owned()),
                    Line::Whole => seen.push(String::from_utf8(buffer.clone()).unwrap()),
                }
                assert!(buffer.len() <= 5);
            }
            assert_eq!(seen, ["one", "", "(too long)", "four", "last"]);
        }
    }
}
