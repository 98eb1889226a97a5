//! HAR, which browsers, Charles, Fiddler, Proxyman and Insomnia export.
//!
//! Source: <http://www.softwareishard.com/blog/har-12-spec/>

use serde::Deserialize;

use super::{fields, from_str};
use crate::failure::Failure;
use crate::http::HttpRequest;

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default = "get")]
    method: String,
    url: String,
    headers: Vec<Header>,
    post_data: Option<PostData>,
    body_size: Option<i64>,
}

fn get() -> String {
    "GET".to_owned()
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
    /// Not of the standard; of those that save bytes.
    #[serde(alias = "_encoding")]
    encoding: Option<String>,
}

pub(super) fn read(document: &str) -> Result<Vec<HttpRequest>, Failure> {
    let file: File = from_str("HAR", document)?;
    file.log.entries.into_iter().map(|entry| request(entry.request)).collect()
}

fn request(request: Request) -> Result<HttpRequest, Failure> {
    let data = request.post_data;
    let encoding = data.as_ref().and_then(|data| data.encoding.clone());
    let body = match (data.and_then(|data| data.text), encoding.as_deref()) {
        (Some(text), Some("base64")) => fields::decode(&text)?,
        (Some(text), _) => text.into_bytes(),
        (None, _) if request.body_size.is_some_and(|size| size > 0) => {
            return Err(Failure::usage(
                "the HAR file does not hold the body: export it with its content, or as raw HTTP",
            ));
        }
        (None, _) => Vec::new(),
    };
    // Pseudo-headers of HTTP/2 say what the URL says.
    let headers = request.headers.into_iter().filter(|header| !header.name.starts_with(':'));
    let headers = headers.map(|header| (header.name, header.value)).collect();
    Ok(HttpRequest::new(request.method, request.url, headers, body))
}

#[cfg(test)]
mod tests {
    use crate::capture::read;

    const HAR: &str = r#"{"log":{"version":"1.2","creator":{"name":"Proxyman","version":"5"},"entries":[
      {"startedDateTime":"2026-11-26T04:00:00Z","time":3,"request":{"method":"GET",
       "url":"https://e.com/favicon.ico","httpVersion":"HTTP/2","headers":[],"queryString":[],
       "cookies":[],"headersSize":-1,"bodySize":0},"response":{},"cache":{},"timings":{}},
      {"startedDateTime":"2026-11-26T04:00:00Z","time":3,"request":{"method":"POST",
       "url":"https://e.com/sms?a=1","httpVersion":"HTTP/2",
       "headers":[{"name":":authority","value":"e.com"},{"name":"x-twilio-signature","value":"s="}],
       "queryString":[{"name":"a","value":"1"}],"cookies":[],"headersSize":-1,"bodySize":11,
       "postData":{"mimeType":"application/x-www-form-urlencoded","text":"Body=%2B1+1",
       "params":[{"name":"Body","value":"+1 1"}]}},"response":{},"cache":{},"timings":{}}]}}"#;

    #[test]
    fn the_signed_entry_is_the_one() {
        let request = read(HAR.as_bytes(), None).unwrap();
        assert_eq!(request.target, "https://e.com/sms?a=1");
        assert_eq!(request.body, b"Body=%2B1+1");
        assert_eq!(request.headers, [("x-twilio-signature".to_owned(), "s=".to_owned())]);
        assert_eq!(read(HAR.as_bytes(), Some(1)).unwrap().target, "https://e.com/favicon.ico");
        for none in [0, 3] {
            assert_eq!(read(HAR.as_bytes(), Some(none)).unwrap_err().status(), 2);
        }
    }

    #[test]
    fn a_body_is_text_or_base64_and_is_not_made_up() {
        let base64 = HAR.replace(r#""text":"Body=%2B1+1""#, r#""text":"/wA=","encoding":"base64""#);
        assert_eq!(read(base64.as_bytes(), None).unwrap().body, b"\xff\0");
        let lost = HAR.replace(r#""text":"Body=%2B1+1","#, "");
        assert!(read(lost.as_bytes(), None).is_err());
    }
}
