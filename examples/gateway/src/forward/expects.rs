//! Which webhooks Twilio reads the answer of.

use twilio_sig::Coverage;
use twilio_sig_tower::VerifiedWebhook;

/// What a call or a message has.
const SIDS: [&str; 3] = ["CallSid", "MessageSid", "SmsSid"];
/// What a status callback has.
const CALLBACKS: [&str; 3] = ["MessageStatus", "CallbackSource", "RecordingStatus"];

/// Whether Twilio reads the answer as TwiML: of a call or a message, and no status callback.
///
/// Source: <https://www.twilio.com/docs/usage/webhooks/webhooks-overview>
pub(crate) fn expects_twiml(webhook: &VerifiedWebhook) -> bool {
    if webhook.coverage() == Coverage::BodyHash {
        return false;
    }
    let query = webhook.query_params();
    let has = |name: &&str| webhook.param(name).is_some() || query.get(name).is_some();
    SIDS.iter().any(has) && !CALLBACKS.iter().any(has)
}
