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

    /// Appends one byte.
    fn put_byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// Appends the first `len` bytes of `text`. Knowing what follows them allows for faster copies.
    fn put_start(&mut self, text: &[u8], len: usize) {
        self.put(text.get(..len).unwrap_or(text));
    }
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
    pub(crate) fn mac(&self, write: impl FnOnce(&mut Writer)) -> Signature {
        let mut writer =
            Writer { state: self.clone(), buffer: [0; LEN + CHUNK], filled: 0, hashed: 0 };
        write(&mut writer);
        writer.hash_to(writer.filled);
        match writer.state {
            Self::Sha1(mac) => Signature::from_sha1(mac.finalize().into_bytes().into()),
            Self::Sha256(mac) => Signature::from_sha256(mac.finalize().into_bytes().into()),
        }
    }

    /// Whether `signature` is the MAC of what `write` puts. The MAC itself does not leave.
    pub(crate) fn verify(&self, signature: &Signature, write: impl FnOnce(&mut Writer)) -> Choice {
        self.mac(write).ct_eq(signature)
    }
}

/// Gathers short runs in a buffer, and has them hashed by whole blocks.
pub(crate) struct Writer {
    state: MacKey,
    buffer: [u8; LEN + CHUNK],
    /// Bytes in the buffer, less than `LEN`.
    filled: usize,
    /// How many of them are hashed: whole blocks.
    hashed: usize,
}

/// Bytes of a block of the hashes.
const BLOCK: usize = 64;
/// Bytes that are gathered until the buffer begins again, but for what the last copy has too much.
const LEN: usize = 8 * BLOCK;
/// Bytes of a copy of fixed size, which is a few loads and stores instead of a call.
const CHUNK: usize = 32;

impl Writer {
    fn hash_to(&mut self, end: usize) {
        let Some(bytes) = self.buffer.get(self.hashed..end) else { return };
        self.hashed = end;
        match &mut self.state {
            MacKey::Sha1(mac) => mac.update(bytes),
            MacKey::Sha256(mac) => mac.update(bytes),
        }
    }

    /// Appends the first `len` bytes of `chunk`, at most all.
    #[inline]
    fn put_chunk(&mut self, chunk: &[u8; CHUNK], len: usize) {
        // What is written past `len` is overwritten by what comes next.
        if let Some(free) = self.buffer.get_mut(self.filled..).and_then(<[u8]>::first_chunk_mut) {
            *free = *chunk;
        }
        self.advance(len);
    }

    #[inline]
    fn advance(&mut self, len: usize) {
        self.filled = self.filled.wrapping_add(len);
        // One block behind: a block is gathered while the one before it is hashed.
        if self.filled.wrapping_sub(self.hashed) >= 2 * BLOCK {
            self.hash_block();
        }
    }

    #[inline(never)]
    fn put_long(&mut self, mut text: &[u8], mut len: usize) {
        while let Some((chunk, rest)) = text.split_first_chunk() {
            self.put_chunk(chunk, len.min(CHUNK));
            if len <= CHUNK {
                return;
            }
            text = rest;
            len = len.wrapping_sub(CHUNK);
        }
        let mut last = [0; CHUNK];
        let text = text.get(..len).unwrap_or(text);
        if let Some(start) = last.get_mut(..text.len()) {
            start.copy_from_slice(text);
        }
        self.put_chunk(&last, text.len());
    }

    #[inline(never)]
    fn hash_block(&mut self) {
        if self.filled < LEN {
            return self.hash_to(self.hashed.wrapping_add(BLOCK));
        }
        self.hash_to(LEN);
        let (full, rest) = self.buffer.split_at_mut(LEN);
        if let (Some(start), Some(rest)) = (full.first_chunk_mut::<CHUNK>(), rest.first_chunk()) {
            *start = *rest;
        }
        self.filled = self.filled.wrapping_sub(LEN);
        self.hashed = 0;
    }
}

impl Sink for Writer {
    #[inline]
    fn put_byte(&mut self, byte: u8) {
        if let Some(slot) = self.buffer.get_mut(self.filled) {
            *slot = byte;
        }
        self.advance(1);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.put_long(bytes, bytes.len());
    }

    #[inline]
    fn put_start(&mut self, text: &[u8], len: usize) {
        match text.first_chunk() {
            Some(chunk) if len <= CHUNK => self.put_chunk(chunk, len),
            _ => self.put_long(text, len),
        }
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
