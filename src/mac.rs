//! The only file that touches HMAC and SHA: canonical bytes in, a [`Signature`] or a `Choice` out.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use crate::key::Algorithm;
use crate::signature::Signature;

/// Takes the bytes of a canonical string, in order.
pub(crate) trait Sink {
    /// Appends `bytes`.
    fn put(&mut self, bytes: &[u8]);
}

/// A keyed HMAC, ready to take canonical bytes: the two midstates, never the secret itself.
///
/// The states are wiped on drop (`zeroize` of `hmac` and its hashes).
#[derive(Clone)]
pub(crate) enum MacKey {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl MacKey {
    pub(crate) fn new(algorithm: Algorithm, secret: &[u8]) -> Self {
        match algorithm {
            Algorithm::HmacSha1 => Self::Sha1(keyed::<_, Sha1>(secret)),
            Algorithm::HmacSha256 => Self::Sha256(keyed::<_, Sha256>(secret)),
        }
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha1(_) => Algorithm::HmacSha1,
            Self::Sha256(_) => Algorithm::HmacSha256,
        }
    }

    /// The MAC of what `write` puts.
    pub(crate) fn mac(&self, write: impl FnOnce(&mut Writer<'_>)) -> Signature {
        match self {
            Self::Sha1(keyed) => {
                let mut mac = keyed.clone();
                Writer::run(State::Sha1(&mut mac), write);
                Signature::from_sha1(mac.finalize().into_bytes().into())
            }
            Self::Sha256(keyed) => {
                let mut mac = keyed.clone();
                Writer::run(State::Sha256(&mut mac), write);
                Signature::from_sha256(mac.finalize().into_bytes().into())
            }
        }
    }

    /// Whether `signature` is the MAC of what `write` puts. The MAC itself does not leave.
    pub(crate) fn verify(
        &self,
        signature: &Signature,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> Choice {
        self.mac(write).ct_eq(signature)
    }
}

/// Gathers the bytes of a canonical string, and has them hashed by whole blocks.
///
/// The hash takes bytes one block behind: while it waits for its own results, the processor
/// already gathers what comes next.
pub(crate) struct Writer<'m> {
    state: State<'m>,
    buffer: [u8; LEN + SLACK],
    /// Bytes in the buffer, less than `LEN`.
    filled: usize,
    /// How many of them are hashed: whole blocks.
    hashed: usize,
}

/// Bytes of a block of the hashes.
const BLOCK: usize = 64;
/// Bytes that are gathered before the buffer begins anew. Most webhooks need no second time.
const LEN: usize = 8 * BLOCK;
/// Bytes of a copy of fixed size, which is a few loads and stores instead of a call. What it
/// copies too much is overwritten by what comes next. All but free text fits: a SID has 34.
const CHUNK: usize = 48;
/// Room for two such copies at the end of the buffer.
const SLACK: usize = 2 * CHUNK;

/// The MAC that takes the bytes.
enum State<'m> {
    Sha1(&'m mut Hmac<Sha1>),
    Sha256(&'m mut Hmac<Sha256>),
}

impl Writer<'_> {
    fn run(state: State<'_>, write: impl FnOnce(&mut Writer<'_>)) {
        let mut writer = Writer { state, buffer: [0; LEN + SLACK], filled: 0, hashed: 0 };
        write(&mut writer);
        writer.hash_to(writer.filled);
    }

    /// Appends the first `len` bytes of `text`, and may read what follows them.
    #[inline]
    pub(crate) fn put_start(&mut self, text: &[u8], len: usize) {
        match text.first_chunk::<CHUNK>() {
            Some(chunk) if len <= CHUNK => {
                self.copy(0, chunk);
                self.gathered(len);
            }
            _ => self.put_long(text, len),
        }
    }

    /// Appends the starts of two texts. Most pairs are two short ones, and so take no branch.
    #[inline]
    pub(crate) fn put_starts(&mut self, first: (&[u8], usize), second: (&[u8], usize)) {
        match (first.0.first_chunk::<CHUNK>(), second.0.first_chunk::<CHUNK>()) {
            (Some(chunk), Some(next)) if first.1 <= CHUNK && second.1 <= CHUNK => {
                self.copy(0, chunk);
                self.copy(first.1, next);
                self.gathered(first.1.wrapping_add(second.1));
            }
            _ => {
                self.put_long(first.0, first.1);
                self.put_long(second.0, second.1);
            }
        }
    }

    /// Appends the first `len` bytes of `text`, every `+` as a space.
    #[inline]
    pub(crate) fn put_spaced(&mut self, mut text: &[u8], mut len: usize) {
        // Runs between escapes are short.
        while let Some((chunk, rest)) = text.split_first_chunk::<16>() {
            let mut chunk = *chunk;
            for byte in &mut chunk {
                *byte = if *byte == b'+' { b' ' } else { *byte };
            }
            self.copy(0, &chunk);
            self.gathered(len.min(16));
            if len <= 16 {
                return;
            }
            text = rest;
            len = len.wrapping_sub(16);
        }
        for &byte in text.iter().take(len) {
            self.put_byte(if byte == b'+' { b' ' } else { byte });
        }
    }

    #[inline]
    pub(crate) fn put_byte(&mut self, byte: u8) {
        self.copy(0, &[byte]);
        self.gathered(1);
    }

    #[inline(never)]
    fn put_long(&mut self, mut text: &[u8], mut len: usize) {
        while let Some((chunk, rest)) = text.split_first_chunk::<CHUNK>() {
            self.copy(0, chunk);
            self.gathered(len.min(CHUNK));
            if len <= CHUNK {
                return;
            }
            text = rest;
            len = len.wrapping_sub(CHUNK);
        }
        let bytes = text.get(..len).unwrap_or(text);
        let end = self.filled.wrapping_add(bytes.len());
        if let Some(free) = self.buffer.get_mut(self.filled..end) {
            free.copy_from_slice(bytes);
        }
        self.gathered(bytes.len());
    }

    /// Copies `chunk` to where the buffer is free, but for `after` bytes.
    #[inline]
    fn copy<const N: usize>(&mut self, after: usize, chunk: &[u8; N]) {
        let free = self.buffer.get_mut(self.filled.wrapping_add(after)..);
        if let Some(free) = free.and_then(<[u8]>::first_chunk_mut) {
            *free = *chunk;
        }
    }

    /// Takes note of `len` more bytes in the buffer.
    #[inline]
    fn gathered(&mut self, len: usize) {
        self.filled = self.filled.wrapping_add(len);
        if self.filled.wrapping_sub(self.hashed) >= 2 * BLOCK {
            self.hash_blocks();
        }
    }

    #[inline(never)]
    fn hash_blocks(&mut self) {
        if self.filled < LEN {
            let full = self.filled & !(BLOCK - 1);
            return self.hash_to(full.wrapping_sub(BLOCK));
        }
        self.hash_to(LEN);
        self.buffer.copy_within(LEN.., 0);
        self.filled = self.filled.wrapping_sub(LEN);
        self.hashed = 0;
    }

    fn hash_to(&mut self, end: usize) {
        let Some(bytes) = self.buffer.get(self.hashed..end) else { return };
        self.hashed = end;
        match &mut self.state {
            State::Sha1(mac) => mac.update(bytes),
            State::Sha256(mac) => mac.update(bytes),
        }
    }
}

impl Sink for Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.put_long(bytes, bytes.len());
    }
}

/// SHA-256 of a body, as `bodySHA256` carries it (in hex).
pub(crate) fn body_hash(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Keys an HMAC (RFC 2104, section 2) through a block that is wiped afterwards, which
/// `new_from_slice` would leave on the stack.
fn keyed<M: KeyInit, D: Digest>(secret: &[u8]) -> M {
    let mut block = hmac::digest::Key::<M>::default();
    if let Some(start) = block.get_mut(..secret.len()) {
        start.copy_from_slice(secret);
    } else {
        let hash = D::digest(secret);
        block.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
    }
    let mac = M::new(&block);
    block.as_mut_slice().zeroize();
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Ways to put the first `len` bytes of a text, each with what it puts for them.
    type Put = fn(&mut Writer<'_>, &[u8], usize);

    const PUTS: [Put; 5] = [
        |out, text, len| out.put(&text[..len]),
        |out, text, len| out.put_start(text, len),
        |out, text, len| out.put_spaced(text, len),
        |out, text, len| out.put_starts((text, len / 3), (&text[len / 3..], len - len / 3)),
        |out, text, len| text[..len].iter().for_each(|&byte| out.put_byte(byte)),
    ];

    /// Wherever in the buffer a text begins, whatever follows it, and whichever way it is put:
    /// exactly its bytes are hashed.
    #[test]
    fn no_byte_is_lost_or_added_at_any_place_of_the_buffer() {
        let key = MacKey::new(Algorithm::HmacSha1, b"12345");
        let text: Vec<u8> =
            (0..=u8::MAX).filter(|&byte| byte != b'+').cycle().take(1_100).collect();
        let bare = {
            let mut mac: Hmac<Sha1> = keyed::<_, Sha1>(b"12345");
            mac.update(&text[..900]);
            Signature::from_sha1(mac.finalize().into_bytes().into())
        };
        let lens = [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1, 3 * BLOCK];
        for before in (0..2 * BLOCK).chain(LEN - 2 * BLOCK..LEN + BLOCK) {
            for len in lens {
                for put in PUTS {
                    // Once with readable bytes behind it, once as the end of everything.
                    for end in [text.len(), before + len] {
                        let mac = key.mac(|out| {
                            out.put(&text[..before]);
                            put(out, &text[before..end], len);
                            out.put(&text[before + len..900]);
                        });
                        assert!(mac == bare, "{len} bytes after {before}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_plus_in_a_run_is_put_as_a_space() {
        let key = MacKey::new(Algorithm::HmacSha256, b"12345");
        for len in 0..100 {
            let plus = key.mac(|out| out.put_spaced(&[b'+'; 100], len));
            assert!(plus == key.mac(|out| out.put(&[b' '; 100][..len])), "{len} bytes");
        }
    }
}
