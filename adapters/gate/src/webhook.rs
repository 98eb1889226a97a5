//! The proof that a handler gets.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use bytes::Bytes;
use twilio_sig::{Candidate, Coverage, Signature, Verified, Verifier, VerifyError, Webhook};

/// A request as it arrived, owned.
pub(crate) struct Arrived {
    pub(crate) url: String,
    pub(crate) signature: Box<[u8]>,
    pub(crate) settings: Box<[u8]>,
    pub(crate) body: Bytes,
    pub(crate) websocket: bool,
}

impl Arrived {
    pub(crate) fn webhook(&self) -> Webhook<'_> {
        let webhook =
            if self.websocket { Webhook::websocket(&self.url) } else { Webhook::new(&self.url) };
        webhook.body(&self.body).signature(&self.signature).signature_settings(&self.settings)
    }
}

/// A webhook that Twilio signed: the owned proof, which an adapter puts into the extensions of the
/// request. Only a [`Gate`](crate::Gate) makes one. Cheap to clone.
///
/// `Debug` shows neither URL nor body nor signature.
#[derive(Clone)]
#[must_use]
pub struct VerifiedWebhook(Arc<Proven>);

struct Proven {
    arrived: Arrived,
    verifier: Verifier,
    tenant: Option<Arc<str>>,
    signature: Signature,
    coverage: Coverage,
    candidate: Candidate,
    key: usize,
}

impl VerifiedWebhook {
    /// The only way to make one.
    pub(crate) fn prove(
        arrived: Arrived,
        verifier: &Verifier,
        tenant: Option<Arc<str>>,
    ) -> Result<Self, (Arrived, VerifyError)> {
        let verdict = verifier.verify(&arrived.webhook()).map(|verified| {
            (*verified.signature(), verified.coverage(), verified.candidate(), verified.key())
        });
        match verdict {
            Ok((signature, coverage, candidate, key)) => {
                let verifier = verifier.clone();
                let proven =
                    Proven { arrived, verifier, tenant, signature, coverage, candidate, key };
                Ok(Self(Arc::new(proven)))
            }
            Err(error) => Err((arrived, error)),
        }
    }

    /// The public URL. What of it is proven: see [`Verified::url`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.arrived.url
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.arrived.body
    }

    /// How the signature covers the body.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.0.coverage
    }

    /// The spelling of the URL that was signed.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        self.0.candidate
    }

    /// The position of the key that matched.
    #[must_use]
    pub fn key(&self) -> usize {
        self.0.key
    }

    /// The signature: its bytes are what a request may be remembered by.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.0.signature
    }

    /// The id of the tenant whose key matched; `None` if the gate has one verifier for all.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.0.tenant.as_deref()
    }

    /// Whether it is a WebSocket handshake.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        self.0.arrived.websocket
    }

    /// The borrowed proof, with the signed parameters. It is made anew, which takes the time of one
    /// verification: keep it for as long as you read from it.
    ///
    /// # Errors
    /// None is expected, since the same bytes have passed before.
    pub fn verified(&self) -> Result<Verified<'_>, VerifyError> {
        self.0.verifier.verify(&self.0.arrived.webhook())
    }

    /// The signed parameter called `name`, as [`Verified::param`]. For more than one, take
    /// [`verified`](Self::verified) once.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.verified().ok()?.param(name)
    }
}

impl fmt::Debug for VerifiedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedWebhook")
            .field("coverage", &self.0.coverage)
            .field("key", &self.0.key)
            .field("tenant", &self.0.tenant)
            .field("body_len", &self.0.arrived.body.len())
            .finish_non_exhaustive()
    }
}
