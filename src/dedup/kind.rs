//! Which kind of webhook it is, and what identifies its event. The table is in the module's docs.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::NoIdentity;
use super::signed::{Signed, join};
use crate::claim::ClaimKey;

/// The text of the key, by the kind that the names of the signed parameters show. What is more
/// specific comes first.
pub(super) fn identify(signed: &Signed, url: &str) -> Result<String, NoIdentity> {
    let has = |name| signed.has(name);
    if has("PayloadType") && has("Sid") {
        Ok(join("debugger", &[signed.sid("Sid")?]))
    } else if has("WorkspaceSid") {
        task_router(signed)
    } else if has("EventType") && (has("ConversationSid") || has("ChatServiceSid")) {
        conversations(signed)
    } else if has("EventType") && has("ServiceSid") {
        sync(signed)
    } else if has("type") && (has("uid") || has("uuid")) {
        let uid = if has("uid") { "uid" } else { "uuid" };
        Ok(join("verify", &[signed.text(uid)?, signed.text("type")?]))
    } else if has("RecordingStatus") {
        let parts = [signed.sid("RecordingSid")?, signed.text("RecordingStatus")?];
        Ok(join("recording", &parts))
    } else if has("StatusCallbackEvent") && has("ConferenceSid") {
        let parts = [signed.sid("ConferenceSid")?, signed.number("SequenceNumber")?];
        Ok(join("conference", &parts))
    } else if has("StreamEvent") {
        Ok(join("stream", &[signed.sid("StreamSid")?, signed.text("StreamEvent")?]))
    } else if has("MessageSid") || has("SmsSid") {
        message(signed)
    } else if has("CallSid") {
        call(signed, url)
    } else {
        Err(NoIdentity::Unknown)
    }
}

fn message(signed: &Signed) -> Result<String, NoIdentity> {
    let sid = signed.first_sid(&["MessageSid", "SmsSid"])?;
    if !signed.has("MessageStatus") {
        return Ok(join("message", &[sid]));
    }
    let mut parts = Vec::from([sid, signed.text("MessageStatus")?]);
    // One status may be reported again with more to say.
    for name in ["ErrorCode", "RawDlrDoneDate"] {
        match signed.text(name) {
            Ok(value) => parts.extend([name, value]),
            Err(NoIdentity::Missing) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(join("message_status", &parts))
}

/// What a verb of TwiML sends when it is done. The same call may honestly send it twice.
const RESULTS: [&str; 14] = [
    "AnsweredBy",
    "Confidence",
    "DequeueResult",
    "DialCallStatus",
    "Digits",
    "FinishedOnKey",
    "PaymentCardType",
    "QueueResult",
    "QueueSid",
    "RecordingUrl",
    "SpeechResult",
    "StableSpeechResult",
    "UnstableSpeechResult",
    "msg",
];

fn call(signed: &Signed, url: &str) -> Result<String, NoIdentity> {
    let sid = signed.sid("CallSid")?;
    let has = |name| signed.has(name);
    // Partial results have a sequence that starts anew with each `<Gather>` of the call.
    if has("UnstableSpeechResult") || has("StableSpeechResult") {
        return Err(NoIdentity::Unknown);
    }
    let numbered = has("SequenceNumber");
    if has("CallbackSource") || has("CallDuration") || (numbered && has("Timestamp")) {
        let step =
            if numbered { signed.number("SequenceNumber")? } else { signed.text("CallStatus")? };
        return Ok(join("call_status", &[sid, step]));
    }
    let is_first = signed.text("CallStatus") == Ok("ringing");
    if !is_first || RESULTS.into_iter().any(has) {
        return Err(NoIdentity::Unknown);
    }
    // A call that is still ringing may be redirected, but to another URL.
    let url = ClaimKey::new("url", &[url.as_bytes()]).to_string();
    Ok(join("call", &[sid, &url]))
}

fn task_router(signed: &Signed) -> Result<String, NoIdentity> {
    if signed.has("Sid") {
        Ok(join("taskrouter", &[signed.sid("Sid")?]))
    } else if signed.has("ReservationSid") {
        Ok(join("assignment", &[signed.sid("ReservationSid")?]))
    } else {
        Err(NoIdentity::Unknown)
    }
}

/// Events after the act. Those before it (`onMessageAdd`) ask for leave: an act that was refused may
/// be tried again, with the same parameters.
fn conversations(signed: &Signed) -> Result<String, NoIdentity> {
    let event = signed.text("EventType")?;
    let object: &[&str] = if event.starts_with("onMessage") || event.starts_with("onDelivery") {
        &["MessageSid"]
    } else if event.starts_with("onParticipant") {
        &["ParticipantSid"]
    } else if event.starts_with("onUser") {
        &["UserSid"]
    } else if event.starts_with("onConversation") {
        &["ConversationSid"]
    } else {
        return Err(NoIdentity::Unknown);
    };
    if event.ends_with("Added") || event.ends_with("Removed") {
        Ok(join("conversations", &[event, signed.first_sid(object)?]))
    } else if event.ends_with("Updated") && signed.has("DateUpdated") {
        let parts = [event, signed.first_sid(object)?, signed.text("DateUpdated")?];
        Ok(join("conversations", &parts))
    } else {
        Err(NoIdentity::Unknown)
    }
}

fn sync(signed: &Signed) -> Result<String, NoIdentity> {
    let event = signed.text("EventType")?;
    // Items are numbered by the events of their list or map, the rest by their own revisions.
    let (object, step) = if event.starts_with("list_item_") {
        ("ListSid", "EventId")
    } else if event.starts_with("map_item_") {
        ("MapSid", "EventId")
    } else if event.starts_with("document_") {
        ("DocumentSid", "DocumentRevision")
    } else if event.starts_with("list_") {
        ("ListSid", "ListRevision")
    } else if event.starts_with("map_") {
        ("MapSid", "MapRevision")
    } else {
        return Err(NoIdentity::Unknown);
    };
    Ok(join("sync", &[event, signed.sid(object)?, signed.text(step)?]))
}
