//! What Twilio would do with an answer.
//!
//! Sources: <https://www.twilio.com/docs/voice/twiml>,
//! <https://www.twilio.com/docs/messaging/twiml>, <https://www.twilio.com/docs/api/errors>

use crate::deliver::Delivered;
use crate::output::printable;

/// The kinds whose answer is carried out. That of any other is not read.
const CALLS: &[&str] = &["voice", "gather"];
const MESSAGES: &[&str] = &["sms", "mms", "whatsapp"];

/// Longest answer that Twilio reads, in bytes.
const MAX_LEN: usize = 64 * 1_024;

/// Longest reason of the parser that is told, in characters.
const MAX_WHY_LEN: usize = 200;

/// What Twilio does with the answer to a webhook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Use {
    /// It carries the answer out in a call.
    Call,
    /// It carries the answer out for a message.
    Message,
    /// It does not read the answer.
    Nothing,
    /// Not known: an answer in XML is taken as TwiML.
    Unknown,
    /// It wants a WebSocket. The error that it logs if it gets none.
    Socket(u32),
}

impl Use {
    /// That of a kind of fixture, if one is named.
    pub(crate) fn of(kind: Option<&str>, is_handshake: bool) -> Self {
        match kind {
            Some("media-stream") => Self::Socket(31_920),
            _ if is_handshake => Self::Socket(64_102),
            Some(kind) if CALLS.contains(&kind) => Self::Call,
            Some(kind) if MESSAGES.contains(&kind) => Self::Message,
            Some(_) => Self::Nothing,
            None => Self::Unknown,
        }
    }

    /// Whether there is a fallback URL for it: where an answer is carried out.
    pub(crate) const fn has_fallback(self) -> bool {
        matches!(self, Self::Call | Self::Message | Self::Unknown)
    }
}

/// What Twilio would do, and whether that is what one wants.
pub(crate) struct Judgement {
    pub(crate) is_good: bool,
    /// The error that Twilio logs.
    pub(crate) code: Option<u32>,
    pub(crate) text: String,
}

impl Judgement {
    fn good(text: impl Into<String>) -> Self {
        Self { is_good: true, code: None, text: text.into() }
    }

    fn bad(code: u32, text: &str) -> Self {
        Self { is_good: false, code: Some(code), text: format!("{code}: {text}") }
    }
}

/// Judges the answer to a webhook.
pub(crate) fn judge(used: Use, answer: &Delivered) -> Judgement {
    match (answer.status, used) {
        (101, Use::Socket(_)) => Judgement::good("opens the WebSocket"),
        (status, Use::Socket(code)) => {
            Judgement::bad(code, &format!("the handshake wants 101 and got {status}"))
        }
        (200..300, Use::Nothing) => Judgement::good("takes note; it does not read the answer"),
        (200..300, _) => content(used, answer),
        (300..400, _) => Judgement {
            is_good: false,
            code: None,
            text: "follows the redirect, which this command does not".to_owned(),
        },
        (_, Use::Nothing) => Judgement::bad(11_200, "logs that the webhook failed"),
        _ => Judgement::bad(11_200, "asks the fallback URL, if there is one"),
    }
}

/// Judges an answer of status 2xx by its type and text.
fn content(used: Use, answer: &Delivered) -> Judgement {
    if answer.body.len() > MAX_LEN {
        return Judgement::bad(11_750, "the answer is longer than 64 KB");
    }
    if answer.body.is_empty() && used == Use::Message {
        return Judgement::good("sends no message: the answer is empty");
    }
    let content_type = answer.content_type.as_deref().unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match (media_type.as_str(), used) {
        ("text/xml" | "application/xml", _) => document(&answer.body),
        (_, Use::Unknown) => Judgement::good("takes note; an answer that is no XML is no TwiML"),
        ("text/html", _) => document(&answer.body),
        ("text/plain", Use::Message) => Judgement::good("sends the text as a message"),
        ("text/plain", _) => Judgement::good("reads the text out and hangs up"),
        (audio, Use::Call) if audio.starts_with("audio/") => {
            Judgement::good("plays the audio and hangs up")
        }
        ("", _) => Judgement::bad(12_300, "the answer has no Content-Type"),
        _ => Judgement::bad(12_300, "a Content-Type that it does not carry out"),
    }
}

fn document(body: &[u8]) -> Judgement {
    let text = str::from_utf8(body).map_err(|error| error.to_string());
    let parsed = text.and_then(|text| {
        let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
        let root = document.root_element();
        let verbs = root.children().filter(roxmltree::Node::is_element).count();
        Ok((root.tag_name().name() == "Response", verbs))
    });
    match parsed {
        Ok((true, 0)) => Judgement::good("does nothing: the TwiML is well-formed, without a verb"),
        Ok((true, 1)) => Judgement::good("carries out the TwiML, which is well-formed: one verb"),
        Ok((true, verbs)) => {
            Judgement::good(format!("carries out the TwiML, which is well-formed: {verbs} verbs"))
        }
        Ok((false, _)) => Judgement::bad(12_102, "the root element is not <Response>"),
        Err(why) => {
            Judgement::bad(12_100, &format!("not well-formed: {}", printable(&why, MAX_WHY_LEN)))
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use twilio_sig::testing::{self, Kind};

    use super::*;

    fn judged(kind: &str, status: u16, content_type: &str, body: &str) -> (bool, String) {
        let content_type = Some(content_type.to_owned()).filter(|text| !text.is_empty());
        let body = body.as_bytes().to_vec();
        let headers = Vec::new();
        let answer = Delivered { status, headers, content_type, body, elapsed: Duration::ZERO };
        let is_handshake = matches!(kind, "media-stream" | "conversation-relay");
        let used = Use::of(Some(kind).filter(|kind| *kind != "saved"), is_handshake);
        let Judgement { is_good, text, .. } = judge(used, &answer);
        (is_good, text.split([':', ' ']).next().unwrap_or_default().to_owned())
    }

    #[test]
    fn an_answer_does_what_twilio_says() {
        let twiml = "<?xml version=\"1.0\"?><Response><Say>Ahoy</Say></Response>";
        let long = "x".repeat(MAX_LEN + 1);
        let deep = "<a>".repeat(20_000);
        for (kind, status, content_type, body, good, expected) in [
            ("voice", 200, "text/xml; charset=utf-8", twiml, true, "carries"),
            ("sms", 200, "Application/XML", "<Response/>", true, "does"),
            ("sms", 204, "", "", true, "sends"),
            ("sms", 200, "text/plain", "Ahoy", true, "sends"),
            ("voice", 200, "text/plain", "Ahoy", true, "reads"),
            ("voice", 200, "audio/mpeg", "x", true, "plays"),
            ("mms", 200, "audio/mpeg", "x", false, "12300"),
            ("sms", 200, "application/json", "{}", false, "12300"),
            ("gather", 200, "", twiml, false, "12300"),
            ("voice", 200, "text/xml", "", false, "12100"),
            ("voice", 200, "text/xml", &twiml.replace("</Say>", ""), false, "12100"),
            ("voice", 200, "text/xml", &format!(" {twiml}"), false, "12100"),
            ("voice", 200, "text/xml", &deep, false, "12100"),
            ("voice", 200, "text/html", "<html></html>", false, "12102"),
            ("voice", 200, "text/xml", "<response/>", false, "12102"),
            ("voice", 200, "text/xml", &long, false, "11750"),
            ("whatsapp", 403, "text/plain", "", false, "11200"),
            ("call-status", 500, "", "", false, "11200"),
            ("call-status", 200, "application/json", &long, true, "takes"),
            ("sms", 302, "", "", false, "follows"),
            ("saved", 200, "text/xml", twiml, true, "carries"),
            ("saved", 200, "text/xml", "<Response>", false, "12100"),
            ("saved", 204, "", "", true, "takes"),
            ("saved", 500, "", "", false, "11200"),
            ("media-stream", 101, "", "", true, "opens"),
            ("media-stream", 200, "", "", false, "31920"),
            ("conversation-relay", 403, "", "", false, "64102"),
        ] {
            let start: String = body.chars().take(20).collect();
            let found = judged(kind, status, content_type, body);
            assert_eq!(
                found,
                (good, expected.to_owned()),
                "{kind} {status} {content_type} {start}"
            );
        }
    }

    #[test]
    fn the_kinds_exist() {
        let exist: Vec<_> = testing::kinds().iter().map(Kind::name).collect();
        for kind in CALLS.iter().chain(MESSAGES) {
            assert!(exist.contains(kind), "{kind}");
        }
    }
}
