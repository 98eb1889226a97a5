//! What looks odd in a request that nothing explains, and what would help most.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::address::readings;
use super::attempt::{Body, Request};
use super::hints::Hints;
use super::keys;

/// What must be said even if the signature is explained.
pub(super) fn always(hints: &Hints) -> Vec<String> {
    let malformed = hints.configured_url.as_deref().filter(|url| readings(url).is_empty());
    let remark = malformed
        .map(|url| format!("the configured URL `{url}` is not one: it needs a scheme and a host"));
    remark.into_iter().collect()
}

/// What would help, the most helpful first.
pub(super) fn all(request: &Request<'_>, hints: &Hints) -> Vec<String> {
    let mut remarks = always(hints);
    remarks.extend(of_body(request, hints));
    if hints.configured_url.is_none() {
        let url = "tell the URL as it is configured in Twilio's console, and more can be tried";
        remarks.push(url.into());
    }
    if hints.keys.is_empty() {
        let tokens = "tell the secondary token and those of other accounts, and they are tried";
        remarks.push(tokens.into());
    }
    remarks.extend(keys::remarks(hints));
    if let Some(agent) = hints.value("user-agent").filter(|agent| !agent.starts_with("TwilioProxy"))
    {
        remarks.push(format!("the User-Agent is `{agent}`; Twilio's begins with TwilioProxy"));
    }
    remarks.push(
        "compare with what Twilio's console shows of this request: its URL and its parameters"
            .into(),
    );
    remarks
}

fn of_body(request: &Request<'_>, hints: &Hints) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut remark = |text: &str| remarks.push(String::from(text));
    match request.body {
        Body::Params([_, ..]) => remark(
            "give the raw body: these are parameters that a framework parsed, which keeps one \
             value of a name, trims values, or drops empty ones, and cannot be undone in full",
        ),
        _ if request.body.is_empty() && !request.websocket => remark(
            "the body is empty; if Twilio sends a POST here, its parameters are missing \
             (body_missing): keep the raw body before any parser reads it",
        ),
        _ => {}
    }
    let is_json = hints.value("content-type").is_some_and(|kind| kind.contains("json"));
    if is_json && !request.url.contains("bodySHA256") {
        remark("the body is JSON, but the URL has no bodySHA256: Twilio adds it");
    }
    let replaced = "\u{fffd}".as_bytes();
    let is_lossy = |text: &[u8]| text.windows(replaced.len()).any(|window| window == replaced);
    let has_lost = match request.body {
        Body::Raw(body) => is_lossy(body) || is_lossy_escape(body),
        Body::Params(params) => params.iter().any(|(_, value)| is_lossy(value.as_bytes())),
    };
    if has_lost {
        remark("a value holds U+FFFD: its bytes were lost when it was read as text");
    }
    remarks
}

/// Whether there is a U+FFFD in percent escapes.
fn is_lossy_escape(body: &[u8]) -> bool {
    body.windows(9).any(|window| window.eq_ignore_ascii_case(b"%EF%BF%BD"))
}
