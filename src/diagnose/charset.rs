//! Text that was read in another character set than UTF-8, read again. `None` if the text gives no sign of
//! another set.

use alloc::string::String;
use alloc::vec::Vec;
use core::str;

/// What Windows-1252 has for the bytes 0x80 to 0x9f
/// (<https://encoding.spec.whatwg.org/index-windows-1252.txt>).
const WINDOWS_1252: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2c6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// The byte that a character was before it was read as ISO 8859-1.
fn latin_1_byte(c: char) -> Option<u8> {
    u8::try_from(u32::from(c)).ok()
}

/// The byte that a character was before it was read as Windows-1252, as browsers do it: five bytes
/// that have no character there become control characters.
fn windows_1252_byte(c: char) -> Option<u8> {
    let high = (0x80..).zip(WINDOWS_1252).find(|(_, own)| *own == c);
    high.map(|(byte, _)| byte).or_else(|| latin_1_byte(c))
}

/// The UTF-8 that was read by bytes.
fn reread(text: &[u8], byte: fn(char) -> Option<u8>) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = str::from_utf8(text).ok()?.chars().map(byte).collect::<Option<_>>()?;
    (bytes != text && str::from_utf8(&bytes).is_ok()).then_some(bytes)
}

pub(super) fn utf_8_read_as_windows_1252(text: &[u8]) -> Option<Vec<u8>> {
    reread(text, windows_1252_byte)
}

pub(super) fn utf_8_read_as_latin_1(text: &[u8]) -> Option<Vec<u8>> {
    reread(text, latin_1_byte)
}

pub(super) fn utf_8_read_twice(text: &[u8]) -> Option<Vec<u8>> {
    reread(&reread(text, windows_1252_byte)?, windows_1252_byte)
}

/// UTF-8 for bytes that are not.
fn as_utf_8(text: &[u8], char_of: fn(u8) -> char) -> Option<Vec<u8>> {
    let is_other = str::from_utf8(text).is_err();
    is_other.then(|| text.iter().copied().map(char_of).collect::<String>().into_bytes())
}

pub(super) fn latin_1(text: &[u8]) -> Option<Vec<u8>> {
    as_utf_8(text, char::from)
}

pub(super) fn windows_1252(text: &[u8]) -> Option<Vec<u8>> {
    as_utf_8(text, |byte| {
        let high = byte.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(usize::from(at)));
        high.copied().unwrap_or_else(|| char::from(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_read_back() {
        for byte in 0..=u8::MAX {
            let read = |char_of: fn(&[u8]) -> Option<Vec<u8>>| {
                // A byte that UTF-8 cannot begin with makes it text of another set.
                let text = char_of(&[0xff, byte]).unwrap();
                str::from_utf8(&text).unwrap().chars().nth(1).unwrap()
            };
            assert_eq!(windows_1252_byte(read(windows_1252)), Some(byte));
            assert_eq!(latin_1_byte(read(latin_1)), Some(byte));
        }
        let text = "Café “ok” – 5€ ‘x’ … ™";
        let read = |bytes: &[u8]| -> String {
            let char_of = |byte: u8| {
                let high = byte.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(usize::from(at)));
                high.copied().unwrap_or_else(|| char::from(byte))
            };
            bytes.iter().copied().map(char_of).collect()
        };
        let once = read(text.as_bytes());
        assert_eq!(utf_8_read_as_windows_1252(once.as_bytes()).unwrap(), text.as_bytes());
        let twice = read(once.as_bytes());
        assert_eq!(utf_8_read_twice(twice.as_bytes()).unwrap(), text.as_bytes());
        assert_eq!(utf_8_read_as_windows_1252(text.as_bytes()), None);
        assert_eq!(utf_8_read_as_windows_1252(b"plain"), None);
    }
}
