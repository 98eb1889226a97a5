//! Events in a JSON body that the URL's hash covers.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::signed::push_escaped;
use super::{MAX_EVENTS, MAX_PART_LEN, NoIdentity};
use crate::claim::ClaimKey;

/// What identifies an event. A member that comes twice is an error, because parsers differ in which one
/// they take.
#[derive(Deserialize)]
struct EventIds<'a> {
    // CloudEvents 1.0, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
    #[serde(borrow)]
    specversion: Member<'a>,
    #[serde(borrow)]
    id: Member<'a>,
    #[serde(borrow, rename = "type")]
    verify_kind: Member<'a>,
    // Verify, https://www.twilio.com/docs/verify/api/webhooks
    #[serde(borrow)]
    uuid: Member<'a>,
    #[serde(borrow)]
    uid: Member<'a>,
    // Conversational Intelligence, https://www.twilio.com/docs/conversational-intelligence
    #[serde(borrow, rename = "event_type")]
    transcript_kind: Member<'a>,
    #[serde(borrow)]
    transcript_sid: Member<'a>,
    // Conversation Orchestrator, https://www.twilio.com/docs/conversations/orchestrator/webhooks
    #[serde(borrow, rename = "eventType")]
    orchestrator_kind: Member<'a>,
    #[serde(borrow)]
    timestamp: Member<'a>,
}

type Member<'a> = Option<Cow<'a, str>>;

/// The texts of the keys of all events. The body is one object, or an array of objects.
pub(super) fn identify(body: &[u8]) -> Result<Vec<String>, NoIdentity> {
    let read = |_| NoIdentity::MalformedBody;
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => {
            let events: Vec<EventIds<'_>> = serde_json::from_slice(body).map_err(read)?;
            if events.len() > MAX_EVENTS {
                return Err(NoIdentity::TooManyEvents);
            }
            events.iter().map(EventIds::cloud_event).collect()
        }
        Some(b'{') => {
            let event: EventIds<'_> = serde_json::from_slice(body).map_err(read)?;
            Ok(Vec::from([event.text(body)?]))
        }
        _ => Err(NoIdentity::Unknown),
    }
}

impl EventIds<'_> {
    /// The key of Event Streams, the only one that sends arrays.
    fn cloud_event(&self) -> Result<String, NoIdentity> {
        if self.specversion.is_none() {
            return Err(NoIdentity::Unknown);
        }
        Ok(join("event", &[part("id", &self.id)?]))
    }

    fn text(&self, body: &[u8]) -> Result<String, NoIdentity> {
        // Twilio sends the same bytes again.
        let everything = || alloc::format!("{}", ClaimKey::new("everything", &[body]));
        if self.specversion.is_some() {
            self.cloud_event()
        } else if self.verify_kind.is_some() && (self.uuid.is_some() || self.uid.is_some()) {
            Ok(join("verify", &[part("type", &self.verify_kind)?, &everything()]))
        } else if self.transcript_kind.is_some() && self.transcript_sid.is_some() {
            let sid = part("transcript_sid", &self.transcript_sid)?;
            Ok(join("transcript", &[part("event_type", &self.transcript_kind)?, sid]))
        } else if self.orchestrator_kind.is_some() && self.timestamp.is_some() {
            Ok(join("orchestrator", &[part("eventType", &self.orchestrator_kind)?, &everything()]))
        } else {
            Err(NoIdentity::Unknown)
        }
    }
}

fn part<'a>(name: &'static str, member: &'a Member<'_>) -> Result<&'a str, NoIdentity> {
    match member.as_deref() {
        None | Some("") => Err(NoIdentity::Missing(name.into())),
        Some(text) if text.len() > MAX_PART_LEN => Err(NoIdentity::Malformed(name.into())),
        Some(text) => Ok(text),
    }
}

/// A key of these parts.
fn join(kind: &str, parts: &[&str]) -> String {
    let mut key = String::from(kind);
    for part in parts {
        key.push(':');
        push_escaped(&mut key, part);
    }
    key
}
