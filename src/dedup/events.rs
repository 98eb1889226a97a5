//! Events in a JSON body that the URL's hash covers: Event Streams, and Verify.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::signed::{check_len, join};
use super::{DedupKey, NoIdentity};

/// The most events of one body. Twilio sends far fewer; a body of more is refused.
pub(super) const MAX_EVENTS: usize = 1_000;

/// What identifies an event. A member that comes twice is an error, for parsers differ in which one
/// they take.
#[derive(Deserialize)]
struct Event<'a> {
    // CloudEvents 1.0, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
    #[serde(borrow)]
    specversion: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    // Verify, https://www.twilio.com/docs/verify/api/webhooks
    #[serde(borrow)]
    uid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uuid: Option<Cow<'a, str>>,
}

/// The keys of all events. The body is one object, or an array of them.
pub(super) fn identify(body: &[u8]) -> Result<Vec<DedupKey>, NoIdentity> {
    let events: Vec<Event<'_>> = match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => serde_json::from_slice(body).map_err(|_| NoIdentity::Malformed)?,
        Some(b'{') => Vec::from([serde_json::from_slice(body).map_err(|_| NoIdentity::Malformed)?]),
        _ => return Err(NoIdentity::Unknown),
    };
    if events.len() > MAX_EVENTS {
        return Err(NoIdentity::SeveralEvents);
    }
    events.iter().map(|event| event.text().map(DedupKey::unscoped)).collect()
}

impl Event<'_> {
    fn text(&self) -> Result<String, NoIdentity> {
        let part = |text: &Option<Cow<'_, str>>| match text.as_deref() {
            None | Some("") => Err(NoIdentity::Missing),
            Some(text) => check_len(text).map(String::from),
        };
        if self.specversion.is_some() {
            return Ok(join("event", &[&part(&self.id)?]));
        }
        let uid = if self.uid.is_some() { &self.uid } else { &self.uuid };
        if uid.is_some() && self.kind.is_some() {
            return Ok(join("verify", &[&part(uid)?, &part(&self.kind)?]));
        }
        Err(NoIdentity::Unknown)
    }
}
