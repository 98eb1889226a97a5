//! What of a request may be logged. All of it comes from strangers, so all of it is bounded.

use axum::http::{HeaderMap, Uri};
use serde_json::{Map, Value};

use crate::settings::Payloads;

/// The longest text that is kept of a header, a path or a value, in characters.
const MAX_TEXT: usize = 256;
/// The most parameters that are kept of a form.
const MAX_PARAMS: usize = 100;

/// The headers that are kept; the signature's value is not, only that it was there.
const HEADERS: [&str; 8] = [
    "host",
    "user-agent",
    "content-type",
    "content-length",
    "i-twilio-idempotency-token",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
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
    short(uri.path())
}

/// The headers, as JSON.
pub(super) fn headers(headers: &HeaderMap) -> String {
    let mut kept = Map::new();
    for name in HEADERS {
        if let Some(value) = headers.get(name) {
            let value = short(&String::from_utf8_lossy(value.as_bytes()));
            kept.insert(name.to_owned(), Value::String(value));
        }
    }
    let signatures = headers.get_all("x-twilio-signature").iter().count();
    kept.insert("x-twilio-signature".to_owned(), Value::String(format!("{signatures} given")));
    Value::Object(kept).to_string()
}

/// The body. A form shows which parameters there were; what people wrote shows its length.
pub(super) fn payload(body: &[u8], payloads: Payloads) -> String {
    match payloads {
        Payloads::None => String::new(),
        Payloads::Full => String::from_utf8_lossy(body).into_owned(),
        Payloads::Redacted => {
            let is_form =
                body.contains(&b'=') && !body.starts_with(b"{") && !body.starts_with(b"[");
            if !is_form {
                return format!("{} bytes", body.len());
            }
            let params = body.split(|byte| *byte == b'&').take(MAX_PARAMS);
            params.map(param).collect::<Vec<_>>().join("&")
        }
    }
}

/// A parameter as it came, or with its length in place of its value.
fn param(param: &[u8]) -> String {
    let text = String::from_utf8_lossy(param);
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    // A name is a word. What is none may be a value that was split anew.
    let is_name = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_name {
        return format!("[{} bytes]", param.len());
    }
    let is_plain = value.is_empty() || name.ends_with("Sid") || PLAIN.contains(&name);
    if is_plain { format!("{name}={}", short(value)) } else { format!("{name}=[{}]", value.len()) }
}

/// The beginning, without what would change a terminal.
fn short(text: &str) -> String {
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
        assert_eq!(url(&"/sms?token=secret".parse().unwrap()), "/sms");
    }
}
