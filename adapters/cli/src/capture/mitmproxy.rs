//! Flows of mitmproxy as its add-on `jsondump` writes them, one object a line.
//!
//! Bytes are written as Python shows them (`\r`, `\xf0`), or as base64 if the option
//! `dump_encodecontent` is set. No member says which: the Content-Length does.
//!
//! Source: `examples/contrib/jsondump.py` of <https://github.com/mitmproxy/mitmproxy>

use serde::Deserialize;

use super::fields::{self, Fields};
use super::from_str;
use crate::failure::Failure;
use crate::http::HttpRequest;

#[derive(Deserialize)]
struct Flow {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    scheme: String,
    host: Option<String>,
    pretty_host: Option<String>,
    port: u16,
    path: String,
    headers: Headers,
    content: Option<String>,
    #[serde(rename = "contentLength")]
    content_length: Option<u64>,
}

/// `jsondump` writes an object, which has of a repeated header the last alone; mitmproxy's web
/// interface a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Headers {
    Object(Fields),
    List(Vec<(String, String)>),
}

pub(super) fn read(document: &str) -> Result<HttpRequest, Failure> {
    let flow: Flow = from_str("a flow of mitmproxy", document)?;
    let Request { method, scheme, host, pretty_host, port, path, headers, content, content_length } =
        flow.request;
    let headers = match headers {
        Headers::Object(Fields(headers)) | Headers::List(headers) => headers,
    };
    let length = fields::find(&headers, "content-length").and_then(|text| text.parse().ok());
    let body = match content {
        Some(text) => body(&text, length)?,
        None if content_length.is_some_and(|length| length > 0) => {
            return Err(Failure::usage(
                "the flow does not hold the body: export it as a raw request",
            ));
        }
        None => Vec::new(),
    };
    let is_usual = matches!((scheme.as_str(), port), ("https", 443) | ("http", 80));
    let own = fields::find(&headers, "host").map(str::to_owned).or(pretty_host);
    let authority =
        own.or_else(|| host.map(|host| if is_usual { host } else { format!("{host}:{port}") }));
    let authority = authority.ok_or_else(|| Failure::usage("the flow names no host"))?;
    Ok(HttpRequest::new(method, format!("{scheme}://{authority}{path}"), headers, body))
}

fn body(text: &str, length: Option<usize>) -> Result<Vec<u8>, Failure> {
    let plain = unescaped(text);
    match (plain, length) {
        (Some(plain), None) => Ok(plain),
        (Some(plain), Some(length)) if plain.len() == length => Ok(plain),
        (plain, length) => match (fields::decode(text), plain) {
            (Ok(body), _) if length.is_none_or(|length| body.len() == length) => Ok(body),
            _ => Err(Failure::usage("the body of the flow is not as long as its Content-Length")),
        },
    }
}

/// The bytes that Python shows so, or `None` if it shows none so.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let (escape, after) = rest.split_first()?;
        rest = after;
        bytes.push(match escape {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' | b'\'' | b'"' => *escape,
            b'x' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use crate::capture::read;

    fn flow(length: &str, content: &str) -> String {
        format!(
            r#"{{"type":"http","id":"1","version":21,"request":{{"method":"POST","scheme":"https",
            "host":"10.0.0.1","port":443,"path":"/sms?a=1","authority":"","http_version":"HTTP/1.1",
            "headers":[["Host","e.com"],["Content-Length","{length}"],["X-Twilio-Signature","s="]],
            "content":{content},"timestamp_start":1.5}},"response":null}}"#
        )
    }

    #[test]
    fn content_is_bytes_as_python_shows_them_or_base64() {
        for (length, content, body) in [
            ("6", r#""Body=a""#, &b"Body=a"[..]),
            ("6", r#""Qm9keT1h""#, b"Body=a"),
            ("5", r#""a\\r\\n\\xff\\\\""#, b"a\r\n\xff\\"),
            ("8", r#""Qm9keT1h""#, b"Qm9keT1h"),
        ] {
            let request = read(flow(length, content).as_bytes(), None).unwrap();
            assert_eq!(request.body, body);
            assert_eq!(request.target, "https://e.com/sms?a=1");
        }
        assert!(read(flow("7", r#""Body=a""#).as_bytes(), None).is_err());
        let lost = flow("6", r#"null,"contentLength":6"#);
        assert!(read(lost.as_bytes(), None).is_err());
    }

    /// As the add-on writes it, with what it adds to help a search engine.
    #[test]
    fn headers_are_an_object_or_a_list() {
        let list = r#"[["Host","e.com"],["Content-Length","6"],["X-Twilio-Signature","s="]]"#;
        let object = r#"{"Host":"e.com","Content-Length":"6","X-Twilio-Signature":"s="}"#;
        let listed = flow("6", r#""Body=a""#);
        let dumped = listed.replace(list, object);
        assert_ne!(listed, dumped);
        let [listed, dumped] = [listed, dumped].map(|text| read(text.as_bytes(), None).unwrap());
        assert_eq!(listed.headers, dumped.headers);
        assert_eq!(dumped.body, b"Body=a");
    }

    #[test]
    fn of_several_lines_or_a_list_one_is_chosen() {
        let (one, two) = (flow("1", r#""a""#), flow("1", r#""b""#));
        for text in [format!("{one}\n{two}\n"), format!("[{one},{two}]")] {
            assert_eq!(read(text.as_bytes(), Some(2)).unwrap().body, b"b");
            assert!(read(text.as_bytes(), None).is_err(), "two are signed");
        }
    }
}
