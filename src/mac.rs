//! The only file that touches HMAC and SHA: canonical bytes in, a [`Signature`] or a `Choice` out.

use hmac::KeyInit;
use hmac::block_api::HmacCore;
use hmac::digest::Output;
use hmac::digest::array::Array;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
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
    Sha1(HmacCore<Sha1>),
    Sha256(HmacCore<Sha256>),
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
            Self::Sha1(keyed) => Writer::run(State::Sha1(&mut keyed.clone()), write),
            Self::Sha256(keyed) => Writer::run(State::Sha256(&mut keyed.clone()), write),
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
/// Bytes of such a copy of a name.
const NAME_CHUNK: usize = 32;
/// Bytes of such a copy near the end of a text, and between escapes.
const SHORT_CHUNK: usize = 16;
/// Room for two such copies at the end of the buffer.
const SLACK: usize = 2 * CHUNK;

/// The MAC that takes the bytes.
enum State<'m> {
    Sha1(&'m mut HmacCore<Sha1>),
    Sha256(&'m mut HmacCore<Sha256>),
}

impl Writer<'_> {
    fn run(state: State<'_>, write: impl FnOnce(&mut Writer<'_>)) -> Signature {
        let mut writer = Writer { state, buffer: [0; LEN + SLACK], filled: 0, hashed: 0 };
        write(&mut writer);
        let rest = writer.buffer.get(writer.hashed..writer.filled).unwrap_or_default();
        match writer.state {
            State::Sha1(mac) => Signature::from_sha1(finish(mac, rest).into()),
            State::Sha256(mac) => Signature::from_sha256(finish(mac, rest).into()),
        }
    }

    /// Appends the first `len` bytes of `text`, and may read what follows them.
    #[inline]
    pub(crate) fn put_start(&mut self, text: &[u8], len: usize) {
        if !self.put_chunk::<CHUNK>(text, len) && !self.put_chunk::<SHORT_CHUNK>(text, len) {
            self.put_long(text, len);
        }
    }

    #[inline]
    fn put_chunk<const N: usize>(&mut self, text: &[u8], len: usize) -> bool {
        let chunk = text.first_chunk::<N>().filter(|_| len <= N);
        if let Some(chunk) = chunk {
            self.copy(chunk);
            self.gathered(len);
        }
        chunk.is_some()
    }

    /// Appends the name that begins at `start` and, one byte behind it, the value, given the
    /// lengths of both. Appends nothing, and says `false`, if they are long or near the end of the
    /// text.
    #[inline]
    pub(crate) fn put_pair(
        &mut self,
        text: &[u8],
        start: usize,
        name: usize,
        value: usize,
    ) -> bool {
        let end = start.wrapping_add(name).wrapping_add(1 + CHUNK);
        let Some(near) = text.get(start..end) else { return false };
        let (Some(names), Some(values)) = (near.first_chunk::<NAME_CHUNK>(), near.last_chunk())
        else {
            return false;
        };
        if name > NAME_CHUNK || value > CHUNK {
            return false;
        }
        let free = self.buffer.get_mut(self.filled..).and_then(<[u8]>::first_chunk_mut::<SLACK>);
        let Some(free) = free else { return false };
        if let Some(free) = free.first_chunk_mut() {
            *free = *names;
        }
        if let Some(free) = free.get_mut(name..).and_then(<[u8]>::first_chunk_mut::<CHUNK>) {
            *free = *values;
        }
        self.gathered(name.wrapping_add(value));
        true
    }

    /// Appends the first `len` bytes of `text`, every `+` as a space.
    #[inline]
    pub(crate) fn put_spaced(&mut self, mut text: &[u8], mut len: usize) {
        // Runs between escapes are short.
        while let Some((chunk, rest)) = text.split_first_chunk::<SHORT_CHUNK>() {
            self.copy(&chunk.map(|byte| if byte == b'+' { b' ' } else { byte }));
            self.gathered(len.min(SHORT_CHUNK));
            if len <= SHORT_CHUNK {
                return;
            }
            text = rest;
            len = len.wrapping_sub(SHORT_CHUNK);
        }
        for &byte in text.iter().take(len) {
            self.put_byte(if byte == b'+' { b' ' } else { byte });
        }
    }

    #[inline]
    pub(crate) fn put_byte(&mut self, byte: u8) {
        self.copy(&[byte]);
        self.gathered(1);
    }

    #[inline(never)]
    fn put_long(&mut self, mut text: &[u8], mut len: usize) {
        while let Some((chunk, rest)) = text.split_first_chunk::<CHUNK>() {
            self.copy(chunk);
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

    /// Copies `chunk` to where the buffer is free.
    #[inline]
    fn copy<const N: usize>(&mut self, chunk: &[u8; N]) {
        let free = self.buffer.get_mut(self.filled..);
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

    /// Hashes what is gathered up to `end`, which ends a block.
    fn hash_to(&mut self, end: usize) {
        let Some(bytes) = self.buffer.get(self.hashed..end) else { return };
        let (blocks, _) = Array::slice_as_chunks(bytes);
        self.hashed = end;
        match &mut self.state {
            State::Sha1(mac) => mac.update_blocks(blocks),
            State::Sha256(mac) => mac.update_blocks(blocks),
        }
    }
}

impl Sink for Writer<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > CHUNK {
            return self.put_long(bytes, bytes.len());
        }
        let free = self.buffer.get_mut(self.filled..).and_then(<[u8]>::first_chunk_mut::<CHUNK>);
        if let Some(free) = free.and_then(|free| free.get_mut(..bytes.len())) {
            free.copy_from_slice(bytes);
        }
        self.gathered(bytes.len());
    }
}

/// Hashes the last bytes of a canonical string, and what HMAC adds to them.
fn finish<M: FixedOutputCore>(mac: &mut M, rest: &[u8]) -> Output<M> {
    let mut buffer = Buffer::<M>::default();
    buffer.digest_blocks(rest, |blocks| mac.update_blocks(blocks));
    let mut output = Output::<M>::default();
    mac.finalize_fixed_core(&mut buffer, &mut output);
    output
}

/// SHA-256 of a body as `bodySHA256` carries it: in lower-case hexadecimal digits.
pub(crate) fn body_hash(body: &[u8]) -> [u8; 64] {
    let mut digits = [0; 64];
    let (pairs, _) = digits.as_chunks_mut();
    for (pair, byte) in pairs.iter_mut().zip(Sha256::digest(body)) {
        let digit = |value: u8| value.wrapping_add(if value < 10 { b'0' } else { b'a' - 10 });
        *pair = [digit(byte >> 4), digit(byte & 0xf)];
    }
    digits
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
    use hmac::{Hmac, Mac};

    /// Ways to put the first `len` bytes of a text, each with what it puts for them.
    type Put = fn(&mut Writer<'_>, &[u8], usize);

    const PUTS: [Put; 5] = [
        |out, text, len| out.put(&text[..len]),
        |out, text, len| out.put_start(text, len),
        |out, text, len| out.put_spaced(text, len),
        |out, text, len| text[..len].iter().for_each(|&byte| out.put_byte(byte)),
        |out, text, len| {
            // As a name and a value, which are a third and the rest of it.
            let pair = [b"&", &text[..len / 3], b"=", &text[len / 3..]].concat();
            if !out.put_pair(&pair, 1, len / 3, len - len / 3) {
                out.put(&text[..len]);
            }
        },
    ];

    /// Wherever in the buffer a text begins, whatever follows it, and whichever way it is put:
    /// exactly its bytes are hashed.
    #[test]
    fn no_byte_is_lost_or_added_at_any_place_of_the_buffer() {
        let key = MacKey::new(Algorithm::HmacSha1, b"12345");
        let text: Vec<u8> =
            (0..=u8::MAX).filter(|&byte| byte != b'+').cycle().take(1_100).collect();
        let mac = Hmac::<Sha1>::new_from_slice(b"12345").unwrap().chain_update(&text[..900]);
        let bare = Signature::from_sha1(mac.finalize().into_bytes().into());
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
