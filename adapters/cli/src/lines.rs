//! Lines of a stream in bounded memory.

use std::io::{self, BufRead, Read};

use zeroize::{Zeroize as _, Zeroizing};

/// Longest line of a batch unless told otherwise, in bytes: a body of the verifier's default bound,
/// escaped in the most wasteful way, and room to spare.
pub(crate) const MAX_LINE_LEN: usize = 64 * 1_024 * 1_024;

/// How much is read at once, in bytes.
const CHUNK_LEN: usize = 64 * 1_024;

/// A reader whose buffer is wiped as it is consumed: lines hold tokens.
pub(crate) struct WipedReader<R> {
    inner: R,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
}

impl<R: Read> WipedReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buffer: Zeroizing::new(vec![0; CHUNK_LEN]), start: 0, end: 0 }
    }
}

impl<R: Read> Read for WipedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for WipedReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start >= self.end {
            (self.start, self.end) = (0, self.inner.read(&mut self.buffer)?);
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        let end = self.start.saturating_add(count).min(self.end);
        if let Some(consumed) = self.buffer.get_mut(self.start..end) {
            consumed.zeroize();
        }
        self.start = end;
    }
}

/// Makes it empty, and wipes what was in it.
fn wipe(buffer: &mut Zeroizing<Vec<u8>>) {
    buffer.as_mut_slice().zeroize();
    buffer.clear();
}

/// Appends, and wipes the memory that a longer line has outgrown.
fn append(buffer: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let needed = buffer.len().saturating_add(piece.len());
    if needed > buffer.capacity() {
        let capacity = needed.max(buffer.capacity().saturating_mul(2));
        let mut longer = Zeroizing::new(Vec::with_capacity(capacity));
        longer.extend_from_slice(buffer);
        *buffer = longer;
    }
    buffer.extend_from_slice(piece);
}

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
    buffer: &mut Zeroizing<Vec<u8>>,
    max: usize,
) -> io::Result<Line> {
    wipe(buffer);
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
            append(buffer, piece);
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
            let mut buffer = Zeroizing::new(Vec::new());
            let mut seen = Vec::new();
            loop {
                match read(&mut reader, &mut buffer, 5).unwrap() {
                    Line::End => break,
                    Line::TooLong => seen.push("(too long)".to_owned()),
                    Line::Whole => seen.push(String::from_utf8(buffer.to_vec()).unwrap()),
                }
                assert!(buffer.len() <= 5);
            }
            assert_eq!(seen, ["one", "", "(too long)", "four", "last"]);
        }
    }
    #[test]
    fn what_was_consumed_is_wiped() {
        let mut reader = WipedReader::new(&b"secret\nnext"[..]);
        let mut buffer = Zeroizing::new(Vec::new());
        assert_eq!(read(&mut reader, &mut buffer, 100).unwrap(), Line::Whole);
        assert_eq!(buffer.as_slice(), b"secret");
        assert_eq!(&reader.buffer[..11], b"\0\0\0\0\0\0\0next");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "next");
    }
}
