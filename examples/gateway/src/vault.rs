//! Seals auth tokens, so that a copy of the database holds none.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::exit::Failure;

const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// The key of the file, keyed into a cipher.
#[derive(Clone)]
pub(crate) struct Vault(XChaCha20Poly1305);

impl Vault {
    /// Reads the key of `path`: 64 hexadecimal digits. If there is no file, it is made, for its owner
    /// alone; but not when `has_sealed`, because a new key opens nothing that an old one has sealed.
    pub(crate) fn open(path: &Path, has_sealed: bool) -> Result<Self, Failure> {
        let key = match fs::read_to_string(path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                from_hex(text.trim()).ok_or_else(|| {
                    format!("{} is no key: it must hold 64 hexadecimal digits", path.display())
                })?
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !has_sealed => make(path)?,
            Err(error) => {
                return Err(format!("cannot read the key file {}: {error}", path.display()).into());
            }
        };
        Ok(Self(XChaCha20Poly1305::new(&(*key).into())))
    }

    /// Seals the token of a tenant: a nonce, and what it is sealed to. The id is bound to it, so a
    /// token cannot be moved to another tenant.
    pub(crate) fn seal(&self, tenant: &str, token: &str) -> Result<Vec<u8>, Failure> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| format!("no random bytes: {error}"))?;
        let payload = Payload { msg: token.as_bytes(), aad: tenant.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| "the token cannot be sealed")?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The token that was sealed for the tenant.
    pub(crate) fn unseal(&self, tenant: &str, sealed: &[u8]) -> Result<Zeroizing<String>, Failure> {
        let wrong = || format!("the token of tenant {tenant} was not sealed with this key file");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(wrong)?;
        let payload = Payload { msg: sealed, aad: tenant.as_bytes() };
        let token = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| wrong())?;
        let token = String::from_utf8(token).map_err(|_| wrong())?;
        Ok(Zeroizing::new(token))
    }
}

fn make(path: &Path) -> Result<Zeroizing<[u8; KEY_LEN]>, Failure> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    getrandom::fill(&mut *key).map_err(|error| format!("no random bytes: {error}"))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |error| format!("cannot make the key file {}: {error}", path.display());
    let mut file = options.open(path).map_err(failed)?;
    for byte in *key {
        write!(file, "{byte:02x}").map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    Ok(key)
}

fn from_hex(text: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != KEY_LEN {
        return None;
    }
    for (byte, &[high, low]) in key.iter_mut().zip(pairs) {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        *byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("gateway-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    #[test]
    fn a_token_comes_back_for_its_tenant_and_key_alone() {
        let path = path("vault.key");
        let vault = Vault::open(&path, false).unwrap();
        let sealed = vault.seal("acme", "a token").unwrap();
        assert!(!sealed.windows(7).any(|bytes| bytes == b"a token"));
        // The same file is the same key.
        let again = Vault::open(&path, true).unwrap();
        assert_eq!(*again.unseal("acme", &sealed).unwrap(), "a token");
        assert!(again.unseal("umbrella", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut spoiled = sealed.clone();
            spoiled[at] ^= 1;
            assert!(again.unseal("acme", &spoiled).is_err(), "{at}");
            assert!(again.unseal("acme", &sealed[..at]).is_err(), "{at}");
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn no_key_is_made_where_tokens_are_sealed() {
        let path = path("gone.key");
        assert!(Vault::open(&path, true).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_anything_else_is_no_key() {
        let path = path("bad.key");
        for text in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
            fs::write(&path, text).unwrap();
            assert!(Vault::open(&path, false).is_err(), "{text}");
        }
        fs::remove_file(path).unwrap();
    }
}
