//! The first answer as bytes, for a store that does not look into them.
//!
//! Version 1: the byte 1, the status and the length of the Content-Type (two bytes each, big-endian),
//! the Content-Type, and the body, which is the rest.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use twilio_sig::claim;

use crate::GateResponse;
use crate::response::MAX_STORED_BODY_LEN;

/// What this writes first, and the only thing it reads.
const VERSION: u8 = 1;

/// The bytes of an answer. None if they are too many, or if it is no final answer.
pub(crate) fn encode(answer: &GateResponse) -> Option<claim::Answer> {
    let content_type = answer.content_type().unwrap_or_default().as_bytes();
    if !is_final(answer.status()) || answer.body().len() > MAX_STORED_BODY_LEN {
        return None;
    }
    let mut bytes = Vec::from([VERSION]);
    bytes.extend_from_slice(&answer.status().to_be_bytes());
    bytes.extend_from_slice(&u16::try_from(content_type.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(content_type);
    bytes.extend_from_slice(answer.body());
    claim::Answer::new(&bytes).ok()
}

/// The answer that was stored. None if nothing was, or if these bytes are not ours: another version
/// may share the store. The gate answers without them as if nothing had been stored.
pub(crate) fn decode(stored: &claim::Answer) -> Option<GateResponse> {
    let (&[version, s0, s1, l0, l1], rest) = stored.as_bytes().split_first_chunk()?;
    let status = u16::from_be_bytes([s0, s1]);
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let (content_type, body) = rest.split_at_checked(length)?;
    if version != VERSION || !is_final(status) || body.len() > MAX_STORED_BODY_LEN {
        return None;
    }
    // What no header may hold did not come from a header.
    if !content_type.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        return None;
    }
    let content_type = String::from_utf8(content_type.into()).ok()?;
    let answer = GateResponse::new(status);
    let body = Bytes::copy_from_slice(body);
    Some(if content_type.is_empty() {
        answer.with_bytes(body)
    } else {
        answer.with_body(content_type, body)
    })
}

/// Whether a status ends an exchange: 101 begins another.
const fn is_final(status: u16) -> bool {
    200 <= status && status <= 999
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    fn decode_bytes(bytes: &[u8]) -> Option<GateResponse> {
        decode(&claim::Answer::new(bytes).unwrap())
    }

    #[test]
    fn an_answer_comes_back_byte_for_byte() {
        let longest = Bytes::from(alloc::vec![b'x'; MAX_STORED_BODY_LEN]);
        for answer in [
            GateResponse::new(204),
            GateResponse::new(200).with_body("text/xml; charset=utf-8", "<Response/>"),
            GateResponse::new(201).with_bytes(Bytes::from_static(b"\0\xff\r\n")),
            GateResponse::new(302).with_body("text/plain", longest),
        ] {
            assert_eq!(decode(&encode(&answer).unwrap()), Some(answer));
        }
    }

    #[test]
    fn what_is_too_long_or_not_final_is_not_stored() {
        let body = |length| Bytes::from(alloc::vec![b'x'; length]);
        assert!(
            encode(&GateResponse::new(200).with_bytes(body(MAX_STORED_BODY_LEN + 1))).is_none()
        );
        assert!(encode(&GateResponse::new(200).with_body("x".repeat(70_000), "")).is_none());
        assert!(encode(&GateResponse::new(101)).is_none());
    }

    #[test]
    fn what_is_not_ours_is_no_answer_and_no_panic() {
        let ours = encode(&GateResponse::new(200).with_body("text/xml", "<Response/>")).unwrap();
        let ours = ours.as_bytes();
        // Cut in the head or in the Content-Type.
        for length in 0..13 {
            assert_eq!(decode_bytes(&ours[..length]), None, "{length}");
        }
        for (at, byte) in [(0, 0), (0, 2), (1, 0xFF), (3, 0xFF), (5, b'\r'), (6, b'\n'), (7, 0x80)]
        {
            let mut bytes = Vec::from(ours);
            bytes[at] = byte;
            assert_eq!(decode_bytes(&bytes), None, "{at} {byte}");
        }
        assert_eq!(decode_bytes(b"\x01\0\x65\0\0"), None, "the status 101");
        for byte in 0..=u8::MAX {
            for length in 0..40 {
                let _no_panic = decode_bytes(&alloc::vec![byte; length]);
            }
        }
    }
}
