//! The other side: makes signatures, for tests and tools.

use alloc::{format, string::String};

use crate::form::{MAX_PARAMS_LIMIT, Params};
use crate::key::{AuthToken, SharedKey};
use crate::mac::{self, KeyedMac, Signature, Sink};
use crate::{error::VerifyError, webhook::Payload};

/// Signs requests as Twilio does, so that the tests of a service need no Twilio.
///
/// A URL is signed as given: byte for byte, with port, user information and fragment if it has
/// them.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Signer};
///
/// let signer = Signer::auth_token(&AuthToken::new("12345")?);
/// let signature = signer.sign_params(
///     "https://example.com/myapp.php?foo=1&bar=2",
///     &[
///         ("Digits", "1234"),
///         ("To", "+18005551212"),
///         ("From", "+14158675310"),
///         ("Caller", "+14158675310"),
///         ("CallSid", "CA1234567890ABCDE"),
///     ],
/// )?;
/// assert_eq!(signature.header_value(), "L/OH5YylLD5NRKLltdqwSvS0BnU=");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Signer(KeyedMac);

impl Signer {
    /// Signs with an auth token: HMAC-SHA1.
    pub fn auth_token(token: &AuthToken) -> Self {
        Self(token.0.clone())
    }

    /// Signs with a shared key and the algorithm that it is bound to.
    pub fn shared_key(key: &SharedKey) -> Self {
        Self(key.mac.clone())
    }

    /// The signature of a request without a body, of a WebSocket handshake (give the wss form), or
    /// of a request whose URL holds the hash of its body.
    pub fn sign_url(&self, url: &str) -> Signature {
        self.0.mac(|out| out.update(url.as_bytes()))
    }

    /// The signature of a request whose raw body is a form.
    ///
    /// # Errors
    /// [`VerifyError::TooManyParams`] for more than 4,096 parameters, which no verifier accepts.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Signer};
    ///
    /// let signer = Signer::auth_token(&AuthToken::new("12345")?);
    /// let signature = signer.sign_form("https://example.com/sms", b"Body=Ahoy%21&NumMedia=0")?;
    /// assert_eq!(signature.as_bytes().len(), 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign_form(&self, url: &str, body: &[u8]) -> Result<Signature, VerifyError> {
        self.sign(url, &Payload::Body(body))
    }

    /// The signature of a request with these decoded parameters, in whatever order.
    ///
    /// # Errors
    /// As [`sign_form`](Self::sign_form).
    pub fn sign_params(
        &self,
        url: &str,
        params: &[(&str, &str)],
    ) -> Result<Signature, VerifyError> {
        self.sign(url, &Payload::Params(params))
    }

    /// `url` with `bodySHA256` added to its query, and the signature of the longer URL: for a body that is
    /// no form.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, Coverage, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let body = br#"{"event":"ahoy"}"#;
    /// let (url, signature) =
    ///     Signer::auth_token(&token).sign_body_hash("https://example.com/events", body);
    /// let signature = signature.header_value();
    ///
    /// let webhook = Webhook::post(&url, body).signature(&signature);
    /// assert_eq!(Verifier::new(token).verify(&webhook)?.coverage(), Coverage::BodyHash);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign_body_hash(&self, url: &str, body: &[u8]) -> (String, Signature) {
        let (base, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
        let mark = if base.contains('?') { '&' } else { '?' };
        let hash: String = mac::body_hash(body).map(char::from).iter().collect();
        let signed = format!("{base}{mark}bodySHA256={hash}{fragment}");
        let signature = self.sign_url(&signed);
        (signed, signature)
    }

    fn sign(&self, url: &str, payload: &Payload<'_>) -> Result<Signature, VerifyError> {
        let mut params = Params::new();
        payload.read(&mut params, usize::MAX, MAX_PARAMS_LIMIT)?;
        params.sort();
        Ok(self.0.mac(|out| {
            out.update(url.as_bytes());
            out.update(params.canonical());
        }))
    }
}
