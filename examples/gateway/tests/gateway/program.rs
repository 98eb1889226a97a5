//! A gateway that runs, and webhooks for it.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use twilio_sig::AuthToken;
use twilio_sig::testing::{ACCOUNT_SID, Fixture, SignedWebhook};

use crate::database::Database;

/// The token of the default tenant.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// What Twilio's console would say.
pub(crate) const PUBLIC_URL: &str = "https://hooks.example.com";

/// A folder, and a database, that are removed at the end.
pub(crate) struct Folder {
    path: PathBuf,
    pub(crate) database: Database,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("gateway-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let database = Database::new(&path);
        Self { path, database }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The program, with this folder's database and no setting of the environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
        command.args(arguments).env_clear().current_dir(&self.path);
        command.env("LISTEN_ADDR", "127.0.0.1:0").envs(self.database.settings());
        command
    }

    /// The same, of which no file can grow beyond so many blocks of 512 bytes, as on a full disk: a write
    /// beyond that is an error and no signal.
    pub(crate) fn command_with_room(&self, arguments: &[&str], blocks: &str) -> Command {
        let program = self.command(arguments);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' XFSZ; ulimit -S -f \"$1\"; shift; exec \"$@\"", "sh", blocks]);
        command.arg(program.get_program()).args(program.get_args());
        command.env_clear().current_dir(&self.path).env("LISTEN_ADDR", "127.0.0.1:0");
        command
    }

    /// Runs a command to its end, with this on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Rows of the database, each as its columns in one text, and NULL as a dash.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        self.database.query(sql)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A gateway. It is killed when it is dropped.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    /// With the default tenant.
    pub(crate) fn start(folder: &Folder, settings: &[(&str, &str)]) -> Self {
        let mut all = self::settings().to_vec();
        all.extend(settings);
        Self::start_with(folder, &["serve"], &all)
    }

    pub(crate) fn start_with(
        folder: &Folder,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        Self::start_as(folder.command(arguments), settings)
    }

    pub(crate) fn start_as(mut command: Command, settings: &[(&str, &str)]) -> Self {
        command.envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let address = loop {
            let line = lines.next().expect("the gateway ended before it listened").unwrap();
            log.lock().unwrap().push(line.clone());
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "listening" {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        let reader = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                reader.lock().unwrap().push(line);
            }
        });
        Self { child, address, log }
    }

    /// What it has logged, as JSON.
    pub(crate) fn log(&self) -> Vec<serde_json::Value> {
        let log = self.log.lock().unwrap();
        log.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// As Twilio sends it.
    pub(crate) fn send(&self, webhook: &SignedWebhook) -> Answer {
        send(self.address, webhook).expect("the gateway answers")
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        exchange(self.address, "GET", target, &[("Host", "x")], b"").expect("the gateway answers")
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let kill = Command::new("kill").arg(self.id().to_string()).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for the end: the exit status, and standard error, if it was piped.
    pub(crate) fn wait_for_status(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut said).unwrap();
        }
        (self.child.wait().unwrap().code(), said)
    }

    /// Waits for the end. Whether it ended well.
    pub(crate) fn wait(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Those that it needs.
pub(crate) const fn settings() -> [(&'static str, &'static str); 3] {
    [("PUBLIC_URL", PUBLIC_URL), ("TWILIO_ACCOUNT_SID", ACCOUNT_SID), ("TWILIO_AUTH_TOKEN", TOKEN)]
}

/// An answer of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Sends a webhook; an error if there is no whole answer.
pub(crate) fn send(address: SocketAddr, webhook: &SignedWebhook) -> std::io::Result<Answer> {
    let headers: Vec<_> = webhook.headers().collect();
    exchange(address, webhook.method(), webhook.target(), &headers, webhook.body())
}

pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        let line = [name, ": ", value, "\r\n"].concat();
        request.push_str(&line);
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let broken = || std::io::Error::other("half an answer");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// A connection for one request after the other.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a webhook with these headers besides. The status of the answer.
    pub(crate) fn send(&mut self, webhook: &SignedWebhook, headers: &[(&str, &str)]) -> u16 {
        let mut request = format!("{} {} HTTP/1.1\r\n", webhook.method(), webhook.target());
        let mut all: Vec<(&str, &str)> = webhook.headers().collect();
        all.extend_from_slice(headers);
        for (name, value) in all {
            request.push_str(&[name, ": ", value, "\r\n"].concat());
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(webhook.body());
        self.0.get_mut().write_all(&bytes).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).unwrap().parse().unwrap();
            }
            if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().unwrap();
            }
        }
        self.0.read_exact(&mut vec![0; length]).unwrap();
        status
    }
}

/// Signs with the default tenant's token, for a path of the public URL.
pub(crate) fn sign(fixture: Fixture, path: &str) -> SignedWebhook {
    sign_with(fixture, TOKEN, path)
}

pub(crate) fn sign_with(fixture: Fixture, token: &str, path: &str) -> SignedWebhook {
    fixture.sign(&AuthToken::new(token).unwrap(), &format!("{PUBLIC_URL}{path}")).unwrap()
}

/// The time, in seconds since 1970 plus `offset`.
pub(crate) fn now(offset: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap().checked_add(offset).unwrap()
}

/// Asks again until it is so, for ten seconds at most.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}
