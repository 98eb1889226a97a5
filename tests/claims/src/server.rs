//! Servers of the tests' own, on free ports, with data of their own, that can be killed.

use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::{self, Error};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, fs, process, thread};

use crate::port::free_port;

/// A server that is stopped, and whose data is deleted, when it is dropped.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    tls: bool,
    port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

/// What to start.
#[derive(Debug)]
enum Kind {
    /// `redis-server` with these arguments besides.
    Redis(Vec<String>),
    /// `redis-server` as a sentinel of the server on this port.
    Sentinel(u16),
    /// `postgres`, with the settings that it has by default.
    Postgres,
    /// `pgbouncer` in front of the server on this port, in transaction mode, with so many connections.
    PgBouncer(u16, usize),
}

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);
/// Ports that are tried: another process may take one before the server does.
const PORTS: usize = 5;
/// PostgreSQL and PgBouncer refuse to run as root. Then they run as the user that Debian made for them.
const POSTGRES_USER: &str = "postgres";
/// What the sentinels call the server that they watch.
pub const SERVICE: &str = "claims";

impl Server {
    /// Starts a Redis server with these arguments.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn redis(arguments: &[&str]) -> io::Result<Self> {
        Self::start(Kind::Redis(arguments.iter().map(ToString::to_string).collect()), false)
    }

    /// Starts a Redis server that speaks TLS and nothing else.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn redis_with_tls() -> io::Result<Self> {
        Self::start(Kind::Redis(Vec::new()), true)
    }

    /// Starts a sentinel of the Redis server on this port, which calls it [`SERVICE`].
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn sentinel(primary: u16) -> io::Result<Self> {
        Self::start(Kind::Sentinel(primary), false)
    }

    /// Starts a PgBouncer for the PostgreSQL server on this port, in transaction mode, with so many
    /// connections for all of its clients.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn pgbouncer(postgres: u16, connections: usize) -> io::Result<Self> {
        Self::start(Kind::PgBouncer(postgres, connections), false)
    }

    /// Starts a PostgreSQL server with an empty database.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn postgres() -> io::Result<Self> {
        Self::start(Kind::Postgres, false)
    }

    /// The same with TLS.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn postgres_with_tls() -> io::Result<Self> {
        Self::start(Kind::Postgres, true)
    }

    fn start(kind: Kind, tls: bool) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("twilio-sig-claims-{}-{number}", process::id()));
        fs::create_dir(&folder)?;
        let mut server = Self { kind, tls, port: 0, folder, child: None };
        if matches!(server.kind, Kind::Postgres) {
            let data = server.path("data");
            let arguments = ["-A", "trust", "--no-sync", "-U", POSTGRES_USER, "-D", &data];
            server.prepare(&postgres_program("initdb"), &arguments)?;
        }
        if tls {
            let (key, certificate) = (server.path("key"), server.certificate());
            let arguments = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"];
            let curve = ["ec_paramgen_curve:P-256", "-subj", "/CN=claims"];
            let name = ["-addext", "subjectAltName=IP:127.0.0.1"];
            let end = ["-addext", "basicConstraints=critical,CA:FALSE"];
            let files = ["-keyout", &key, "-out", &certificate];
            let parts = [&arguments[..], &curve, &name, &end, &files];
            server.prepare(Path::new("openssl"), &parts.concat())?;
        }
        for _ in 1..PORTS {
            server.port = free_port()?;
            if server.attempt()? {
                return Ok(server);
            }
        }
        server.port = free_port()?;
        server.restart()?;
        Ok(server)
    }

    /// Where stores connect.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same through another port, such as that of a proxy.
    #[must_use]
    pub fn url_at(&self, port: u16) -> String {
        match self.kind {
            Kind::Redis(_) if self.tls => format!("rediss://127.0.0.1:{port}/"),
            Kind::Redis(_) | Kind::Sentinel(_) => format!("redis://127.0.0.1:{port}/"),
            Kind::Postgres | Kind::PgBouncer(..) => {
                format!("postgres://{POSTGRES_USER}@127.0.0.1:{port}/postgres")
            }
        }
    }

    /// The file of the certificate, if it speaks TLS.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.path("certificate")
    }

    /// Its port on the loopback interface.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
            self.kill_children()?;
        }
        Ok(())
    }

    /// PostgreSQL's children outlive it for a moment, in which one may still answer. They work in its folder
    /// of data.
    fn kill_children(&self) -> io::Result<()> {
        let Ok(data) = self.folder.join("data").canonicalize() else { return Ok(()) };
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            let left = processes_in(&data)?;
            if left.is_empty() {
                return Ok(());
            }
            // One that has just ended makes `kill` fail.
            let kill = format!("kill -9 {}", left.join(" "));
            Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status()?;
            thread::sleep(Duration::from_millis(5));
        }
        Err(Error::other("children of PostgreSQL do not end"))
    }

    /// Starts it again with the data that it had, and waits until it answers.
    ///
    /// # Errors
    /// If it does not answer within half a minute.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if self.attempt()? {
                return Ok(());
            }
            // It may have given up, as PostgreSQL does while what was killed is not quite gone.
            thread::sleep(Duration::from_millis(200));
        }
        Err(Error::other(format!("{} does not start:\n{}", self.package(), self.log())))
    }

    /// Starts it once. False if it has given up.
    fn attempt(&mut self) -> io::Result<bool> {
        let log = self.folder.join("log");
        let child = self.command()?.spawn().map_err(|error| missing(self.package(), &error))?;
        let child = self.child.insert(child);
        let deadline = Instant::now() + START;
        while Instant::now() < deadline && child.try_wait()?.is_none() {
            let said = fs::read_to_string(&log).unwrap_or_default().to_lowercase();
            let ready = match self.kind {
                Kind::Redis(_) | Kind::Postgres => "ready to accept connections",
                Kind::Sentinel(_) => "sentinel id is",
                Kind::PgBouncer(..) => "process up",
            };
            if said.contains(ready) && TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
            {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.kill()?;
        Ok(false)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn command(&self) -> io::Result<Command> {
        let (port, folder) = (self.port.to_string(), self.path(""));
        let (key, certificate) = (self.path("key"), self.certificate());
        let mut command = match &self.kind {
            Kind::Redis(arguments) => {
                let mut command = self.program(Path::new("redis-server"))?;
                command.args(["--bind", "127.0.0.1", "--save", "", "--loglevel", "notice"]);
                command.args(["--dir", &folder]).args(arguments);
                if self.tls {
                    command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                    command.args(["--tls-key-file", &key, "--tls-cert-file", &certificate]);
                    command.args(["--tls-ca-cert-file", &certificate]);
                } else {
                    command.args(["--port", &port]);
                }
                command
            }
            Kind::Sentinel(primary) => {
                let config = self.path("sentinel.conf");
                let text = format!(
                    "port {port}\nbind 127.0.0.1\ndir {folder}\n\
                     sentinel monitor {SERVICE} 127.0.0.1 {primary} 1\n\
                     sentinel down-after-milliseconds {SERVICE} 500\n\
                     sentinel failover-timeout {SERVICE} 2000\n"
                );
                fs::write(&config, text)?;
                let mut command = self.program(Path::new("redis-server"))?;
                command.args([&config, "--sentinel"]);
                command
            }
            Kind::PgBouncer(postgres, connections) => {
                let config = self.path("pgbouncer.ini");
                let text = format!(
                    "[databases]\n\
                     * = host=127.0.0.1 port={postgres} user={POSTGRES_USER}\n\
                     [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                     auth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n\
                     max_client_conn = 1000\nserver_login_retry = 0\n"
                );
                fs::write(&config, text)?;
                let mut command = self.program(Path::new("pgbouncer"))?;
                command.arg(config);
                command
            }
            Kind::Postgres => {
                let mut command = self.program(&postgres_program("postgres"))?;
                command.args(["-D", &self.path("data"), "-p", &port]);
                command.args(["-h", "127.0.0.1", "-k", &folder]);
                if self.tls {
                    command.args(["-c", "ssl=on", "-c", &format!("ssl_key_file={key}")]);
                    command.args(["-c", &format!("ssl_cert_file={certificate}")]);
                }
                command
            }
        };
        let log = fs::File::create(self.folder.join("log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    /// Runs a program to its end.
    fn prepare(&self, program: &Path, arguments: &[&str]) -> io::Result<()> {
        let output = self.program(program)?.args(arguments).output().map_err(|error| {
            let package = if program.ends_with("openssl") { "openssl" } else { self.package() };
            missing(package, &error)
        })?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// A program that works in our folder, for PostgreSQL as a user who is not root.
    fn program(&self, program: &Path) -> io::Result<Command> {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        let is_root = fs::metadata("/proc/self")?.uid() == 0;
        if is_root && matches!(self.kind, Kind::Postgres | Kind::PgBouncer(..)) {
            let (user, group) = ids_of(POSTGRES_USER).ok_or_else(|| {
                Error::other("there is no user postgres. Try: apt-get install postgresql")
            })?;
            chown(&self.folder, Some(user), Some(group))?;
            command.uid(user).gid(group);
        }
        Ok(command)
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The Debian package that it is in.
    const fn package(&self) -> &'static str {
        match self.kind {
            Kind::Redis(_) | Kind::Sentinel(_) => "redis-server",
            Kind::Postgres => "postgresql",
            Kind::PgBouncer(..) => "pgbouncer",
        }
    }
}

/// The ids of the processes whose working directory this is.
fn processes_in(folder: &Path) -> io::Result<Vec<String>> {
    let processes = fs::read_dir("/proc")?.flatten();
    let inside = processes.filter(|process| {
        fs::read_link(process.path().join("cwd")).is_ok_and(|directory| directory == folder)
    });
    Ok(inside.filter_map(|process| process.file_name().into_string().ok()).collect())
}

fn missing(package: &str, error: &Error) -> Error {
    Error::other(format!("{package} cannot be run ({error}). Try: apt-get install {package}"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Debian keeps the programs of each version in a folder of its own: the newest, if there is one.
fn postgres_program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let bins = versions.map(|version| version.path().join("bin").join(name));
    bins.filter(|path| path.is_file()).max().unwrap_or_else(|| Path::new(name).to_owned())
}

/// User and group of a name in `/etc/passwd`.
fn ids_of(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
