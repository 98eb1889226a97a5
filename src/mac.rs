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
        let mut writer = Writer { state: self.clone(), block: [0; Writer::BLOCK], filled: 0 };
        write(&mut writer);
        writer.finish()
    }

    /// Whether `signature` is the MAC of what `write` puts. The MAC itself does not leave.
    pub(crate) fn verify(&self, signature: &Signature, write: impl FnOnce(&mut Writer)) -> Choice {
        self.mac(write).ct_eq(signature)
    }
}

/// Gathers short runs into a block, so that the hash is fed few times and whole blocks.
pub(crate) struct Writer {
    state: MacKey,
    block: [u8; Self::BLOCK],
    filled: usize,
}

impl Writer {
    /// Bytes. A multiple of the hashes' 64-byte block; most webhooks fit in one.
    const BLOCK: usize = 1_024;

    fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            MacKey::Sha1(mac) => mac.update(bytes),
            MacKey::Sha256(mac) => mac.update(bytes),
        }
    }

    fn flush(&mut self) {
        let filled = core::mem::take(&mut self.filled);
        match (&mut self.state, self.block.get(..filled)) {
            (MacKey::Sha1(mac), Some(bytes)) => mac.update(bytes),
            (MacKey::Sha256(mac), Some(bytes)) => mac.update(bytes),
            (_, None) => {}
        }
    }

    fn finish(mut self) -> Signature {
        self.flush();
        match self.state {
            MacKey::Sha1(mac) => Signature::from_sha1(mac.finalize().into_bytes().into()),
            MacKey::Sha256(mac) => Signature::from_sha256(mac.finalize().into_bytes().into()),
        }
    }
}

impl Sink for Writer {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.filled.saturating_add(bytes.len());
        if let Some(free) = self.block.get_mut(self.filled..end) {
            free.copy_from_slice(bytes);
            self.filled = end;
        } else {
            self.flush();
            if let Some(start) = self.block.get_mut(..bytes.len()) {
                start.copy_from_slice(bytes);
                self.filled = bytes.len();
            } else {
                self.update(bytes);
            }
        }
    }

    #[inline]
    fn put_start(&mut self, text: &[u8], len: usize) {
        // Most names and values are short. A copy of fixed size is a load and a store; what it
        // writes past `len` is overwritten by what comes next.
        let free =
            self.block.get_mut(self.filled..).and_then(|free| free.first_chunk_mut::<CHUNK>());
        match (free, text.first_chunk::<CHUNK>()) {
            (Some(free), Some(chunk)) if len <= CHUNK => {
                *free = *chunk;
                self.filled = self.filled.saturating_add(len);
            }
            _ => self.put(text.get(..len).unwrap_or(text)),
        }
    }
}

/// Bytes of a copy of fixed size.
const CHUNK: usize = 32;

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
