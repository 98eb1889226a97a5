//! What an app is told that was proven.

use serde::{Deserialize, Serialize};
use twilio_sig_tower::VerifiedWebhook;

/// The header `twilio-proof`, as JSON in ASCII.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Proof {
    /// The tenant whose key it was.
    pub(crate) tenant: String,
    /// The signed `AccountSid`, if there is one.
    pub(crate) account: Option<String>,
    /// `form`, `body_hash` or `url_only`: how the signature covers the body.
    pub(crate) coverage: String,
    /// The position of the key: 0 is the primary token.
    pub(crate) key: usize,
    /// What the event is known by, or `request` where nothing signed identifies it.
    pub(crate) event: String,
    /// Whether it may have been sent before.
    pub(crate) duplicate: bool,
    /// As it came. It is not signed by Twilio.
    pub(crate) method: String,
    /// Path and query, as they came.
    pub(crate) target: String,
}

impl Proof {
    /// What was proven of a webhook, which is sent for the first time.
    pub(crate) fn of(
        webhook: &VerifiedWebhook,
        event: String,
        method: String,
        target: String,
    ) -> Self {
        let query = webhook.query_params();
        let account = webhook.param("AccountSid").or_else(|| query.get("AccountSid"));
        Self {
            tenant: webhook.tenant().unwrap_or_default().to_owned(),
            account: account.filter(|sid| sid.is_ascii()).map(str::to_owned),
            coverage: webhook.coverage().to_string(),
            key: webhook.key(),
            event,
            duplicate: false,
            method,
            target,
        }
    }
}
