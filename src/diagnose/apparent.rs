//! What the refusal or the request itself shows, whatever was signed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::attempt::{Body, Request};
use super::found::Found;
use super::hints::Hints;
use super::spelled::is_url;
use super::{Cause, header};
use crate::error::VerifyError;
use crate::mac::Signature;

/// The cause that the refusal names.
pub(super) fn of_refusal(
    error: VerifyError,
    request: &Request<'_>,
    hints: &Hints,
) -> Option<Found> {
    let found = |cause, given: &str, signed: &str| Some(Found::new(cause, given, signed));
    match error {
        VerifyError::MissingSignature => {
            let missing = "no X-Twilio-Signature, or an empty one";
            other_provider(hints).or_else(|| found(Cause::SignatureMissing, missing, "one"))
        }
        VerifyError::UrlTooLong => {
            let given = format!("a URL of {} bytes", request.url.len());
            found(Cause::LimitExceeded, &given, &format!("at most {}", crate::MAX_URL_LEN))
        }
        VerifyError::BodyTooLong => {
            let given = format!("a body of {} bytes", request.body.len());
            found(Cause::LimitExceeded, &given, "at most `max_body_len`")
        }
        VerifyError::TooManyParams => {
            found(Cause::LimitExceeded, "more parameters", "at most `max_params`")
        }
        VerifyError::MalformedSettings => found(
            Cause::SettingsMalformed,
            "a header that cannot be read",
            "`key=` and an id, `algorithm=` and a name, each once",
        ),
        VerifyError::WrongAccount => {
            found(Cause::OtherAccount, "another AccountSid, or none", "the verifier's")
        }
        VerifyError::StrictParameter => found(
            Cause::StrictPolicy,
            "a name or SID that Twilio does not send, or a name twice",
            "what ParameterPolicy::Strict allows",
        ),
        _ => None,
    }
}

/// What is certain although no signature was found to be right: each by itself.
pub(super) fn of_request(request: &Request<'_>, hints: &Hints, keys: Option<Found>) -> Vec<Found> {
    let text = header::text(request.header);
    if Signature::from_header(&text).is_err() {
        return Vec::from([header::apparent(&text)]);
    }
    if !is_url(request.url, request.websocket) {
        let signed = "http(s):// or ws(s)://, a host, and a port of at most 65,535 or none";
        return Vec::from([Found::new(Cause::UrlNotAbsolute, request.url, signed)]);
    }
    let others = [keys, other_provider(hints), lost_body(request, hints)];
    others.into_iter().flatten().collect()
}

fn other_provider(hints: &Hints) -> Option<Found> {
    let provider = hints.provider()?;
    let given = format!("`{}`, the header of {}", provider.header, provider.name);
    Some(Found::new(Cause::SignatureOfOtherProvider, given, "X-Twilio-Signature"))
}

/// A body that is shorter than the request's headers say.
fn lost_body(request: &Request<'_>, hints: &Hints) -> Option<Found> {
    let declared = declared_len(hints);
    let signed = "the body as it was sent";
    if let Some((given, declared)) = clipped(&request.body, declared) {
        return Some(Found::new(Cause::BodyMissing, given, format!("{declared} bytes")));
    }
    let form = "application/x-www-form-urlencoded";
    let kind = hints.value("content-type").map(str::to_ascii_lowercase);
    let is_form = kind.is_some_and(|kind| kind.starts_with(form));
    let is_lost = request.body.is_empty() && is_form && !request.websocket && declared.is_none();
    is_lost.then(|| Found::new(Cause::BodyMissing, "an empty body of a form", signed))
}

/// The length that the request declares.
pub(super) fn declared_len(hints: &Hints) -> Option<usize> {
    hints.value("content-length")?.parse().ok()
}

/// How much of a body there is, if it is less than was declared.
pub(super) fn clipped(body: &Body<'_>, declared: Option<usize>) -> Option<(String, usize)> {
    let declared = declared.filter(|declared| *declared > body.len())?;
    let is_raw_or_empty = matches!(body, Body::Raw(_)) || body.is_empty();
    is_raw_or_empty.then(|| match body.len() {
        0 => (String::from("an empty body"), declared),
        len => (format!("{len} bytes of the body"), declared),
    })
}
