//! A `curl` command line, as browsers, mitmproxy, Postman and people write it.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::shell;
use crate::failure::Failure;
use crate::http::HttpRequest;

/// Options with an argument that says nothing of the request's bytes.
#[rustfmt::skip]
const IGNORED: &[&str] = &[
    "--output", "-o", "--max-time", "-m", "--connect-timeout", "--proxy", "-x",
    "--resolve", "--connect-to", "--cacert", "--cert", "-E", "--key", "--write-out", "-w", "--retry",
    "--user", "-u", "--max-redirs",
];

/// Options without one.
#[rustfmt::skip]
const FLAGS: &[&str] = &[
    "--compressed", "--insecure", "-k", "--silent", "-s", "--show-error", "-S", "--location", "-L",
    "--include", "-i", "--verbose", "-v", "--http1.1", "--http2", "--http2-prior-knowledge", "--fail",
    "-f", "--globoff", "-g", "--path-as-is", "--no-buffer", "-N", "-sS", "-sk", "-ki", "-iv", "-vk",
    "--tlsv1.2", "-4", "-6",
];

/// Whether the text begins with the word `curl`.
pub(super) fn is_one(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"$ ").unwrap_or(text);
    let text = text.strip_prefix(b"curl.exe").or_else(|| text.strip_prefix(b"curl"));
    text.and_then(<[u8]>::first).is_some_and(u8::is_ascii_whitespace)
}

pub(super) fn read(text: &[u8]) -> Result<HttpRequest, Failure> {
    let unclear = || {
        Failure::usage(
            "not a curl command: it is not UTF-8, or a quote does not end; copy all of it",
        )
    };
    let text = str::from_utf8(text).map_err(|_| unclear())?;
    let words = shell::words(text.strip_prefix("$ ").unwrap_or(text)).ok_or_else(unclear)?;
    let mut command = Command::default();
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let Ok(name) = String::from_utf8(word) else { return Err(unclear()) };
        let (name, attached) = split(name);
        if !name.starts_with('-') {
            command.url(name)?;
        } else if name == "--get" || name == "-G" {
            command.get = true;
        } else if !FLAGS.contains(&name.as_str()) {
            let lacks = || Failure::usage(format!("the curl option {name} lacks its value"));
            let value = attached.map(String::into_bytes).or_else(|| words.next());
            command.option(&name, &value.ok_or_else(lacks)?)?;
        }
    }
    command.finish()
}

/// `--data=x` and `-dx` as name and value. Options in one word (`-sS`) stay as they are.
fn split(word: String) -> (String, Option<String>) {
    if let Some((name, value)) = word.split_once('=').filter(|(name, _)| name.starts_with("--")) {
        return (name.to_owned(), Some(value.to_owned()));
    }
    let attached = ["-d", "-H", "-X", "-u", "-A", "-b", "-e"].into_iter().find_map(|name| {
        let value = word.strip_prefix(name).filter(|value| !value.is_empty())?;
        Some((name.to_owned(), Some(value.to_owned())))
    });
    attached.unwrap_or((word, None))
}

#[derive(Default)]
struct Command {
    url: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<Vec<u8>>,
    method: Option<String>,
    get: bool,
    json: bool,
}

impl Command {
    fn url(&mut self, url: String) -> Result<(), Failure> {
        if self.url.replace(url).is_some() {
            return Err(Failure::usage(
                "the curl command has two URLs, or an option not known here",
            ));
        }
        Ok(())
    }

    fn option(&mut self, name: &str, value: &[u8]) -> Result<(), Failure> {
        let text = || {
            let text = str::from_utf8(value).map(str::to_owned);
            text.map_err(|_| Failure::usage(format!("the value of {name} is not UTF-8")))
        };
        match name {
            "--url" => self.url(text()?)?,
            "--header" | "-H" => {
                let text = text()?;
                // `Name;` sends an empty header, `Name:` none.
                if let Some((name, value)) = text.split_once(':') {
                    let value = value.trim();
                    if !value.is_empty() {
                        self.headers.push((name.to_owned(), value.to_owned()));
                    }
                }
            }
            "--request" | "-X" => self.method = Some(text()?),
            "--user-agent" | "-A" => self.headers.push(("User-Agent".to_owned(), text()?)),
            "--referer" | "-e" => self.headers.push(("Referer".to_owned(), text()?)),
            "--cookie" | "-b" => self.headers.push(("Cookie".to_owned(), text()?)),
            "--data-raw" => self.append(value),
            "--data" | "-d" | "--data-ascii" | "--data-binary" | "--json" => {
                if value.starts_with(b"@") {
                    return Err(Failure::usage(format!(
                        "the body is in a file: give it with --body-file instead of {name}"
                    )));
                }
                self.json |= name == "--json";
                self.append(value);
            }
            "--data-urlencode" => {
                let at = value.iter().position(|byte| matches!(byte, b'=' | b'@'));
                let (start, rest) = value.split_at_checked(at.unwrap_or(0)).unwrap_or_default();
                if rest.starts_with(b"@") {
                    return Err(Failure::usage("a body in a file: give it with --body-file"));
                }
                let content = if at.is_some() { rest.get(1..).unwrap_or_default() } else { rest };
                let encoded = percent_encode(content, NON_ALPHANUMERIC).to_string();
                let mark: &[u8] = if start.is_empty() { b"" } else { b"=" };
                self.append(&[start, mark, encoded.as_bytes()].concat());
            }
            _ if IGNORED.contains(&name) => {}
            _ => {
                return Err(Failure::usage(format!(
                    "the curl option {name} is not known here: leave it out if it sends nothing"
                )));
            }
        }
        Ok(())
    }

    fn append(&mut self, data: &[u8]) {
        if let Some(before) = &mut self.data {
            before.push(b'&');
            before.extend_from_slice(data);
        } else {
            self.data = Some(data.to_vec());
        }
    }

    fn finish(self) -> Result<HttpRequest, Failure> {
        let url = self.url.ok_or_else(|| Failure::usage("the curl command has no URL"))?;
        // As curl does.
        let mut url = if url.contains("://") { url } else { format!("http://{url}") };
        let mut body = self.data.unwrap_or_default();
        if self.get && !body.is_empty() {
            let query = String::from_utf8(core::mem::take(&mut body));
            let query = query.map_err(|_| Failure::usage("the query of --get is not UTF-8"))?;
            let mark = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{mark}{query}");
        }
        let usual = if body.is_empty() { "GET" } else { "POST" };
        let method = self.method.unwrap_or_else(|| usual.to_owned());
        let mut request = HttpRequest::new(method, url, self.headers, body);
        if !request.body.is_empty() && request.header("content-type").is_none() {
            let media_type =
                if self.json { "application/json" } else { "application/x-www-form-urlencoded" };
            request.headers.push(("Content-Type".to_owned(), media_type.to_owned()));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::read;

    #[test]
    fn what_browsers_and_proxies_copy_is_read() {
        let chrome = "curl 'https://e.com/sms?a=1' \\\n  -H 'X-Twilio-Signature: s=' \\\n  \
                      -H 'content-type: application/x-www-form-urlencoded' \\\n  \
                      --data-raw $'Body=it\\'s%21' --compressed --insecure\n";
        let mitmproxy =
            "curl -H 'X-Twilio-Signature: s=' -X POST https://e.com/sms?a=1 -d 'Body=it'\\''s%21'";
        let people = "$ curl -sS -XPOST \"https://e.com/sms?a=1\" --header=X-Twilio-Signature:s= \
                      --data \"Body=it's%21\" | jq .";
        for text in [chrome, mitmproxy, people] {
            let request = read(text.as_bytes(), None).unwrap();
            assert_eq!(request.target, "https://e.com/sms?a=1");
            assert_eq!(request.header("x-twilio-signature").as_deref(), Some("s="));
            assert_eq!(request.method, "POST");
            assert_eq!(request.body, b"Body=it's%21", "{text}");
        }
    }

    #[test]
    fn data_is_joined_encoded_or_put_into_the_query() {
        let read = |text: &str| read(text.as_bytes(), None).unwrap();
        assert_eq!(read("curl e.com -d a=1 -d b=2").body, b"a=1&b=2");
        let media_type = |text| read(text).header("content-type");
        assert_eq!(media_type("curl e.com --json {}").as_deref(), Some("application/json"));
        assert_eq!(
            media_type("curl e.com -d a=1").as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(read("curl e.com --data-urlencode 'a=1+1'").body, b"a=1%2B1");
        assert_eq!(read("curl e.com --data-urlencode '=+'").body, b"%2B");
        let agent = read("curl e.com -A 'TwilioProxy/1.1'").header("user-agent");
        assert_eq!(agent.as_deref(), Some("TwilioProxy/1.1"));
        let get = read("curl -G 'e.com/?x' -d a=1");
        assert_eq!((get.target.as_str(), get.body.as_slice()), ("http://e.com/?x&a=1", &b""[..]));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            "curl",
            "curl e.com 'open",
            "curl e.com -d",
            "curl e.com -d @file",
            "curl e.com --form a=b",
            "curl e.com e.org",
            "curl -H 'A: b'",
        ] {
            assert_eq!(
                read(format!("{text} ").as_bytes(), None).unwrap_err().status(),
                2,
                "{text}"
            );
        }
    }
}
