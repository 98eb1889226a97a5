//! What ngrok's inspector tells at `/api/requests/http`: the raw request in base64.
//!
//! Source: <https://ngrok.com/docs/agent/api/#list-captured-requests>

use serde::Deserialize;

use super::{fields, from_str};
use crate::failure::Failure;
use crate::http::HttpRequest;

#[derive(Deserialize)]
struct List {
    requests: Vec<Captured>,
}

#[derive(Deserialize)]
struct Captured {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    raw: String,
}

pub(super) fn read_all(document: &str) -> Result<Vec<HttpRequest>, Failure> {
    let list: List = from_str("ngrok's list of requests", document)?;
    list.requests.iter().map(request).collect()
}

pub(super) fn read(document: &str) -> Result<HttpRequest, Failure> {
    request(&from_str("a request of ngrok", document)?)
}

fn request(captured: &Captured) -> Result<HttpRequest, Failure> {
    HttpRequest::parse(&fields::decode(&captured.request.raw)?)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use crate::capture::read;

    #[test]
    fn the_raw_request_is_read() {
        let raw = "POST /sms HTTP/1.1\r\nHost: x.ngrok.app\r\nContent-Length: 6\r\n\
                   X-Twilio-Signature: s=\r\nX-Forwarded-Proto: https\r\n\r\nBody=a";
        let one = format!(
            r#"{{"uri":"/api/requests/http/airt_1","id":"airt_1","tunnel_name":"command_line",
            "remote_addr":"54.0.0.1","start":"2026-11-26T04:00:00Z","duration":2000,
            "request":{{"method":"POST","proto":"HTTP/1.1","headers":{{"Host":["x.ngrok.app"]}},
            "uri":"/sms","raw":"{}"}},"response":{{"status":"403 Forbidden","raw":""}}}}"#,
            STANDARD.encode(raw)
        );
        let list = format!(r#"{{"requests":[{one}],"uri":"/api/requests/http"}}"#);
        for text in [one.as_str(), &list] {
            let request = read(text.as_bytes(), None).unwrap();
            assert_eq!(request.target, "/sms");
            assert_eq!(request.header("host").as_deref(), Some("x.ngrok.app"));
            assert_eq!(request.body, b"Body=a");
        }
        let broken = one.replace(&STANDARD.encode(raw), "*");
        assert!(read(broken.as_bytes(), None).is_err());
    }
}
