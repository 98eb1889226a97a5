//! What of a request may be logged. All of it comes from strangers, so all of it is bounded.

use alloc::borrow::Cow;

use axum::http::{HeaderMap, Uri};
use serde::Serializer as _;

use crate::settings::Payloads;

/// The longest text that is kept of a header, a path or a value, in characters.
const MAX_TEXT: usize = 256;
/// Room for what is kept of a body, in bytes, before it is known.
const MAX_SHOWN: usize = 2_048;
/// The most parameters that are kept of a form.
const MAX_PARAMS: usize = 100;

/// The headers that are kept, sorted; the signature's value is not, only that it was there.
const HEADERS: [&str; 8] = [
    "content-length",
    "content-type",
    "host",
    "i-twilio-idempotency-token",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// The parameters whose values say nothing about a person, beside those whose names end in `Sid`.
const PLAIN: [&str; 18] = [
    "ApiVersion",
    "CallDuration",
    "CallStatus",
    "CallbackSource",
    "Direction",
    "Duration",
    "ErrorCode",
    "ErrorUrl",
    "MessageStatus",
    "NumMedia",
    "NumSegments",
    "RecordingDuration",
    "RecordingSource",
    "RecordingStatus",
    "RetryCount",
    "SequenceNumber",
    "SmsStatus",
    "Timestamp",
];

/// The path, without the query: ids and tokens stand there.
pub(super) fn url(uri: &Uri) -> String {
    short(uri.path().into()).into_owned()
}

/// The headers, as JSON.
pub(super) fn headers(headers: &HeaderMap) -> String {
    let (mut kept, mut signatures) = ([None; HEADERS.len()], 0_usize);
    for (name, value) in headers {
        if name == "x-twilio-signature" {
            signatures = signatures.saturating_add(1);
        } else if let Ok(at) = HEADERS.binary_search(&name.as_str())
            && let Some(first @ None) = kept.get_mut(at)
        {
            *first = Some(value);
        }
    }
    let given = format!("{signatures} given");
    let kept = HEADERS.into_iter().zip(kept).filter_map(|(name, value)| {
        Some((name, short(String::from_utf8_lossy(value?.as_bytes()))))
    });
    let all = kept.chain([("x-twilio-signature", Cow::Borrowed(&*given))]);
    let mut json = Vec::with_capacity(MAX_TEXT);
    let written = serde_json::Serializer::new(&mut json).collect_map(all);
    written.ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default()
}

/// The body. A form shows which parameters there were; what people wrote shows its length.
pub(crate) fn payload(body: &[u8], payloads: Payloads) -> String {
    match payloads {
        Payloads::None => String::new(),
        Payloads::Full => String::from_utf8_lossy(body).into_owned(),
        Payloads::Redacted => {
            let is_form =
                body.contains(&b'=') && !body.starts_with(b"{") && !body.starts_with(b"[");
            if !is_form {
                return format!("{} bytes", body.len());
            }
            let mut shown = String::with_capacity(body.len().min(MAX_SHOWN));
            for (at, param) in body.split(|byte| *byte == b'&').take(MAX_PARAMS).enumerate() {
                if at > 0 {
                    shown.push('&');
                }
                push_param(&mut shown, param);
            }
            shown
        }
    }
}

/// A parameter as it came, or with its length in place of its value.
fn push_param(shown: &mut String, param: &[u8]) {
    let mut parts = param.splitn(2, |byte| *byte == b'=');
    let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // A name is a word. What is none may be a value that was split anew.
    let is_name = name.len() <= 64 && name.iter().all(u8::is_ascii_alphanumeric);
    let Some(name) = str::from_utf8(name).ok().filter(|_| is_name) else {
        return push_length(shown, "[", param.len(), " bytes]");
    };
    shown.push_str(name);
    shown.push('=');
    if value.is_empty() || name.ends_with("Sid") || PLAIN.contains(&name) {
        shown.push_str(&short(String::from_utf8_lossy(value)));
    } else {
        push_length(shown, "[", value.len(), "]");
    }
}

fn push_length(shown: &mut String, before: &str, length: usize, after: &str) {
    shown.extend([before, &length.to_string(), after]);
}

/// The beginning, without what would change a terminal.
fn short(text: Cow<'_, str>) -> Cow<'_, str> {
    // Bytes of printable ASCII are most of all, and are looked at together.
    let is_plain = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    if text.len() <= MAX_TEXT && (is_plain || !text.contains(char::is_control)) {
        return text;
    }
    let printable = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    text.chars().take(MAX_TEXT).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_shows_its_ids_and_states_and_no_word_of_a_person() {
        let body =
            b"MessageSid=SM1&From=%2B15005550006&Body=my+secret&MessageStatus=sent&FromCity=";
        let shown = payload(body, Payloads::Redacted);
        assert_eq!(shown, "MessageSid=SM1&From=[14]&Body=[9]&MessageStatus=sent&FromCity=");
        assert_eq!(payload(body, Payloads::None), "");
        assert!(payload(body, Payloads::Full).contains("my+secret"));
        assert_eq!(payload(b"my secret=1", Payloads::Redacted), "[11 bytes]");
        assert_eq!(payload(br#"{"a":"b=c"}"#, Payloads::Redacted), "11 bytes");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let long = ["Sid=", &"x".repeat(60_000)].concat();
        assert!(payload(long.as_bytes(), Payloads::Redacted).len() < 300);
        let many = "a=b&".repeat(10_000);
        assert!(payload(many.as_bytes(), Payloads::Redacted).len() < 1_000);
    }

    #[test]
    fn neither_signature_nor_authorization_nor_query_is_kept() {
        let mut all = HeaderMap::new();
        for name in ["x-twilio-signature", "authorization", "cookie", "user-agent"] {
            all.insert(name, "secret\u{7f}".replace('\u{7f}', "").parse().unwrap());
        }
        let shown = headers(&all);
        assert_eq!(shown.matches("secret").count(), 1, "{shown}");
        assert!(shown.contains(r#""x-twilio-signature":"1 given""#));
        assert!(HEADERS.is_sorted(), "they are searched");
        all.insert("content-length", "473".parse().unwrap());
        all.append("host", "first.example.com".parse().unwrap());
        all.append("host", "\u{e4}\"".parse().unwrap());
        assert_eq!(
            headers(&all),
            r#"{"content-length":"473","host":"first.example.com","user-agent":"secret","x-twilio-signature":"1 given"}"#
        );
        assert_eq!(url(&"/sms?token=secret".parse().unwrap()), "/sms");
    }
}
