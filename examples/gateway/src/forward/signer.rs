//! Signs by Standard Webhooks: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The shortest secret, in bytes: the least that the specification allows.
const MIN_SECRET: usize = 24;

/// A secret, keyed into a MAC.
#[derive(Clone)]
pub(crate) struct StandardSigner(Hmac<Sha256>);

impl StandardSigner {
    /// Takes `whsec_` and base64, of at least 24 bytes.
    pub(crate) fn new(secret: &str) -> Option<Self> {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_")?).ok().map(Zeroizing::new)?;
        if secret.len() < MIN_SECRET {
            return None;
        }
        Some(Self(Hmac::new_from_slice(&secret).ok()?))
    }

    /// The value of the header.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, payload: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(payload);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_libraries_of_standard_webhooks_do() {
        // From the tests of the crate `standardwebhooks` 1.0.1.
        let signer = StandardSigner::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let payload = br#"{"email":"test@example.com","username":"test_user"}"#;
        assert_eq!(
            signer.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, payload),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
        // A body of any bytes has a signature.
        assert!(signer.sign("msg_1", 0, b"\xff").starts_with("v1,"));
    }

    #[test]
    fn a_secret_that_is_none_or_too_short_is_refused() {
        for secret in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ", "whsec_!"] {
            assert!(StandardSigner::new(secret).is_none(), "{secret}");
        }
    }
}
