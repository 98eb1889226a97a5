//! Requests as bytes on a socket, so that nothing between test and server mends them.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

/// How long an answer may take. None takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// How an answer begins that asks for the body.
const CONTINUE: [u8; 12] = *b"HTTP/1.1 100";

/// A request to be written.
#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    framing: Framing,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
    /// One byte at a time, a moment apart.
    Slow,
    /// Says that this many bytes more will come, and ends.
    Short(usize),
    /// The last chunk never comes.
    ShortChunked,
    /// Says that the body is shorter by this many bytes than what comes.
    Long(usize),
    /// The body comes when the server has said that it wants it.
    Expect,
    /// The body never comes, whatever the server says.
    Unsent,
}

impl Request {
    pub fn new(method: &'static str, target: &str) -> Self {
        let (headers, framing) = (Vec::new(), Framing::Length);
        Self { method, target: target.to_owned(), headers, body: Vec::new(), framing }
            .header("connection", "close")
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Vec::from(body.as_ref());
        self
    }

    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    pub fn slow(mut self) -> Self {
        self.framing = Framing::Slow;
        self
    }

    pub fn short_by(mut self, bytes: usize) -> Self {
        self.framing = Framing::Short(bytes);
        self
    }

    pub fn short_chunked(mut self) -> Self {
        self.framing = Framing::ShortChunked;
        self
    }

    pub fn long_by(mut self, bytes: usize) -> Self {
        self.framing = Framing::Long(bytes);
        self
    }

    pub fn expect(mut self) -> Self {
        self.framing = Framing::Expect;
        self.header("expect", "100-continue")
    }

    pub fn unsent(mut self) -> Self {
        self.framing = Framing::Unsent;
        self.header("expect", "100-continue")
    }

    /// Sends it and reads what comes back. `None`: the server closed without a word.
    pub fn send(&self, server: SocketAddr) -> io::Result<Option<Response>> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        // A server that has refused may close before it has read all: that is no error of ours.
        let _ = self.write(&mut stream);
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
        while !Response::is_complete(&bytes) {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => bytes.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            }
        }
        if bytes.is_empty() { Ok(None) } else { Response::parse(&bytes).map(Some) }
    }

    /// Sends it and goes away.
    pub fn abandon(&self, server: SocketAddr) -> io::Result<()> {
        self.start(server).map(drop)
    }

    /// Sends it, and leaves its answer where it is.
    pub fn start(&self, server: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(server)?;
        self.write(&mut stream)?;
        Ok(stream)
    }

    fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.extend_from_slice(b"host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        let body = &self.body[..];
        let length = match self.framing {
            Framing::Chunked | Framing::ShortChunked => "transfer-encoding: chunked".to_owned(),
            Framing::Short(missing) => format!("content-length: {}", body.len() + missing),
            Framing::Long(more) => format!("content-length: {}", body.len() - more),
            _ if self.method == "GET" && body.is_empty() => "x-no-body: 1".to_owned(),
            _ => format!("content-length: {}", body.len()),
        };
        head.extend_from_slice(length.as_bytes());
        head.extend_from_slice(b"\r\n\r\n");
        stream.write_all(&head)?;
        match self.framing {
            Framing::Length | Framing::Long(_) => stream.write_all(body)?,
            Framing::Expect => {
                let mut start = [0; CONTINUE.len()];
                stream.set_read_timeout(Some(PATIENCE))?;
                while stream.peek(&mut start)? < start.len() {
                    thread::sleep(Duration::from_millis(1));
                }
                if start == CONTINUE {
                    stream.write_all(body)?;
                }
            }
            Framing::Unsent => {}
            Framing::Slow => {
                for byte in body {
                    stream.write_all(&[*byte])?;
                    thread::sleep(Duration::from_millis(2));
                }
            }
            Framing::Chunked | Framing::ShortChunked => {
                for chunk in body.chunks(7) {
                    write!(stream, "{:x}\r\n", chunk.len())?;
                    stream.write_all(chunk)?;
                    stream.write_all(b"\r\n")?;
                }
                if matches!(self.framing, Framing::Chunked) {
                    stream.write_all(b"0\r\n\r\n")?;
                } else {
                    stream.shutdown(Shutdown::Write)?;
                }
            }
            Framing::Short(_) => {
                stream.write_all(body)?;
                stream.shutdown(Shutdown::Write)?;
            }
        }
        Ok(())
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    /// Whether the server first asked for the body.
    pub continued: bool,
    head: String,
    pub body: Vec<u8>,
}

impl Response {
    /// Whether no more needs to come: the connection may stay open.
    fn is_complete(bytes: &[u8]) -> bool {
        let Ok(response) = Self::parse(bytes) else { return false };
        let length = response.header("content-length").and_then(|text| text.parse().ok());
        length.is_some_and(|length: usize| response.body.len() >= length)
    }

    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let wrong = || io::Error::other(format!("no response: {}", bytes.escape_ascii()));
        let end_of_head = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let continued = bytes.starts_with(&CONTINUE);
        let skipped = if continued { end_of_head(bytes).ok_or_else(wrong)? + 4 } else { 0 };
        let bytes = &bytes[skipped..];
        let end = end_of_head(bytes).ok_or_else(wrong)?;
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        let mut body = bytes[end + 4..].to_owned();
        if head.contains("transfer-encoding: chunked") {
            body = unchunk(&body).ok_or_else(wrong)?;
        }
        Ok(Self { status, continued, head, body })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}:")))?;
        Some(line.trim())
    }
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        rest = &rest[end + 2..];
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}
