//! Answers to Twilio, as they are sent and as they are kept for a duplicate.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use twilio_sig::claim;
use twilio_sig_tower::GateResponse;

use crate::fault::Fault;

const TWIML: &str = "text/xml; charset=utf-8";
const JSON: &str = "application/json";

/// An answer below 400.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
    /// Whether it is given again.
    is_duplicate: bool,
}

impl Reply {
    /// An answer as another service gave it.
    pub(crate) const fn new(status: u16, content_type: String, body: Bytes) -> Self {
        Self { status, content_type, body, is_duplicate: false }
    }

    /// What is to be done with a call or a message: the verbs of a `<Response>`.
    pub(crate) fn twiml(verbs: &str) -> Self {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        let body = Bytes::from(format!("{head}<Response>{verbs}</Response>"));
        Self::new(200, TWIML.into(), body)
    }

    /// 204.
    pub(crate) const fn no_content() -> Self {
        Self::new(204, String::new(), Bytes::new())
    }

    /// `{"success":true}`.
    pub(crate) fn success() -> Self {
        Self::new(200, JSON.into(), Bytes::from_static(br#"{"success":true}"#))
    }

    /// `{"success":true,"duplicate":true}`.
    pub(crate) fn duplicate() -> Self {
        let answer = GateResponse::duplicate();
        let content_type = answer.content_type().unwrap_or_default().to_owned();
        Self::new(answer.status(), content_type, answer.into_body()).again()
    }

    /// The same answer, marked as given again.
    pub(crate) fn again(mut self) -> Self {
        self.is_duplicate = true;
        self
    }

    /// As a claim keeps it.
    pub(crate) fn encode(&self) -> Result<claim::Answer, Fault> {
        let Self { status, content_type, body, .. } = self;
        let head = format!("{status}\n{content_type}\n");
        Ok(claim::Answer::new(&[head.as_bytes(), body].concat())?)
    }

    /// As a claim has kept it. What cannot be read is as good as no body.
    pub(crate) fn decode(answer: &[u8]) -> Self {
        let mut parts = answer.splitn(3, |byte| *byte == b'\n');
        let mut text = || str::from_utf8(parts.next()?).ok();
        let (status, content_type) = (text(), text());
        match (status.and_then(|status| status.parse().ok()), content_type, parts.next()) {
            (Some(status), Some(content_type), Some(body)) => {
                Self::new(status, content_type.to_owned(), Bytes::copy_from_slice(body))
            }
            _ => Self::no_content(),
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::try_from(self.content_type)
            && !value.is_empty()
        {
            headers.insert(CONTENT_TYPE, value);
        }
        if self.is_duplicate {
            headers.insert(GateResponse::REPLAYED_HEADER, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_byte_for_byte() {
        for reply in [
            Reply::twiml("<Say>a\nb</Say>"),
            Reply::success(),
            Reply::new(204, String::new(), Bytes::new()),
            Reply::new(201, "application/octet-stream".into(), Bytes::from_static(b"\n\0\n\xff")),
        ] {
            assert_eq!(Reply::decode(reply.encode().unwrap().as_bytes()), reply);
        }
    }

    #[test]
    fn what_is_no_answer_is_empty() {
        for bytes in [&b""[..], b"200", b"200\n", b"x\ntext/xml\n<Response/>", b"\xff\n\n"] {
            let reply = Reply::decode(bytes);
            assert_eq!((reply.status, reply.body.len()), (204, 0), "{bytes:?}");
        }
    }
}
