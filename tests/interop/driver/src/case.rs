//! A webhook as it was signed and as it was received, and the crate's part in it.

use serde_json::{Value, json};
use twilio_sig::{Algorithm, AuthToken, SharedKey, Signer, Verifier, Webhook};

use crate::library::Failure;
use crate::spelling::read;

/// The id under which the crate holds a shared key.
pub(crate) const KEY_ID: &str = "webhooks_sharedkey_00000000000000000000000001";

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Payload {
    None,
    /// A form, as raw text.
    Form(String),
    /// Any other body: the libraries are asked to compare its hash.
    Body(String),
}

impl Payload {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::None => "",
            Self::Form(text) | Self::Body(text) => text,
        }
    }
}

/// What was done to the request after it was signed. A change of the URL is none of these: some
/// change is what a candidate is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tamper {
    None,
    Signature,
    Key,
    Payload,
    BodyCutOff,
    /// Bytes of a form that are not UTF-8, which a library does not get to see.
    NotUtf8,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The receiver's secret: an auth token, or a shared key bound to an algorithm.
    pub(crate) secret: String,
    pub(crate) shared: Option<Algorithm>,
    pub(crate) settings: Option<String>,
    pub(crate) url: String,
    /// Whether the crate is told that it is a handshake. The URL says ws or wss then.
    pub(crate) handshake: bool,
    pub(crate) payload: Payload,
    pub(crate) signature: Option<String>,
    pub(crate) signing_secret: String,
    pub(crate) signing_algorithm: Algorithm,
    pub(crate) signed_url: String,
    pub(crate) signed_form: Option<String>,
    pub(crate) tamper: Tamper,
}

/// The pairs of a form, if they are UTF-8.
fn decoded(form: &str) -> Option<Vec<(String, String)>> {
    let text = |bytes| String::from_utf8(bytes).ok();
    read(form).into_iter().map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// A library's opinion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Accept,
    Refuse,
    Raise,
}

/// The crate's opinion.
#[derive(Clone, Debug)]
pub(crate) enum Own {
    Accept { coverage: String, candidate: String },
    Refuse { error: &'static str },
}

impl Own {
    pub(crate) const fn accepts(&self) -> bool {
        matches!(self, Self::Accept { .. })
    }
}

impl Case {
    /// A request that is signed as it is received.
    pub(crate) fn new(secret: &str, url: &str, payload: Payload) -> Self {
        let signed_form = match &payload {
            Payload::Form(form) => Some(form.clone()),
            Payload::None | Payload::Body(_) => None,
        };
        Self {
            secret: secret.to_owned(),
            shared: None,
            settings: None,
            url: url.to_owned(),
            handshake: false,
            payload,
            signature: None,
            signing_secret: secret.to_owned(),
            signing_algorithm: Algorithm::HmacSha1,
            signed_url: url.to_owned(),
            signed_form,
            tamper: Tamper::None,
        }
    }

    /// The signature of what is signed, by the crate.
    pub(crate) fn sign(&self) -> Result<String, Failure> {
        let signer = match self.signing_algorithm {
            Algorithm::HmacSha1 => {
                Signer::auth_token(&AuthToken::new(self.signing_secret.as_str())?)
            }
            algorithm => {
                let secret = self.signing_secret.as_str();
                Signer::shared_key(&SharedKey::new(KEY_ID, secret, algorithm)?)
            }
        };
        let url = self.signed_url.as_str();
        let Some(form) = &self.signed_form else { return Ok(signer.sign_url(url).header_value()) };
        let signature = signer.sign_form(url, form.as_bytes())?.header_value();
        if let Some(params) = decoded(form) {
            let params: Vec<_> = params.iter().map(|(name, value)| (&**name, &**value)).collect();
            if signer.sign_params(url, &params)?.header_value() != signature {
                return Err(format!("sign_params and sign_form differ on {form}").into());
            }
        }
        Ok(signature)
    }

    /// The crate's verdict on what is received.
    pub(crate) fn verify(&self) -> Result<Own, Failure> {
        let verifier = match self.shared {
            None => Verifier::new(AuthToken::new(self.secret.as_str())?),
            Some(algorithm) => Verifier::builder()
                .shared_key(SharedKey::new(KEY_ID, self.secret.as_str(), algorithm)?)
                .build()?,
        };
        // The server sees a handshake as http or https.
        let seen = ["ws://", "wss://"].iter().find(|scheme| self.url.starts_with(*scheme));
        let seen = seen.map(|_| self.url.replacen("ws", "http", 1));
        let seen = seen.as_ref().unwrap_or(&self.url);
        let body = self.payload.text();
        let mut webhook = if self.handshake {
            Webhook::websocket(seen)
        } else {
            Webhook::post(&self.url, body.as_bytes())
        };
        if let Some(signature) = &self.signature {
            webhook = webhook.signature(signature);
        }
        if let Some(settings) = &self.settings {
            webhook = webhook.signature_settings(settings);
        }
        Ok(match verifier.verify(&webhook) {
            Ok(proof) => Own::Accept {
                coverage: proof.coverage().to_string(),
                candidate: proof.candidate().to_string(),
            },
            Err(error) => Own::Refuse { error: error.code() },
        })
    }

    /// The hash as the crate puts it into a URL.
    pub(crate) fn hash(body: &str) -> Result<String, Failure> {
        let signer = Signer::auth_token(&AuthToken::new("unused")?);
        let (url, _) = signer.sign_body_hash("https://example.com/", body.as_bytes());
        let (_, hash) = url.split_once("?bodySHA256=").ok_or("a URL without its hash")?;
        Ok(hash.to_owned())
    }

    /// What it takes to see the case again.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "secret": self.secret,
            "shared": self.shared.map(|algorithm| algorithm.to_string()),
            "settings": self.settings,
            "url": self.url,
            "handshake": self.handshake,
            "payload": format!("{:?}", self.payload),
            "signature": self.signature,
            "signing_secret": self.signing_secret,
            "signing_algorithm": self.signing_algorithm.to_string(),
            "signed_url": self.signed_url,
            "signed_form": self.signed_form,
            "tamper": format!("{:?}", self.tamper),
        })
    }
}
