//! HTTP/2 as text: pseudo-headers (`:method: POST`) first, as nghttp, h2load, Chrome and Wireshark
//! print them, then an empty line and the body; or the lines `> …` of `curl --verbose`.

use crate::failure::Failure;
use crate::http::HttpRequest;

/// Whether the head is that of a dump. The body is not looked into: its sender writes that.
pub(super) fn is_one(text: &[u8]) -> bool {
    let lines = text.split(|&byte| byte == b'\n');
    let mut lines = lines.take_while(|line| !line.trim_ascii().is_empty());
    lines.any(|line| header(line).is_some_and(|(name, _)| name == ":method" || name == ":path"))
        || text.starts_with(b"> ")
}

pub(super) fn read(text: &[u8]) -> Result<HttpRequest, Failure> {
    if text.starts_with(b"> ") {
        return verbose(text);
    }
    let (mut method, mut path, mut scheme, mut authority) = ("GET", None, None, None);
    let mut headers = Vec::new();
    let mut rest = text;
    // An empty line ends the head; so does the end.
    while let Some(line) = rest.split(|&byte| byte == b'\n').next().filter(|_| !rest.is_empty()) {
        rest = rest.get(line.len().saturating_add(1)..).unwrap_or_default();
        if line.trim_ascii().is_empty() {
            break;
        }
        let Some((name, value)) = header(line) else { continue };
        match name {
            ":method" => method = value,
            ":path" => path = Some(value.to_owned()),
            ":scheme" => scheme = Some(value.to_owned()),
            ":authority" => authority = Some(value.to_owned()),
            // RFC 8441: a WebSocket over HTTP/2.
            ":protocol" => {
                method = "GET";
                headers.push(("upgrade".to_owned(), value.to_owned()));
            }
            name if name.starts_with(':') => {}
            name => headers.push((name.to_owned(), value.to_owned())),
        }
    }
    let path = path.ok_or_else(|| Failure::usage("the HTTP/2 dump has no :path"))?;
    let target = match (scheme, authority) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}{path}"),
        (_, Some(authority)) => {
            headers.push(("host".to_owned(), authority));
            path
        }
        _ => path,
    };
    let mut request = HttpRequest::new(method.to_owned(), target, headers, Vec::new());
    (request.body, request.fault) = request.body_of(rest);
    Ok(request)
}

/// What `curl --verbose` says that it sent: a head of HTTP/1 whatever the version, and no body.
fn verbose(text: &[u8]) -> Result<HttpRequest, Failure> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let sent = lines.filter_map(|line| match line.strip_prefix(b"> ") {
        Some(sent) => Some(sent),
        None => line.strip_prefix(b">"),
    });
    let head = [sent.collect::<Vec<_>>().concat(), b"\r\n".to_vec()].concat();
    HttpRequest::parse(&head)
}

/// A header line without what tools print before it: white space, `[  0.012]`, `recv (stream_id=1)`.
fn header(line: &[u8]) -> Option<(&str, &str)> {
    let mut line = str::from_utf8(line).ok()?.trim();
    if line.starts_with(';') {
        return None;
    }
    if let Some(rest) = line.strip_prefix('[') {
        line = rest.split_once(']')?.1.trim_start();
    }
    for verb in ["recv ", "send ", "Header: "] {
        line = line.strip_prefix(verb).unwrap_or(line);
    }
    if let Some(rest) = line.strip_prefix("(stream_id=") {
        line = rest.split_once(") ")?.1;
    }
    // The colon of a pseudo-header is not the one behind the name.
    let pseudo = usize::from(line.starts_with(':'));
    let end = line.get(pseudo..)?.find(':')?.checked_add(pseudo)?;
    let (name, value) = line.split_at_checked(end)?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b":-_".contains(&byte);
    name.bytes().all(is_name).then(|| (name, value.strip_prefix(':').unwrap_or(value).trim()))
}

#[cfg(test)]
mod tests {
    use crate::capture::read;

    #[test]
    fn pseudo_headers_are_the_url() {
        let dump = ":method: POST\n:path: /sms?a=1\n:scheme: https\n:authority: e.com\n\
                    x-twilio-signature: s=\ncontent-length: 6\n\nBody=a\n";
        let nghttpd = dump
            .split_inclusive('\n')
            .map(|line| {
                if line.contains(": ") { "[  0.012] recv (stream_id=1) " } else { "" }.to_owned()
                    + line
            })
            .collect::<String>();
        let nghttp = dump.replace(":path", "      ; Open new stream\n          :path");
        for text in [dump, &nghttpd, &nghttp] {
            let request = read(text.as_bytes(), None).unwrap();
            assert_eq!(request.target, "https://e.com/sms?a=1", "{text}");
            assert_eq!(request.header("X-Twilio-Signature").as_deref(), Some("s="));
            assert_eq!(request.body, b"Body=a");
        }
    }

    /// The sender of a message writes its text, and must not choose how the file is read.
    #[test]
    fn a_body_does_not_make_a_dump_of_a_request() {
        let text = "POST /sms HTTP/1.1\r\nHost: e.com\r\n\r\n:method: POST\n:path: /evil\n";
        assert_eq!(read(text.as_bytes(), None).unwrap().target, "/sms");
    }

    #[test]
    fn a_socket_over_http_2_is_a_handshake() {
        let dump = ":method: CONNECT\n:protocol: websocket\n:path: /m\n:authority: e.com\n";
        let request = read(dump.as_bytes(), None).unwrap();
        assert_eq!(request.header("upgrade").as_deref(), Some("websocket"));
        assert_eq!(
            (request.target.as_str(), request.header("host").as_deref()),
            ("/m", Some("e.com"))
        );
        assert!(read(b":method: GET\n:authority: e.com\n", None).is_err(), "no path");
    }

    #[test]
    fn what_curl_says_it_sent_is_read() {
        let text = "> GET /sms?a=1 HTTP/2\r\n> Host: e.com\r\n> X-Twilio-Signature: s=\r\n> \r\n< HTTP/2 403\r\n";
        let request = read(text.as_bytes(), None).unwrap();
        assert_eq!(request.target, "/sms?a=1");
        assert_eq!(request.header("x-twilio-signature").as_deref(), Some("s="));
    }
}
