//! A raw HTTP request, as a debugging proxy saves it.

use crate::failure::Failure;

/// The most headers of a request.
const MAX_HEADERS: usize = 256;

/// A request, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names and values; those that are not UTF-8 are left out.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The file beside it that a comment names: `# @token-file NAME`.
    pub(crate) token_file: Option<String>,
    /// What is wrong with its body: it is cut off, or of no known length.
    pub(crate) fault: Option<String>,
}

impl HttpRequest {
    /// One of these parts.
    pub(crate) const fn new(
        method: String,
        target: String,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Self {
        Self { method, target, headers, body, fault: None, token_file: None }
    }

    /// Reads HTTP/1 text with line breaks of either kind. Comment lines that begin with `#` may
    /// come before it. The body is what `Content-Length` says; without one, all the rest but a
    /// last line break; a chunked one is put together.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let (comments, text) = comments(text);
        let head = as_http_1(text);
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let malformed = |why: &str| {
            Failure::usage(format!(
                "not a raw HTTP request: {why}; `twilio-sig verify --help` lists what is read"
            ))
        };
        let length = match request.parse(&head) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Err(malformed("no empty line ends its head")),
            Err(error) => return Err(malformed(&error.to_string())),
        };
        let method = request.method.unwrap_or_default().to_owned();
        let target = request.path.unwrap_or_default().to_owned();
        let text = |bytes| str::from_utf8(bytes).ok().map(str::to_owned);
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .filter_map(|header| Some((header.name.to_owned(), text(header.value)?)))
            .collect();
        let rest = head.get(length..).unwrap_or_default();
        let (body, token_file) = (Vec::new(), token_file(comments));
        let mut request = Self { method, target, headers, body, token_file, fault: None };
        (request.body, request.fault) = request.body_of(rest);
        Ok(request)
    }

    /// The values of a header, joined as proxies join them. `None` if there is none.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let own = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let values: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The request, if all of it was saved.
    ///
    /// # Errors
    /// [`Failure::Usage`] if its body is cut off.
    pub(crate) fn whole(self) -> Result<Self, Failure> {
        match self.fault {
            Some(fault) => Err(Failure::usage(format!("{fault}; save the request again, whole"))),
            None => Ok(self),
        }
    }

    /// Whether its body is a form, as far as it says.
    pub(crate) fn is_form(&self) -> bool {
        let media_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        media_type.is_empty() || media_type.contains("application/x-www-form-urlencoded")
    }

    /// Whether it opens a WebSocket.
    pub(crate) fn is_handshake(&self) -> bool {
        self.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }

    /// The body, and what is wrong with it.
    pub(crate) fn body_of(&self, rest: &[u8]) -> (Vec<u8>, Option<String>) {
        let fault = |text: &str| Some(text.to_owned());
        if self.header("transfer-encoding").is_some_and(|value| value.ends_with("chunked")) {
            let (body, is_whole) = unchunked(rest);
            return (body, (!is_whole).then(|| "the chunked body is cut off".to_owned()));
        }
        let Some(length) = self.header("content-length") else {
            let body = rest.strip_suffix(b"\n").unwrap_or(rest);
            return (body.strip_suffix(b"\r").unwrap_or(body).to_vec(), None);
        };
        let Ok(length) = length.parse::<usize>() else {
            return (rest.to_vec(), fault("the Content-Length is not a number"));
        };
        if let Some(body) = rest.get(..length) {
            return (body.to_vec(), None);
        }
        let has = rest.len();
        let cut = format!("the body is cut off: Content-Length is {length}, it has {has}");
        (rest.to_vec(), Some(cut))
    }
}

/// Cuts off the comment lines and the empty ones at the top.
pub(crate) fn comments(text: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0_usize;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"#") || line.trim_ascii().is_empty() {
            end = end.saturating_add(line.len());
        } else {
            break;
        }
    }
    text.split_at_checked(end).unwrap_or((text, &[]))
}

/// The file that a comment names.
pub(crate) fn token_file(comments: &[u8]) -> Option<String> {
    let mut lines = str::from_utf8(comments).ok()?.lines();
    let name = lines.find_map(|line| line.strip_prefix("# @token-file ")).map(str::trim)?;
    // A file beside the request and nowhere else.
    let plain = !name.is_empty() && !name.contains(['/', '\\', ':']) && !name.starts_with('.');
    plain.then(|| name.to_owned())
}

/// The text with a request line of HTTP/1.1: proxies also save `HTTP/2`, or no version.
fn as_http_1(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    let (line, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    let words: Vec<&[u8]> =
        line.trim_ascii().split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect();
    match *words.as_slice() {
        [method, target] => [method, b" ", target, b" HTTP/1.1\r", rest].concat(),
        [method, target, version] if version.starts_with(b"HTTP/2") || version == b"HTTP/3" => {
            [method, b" ", target, b" HTTP/1.1\r", rest].concat()
        }
        _ => text.to_vec(),
    }
}

/// The body of the chunks, and whether the last one ends it.
fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(rest) {
        if length == 0 {
            return (body, true);
        }
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        let Some((chunk, after)) =
            end.and_then(|end| Some((rest.get(start..end)?, rest.get(end..)?)))
        else {
            body.extend_from_slice(rest.get(start..).unwrap_or_default());
            break;
        };
        body.extend_from_slice(chunk);
        let Some(next) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")) else {
            break;
        };
        rest = next;
    }
    (body, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> HttpRequest {
        HttpRequest::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn heads_of_every_kind_are_read() {
        for line in [
            "POST /s?a=1 HTTP/1.1\r",
            "POST /s?a=1 HTTP/1.0",
            "POST /s?a=1 HTTP/2\r",
            "POST /s?a=1",
        ] {
            let request = parse(&format!("{line}\nHost: e.com\nX-A: 1\nx-a: 2\n\nBody=Ahoy\n"));
            assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/s?a=1"));
            assert_eq!(request.header("HOST").as_deref(), Some("e.com"));
            assert_eq!(request.header("X-A").as_deref(), Some("1, 2"));
            assert_eq!(request.body, b"Body=Ahoy");
        }
    }

    #[test]
    fn the_body_is_what_the_head_says() {
        let body = |head: &str, rest: &str| {
            let request = parse(&format!("POST / HTTP/1.1\r\n{head}\r\n\r\n{rest}"));
            (String::from_utf8(request.body).unwrap(), request.fault.is_some())
        };
        let whole = |text: &str| (text.to_owned(), false);
        let cut = |text: &str| (text.to_owned(), true);
        assert_eq!(body("Content-Length: 4", "a=1\n\n"), whole("a=1\n"));
        assert_eq!(body("Content-Length: 9", "a=1"), cut("a=1"));
        assert_eq!(body("Content-Length: x", "a=1"), cut("a=1"));
        let chunked = "Transfer-Encoding: chunked";
        assert_eq!(body(chunked, "2\r\na=\r\n1\r\n1\r\n0\r\n\r\n"), whole("a=1"));
        assert_eq!(body(chunked, "2\r\na=\r\n"), cut("a="));
        assert_eq!(body(chunked, "9\r\na="), cut("a="));
    }

    #[test]
    fn a_comment_can_name_a_file_beside_it_and_no_other() {
        let named = |name: &str| {
            parse(&format!("# A request\n# @token-file {name}\n\nGET / HTTP/1.1\n\n")).token_file
        };
        assert_eq!(named("token.txt").as_deref(), Some("token.txt"));
        for elsewhere in ["../token.txt", "/etc/passwd", ".env", "a/b", "c:token", ""] {
            assert_eq!(named(elsewhere), None, "{elsewhere}");
        }
        assert!(HttpRequest::parse(b"GET / HTTP/1.1\nHost: e.com\n").is_err());
    }
}
