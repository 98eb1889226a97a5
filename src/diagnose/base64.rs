//! A body that is still in base64.

use alloc::vec::Vec;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Shortest text that is taken for base64, in bytes.
const MIN_LEN: usize = 8;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a text stands for that is base64 as a whole, in either alphabet, with or without padding;
/// in quotation marks or over several lines, too; and with the spaces that a form parser makes of
/// plus signs.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let mut standard = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'\r' | b'\n' => {}
            b'-' | b' ' => standard.push(b'+'),
            b'_' => standard.push(b'/'),
            b'+' | b'/' | b'=' => standard.push(byte),
            _ if byte.is_ascii_alphanumeric() => standard.push(byte),
            _ => return None,
        }
    }
    (standard.len() >= MIN_LEN).then(|| LENIENT.decode(&standard).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_all_its_spellings_and_forms_are_not() {
        for text in [
            "Qm9keT0+PyZGcm9tPTE/",
            "Qm9keT0-PyZGcm9tPTE_",
            "Qm9keT0 PyZGcm9tPTE/",
            "\"Qm9keT0+PyZGcm9tPTE/\"",
            "Qm9keT0+\r\nPyZGcm9tPTE/\r\n",
        ] {
            assert_eq!(decoded(text.as_bytes()).unwrap(), b"Body=>?&From=1?", "{text}");
        }
        assert_eq!(decoded(b"Qm9keT1BaG95IQ").unwrap(), b"Body=Ahoy!");
        assert_eq!(decoded(b"Qm9keT1BaG95IQ==").unwrap(), b"Body=Ahoy!");
        for text in ["Body=Ahoy&From=1", "{\"a\":1}", "", "Ahoy", "a=1"] {
            assert_eq!(decoded(text.as_bytes()), None, "{text}");
        }
    }
}
