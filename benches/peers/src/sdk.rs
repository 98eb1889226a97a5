//! Twilio's libraries for Python and Node as child processes, which speak JSON lines.

use std::error::Error;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::cases::{Case, Kind, TOKEN};

pub(crate) struct Sdk {
    pub(crate) name: &'static str,
    pub(crate) version: String,
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Sdk {
    /// Both, as `run` installs them.
    pub(crate) fn all() -> Result<[Self; 2], Box<dyn Error>> {
        let home = root().join("target/interop");
        let scripts = root().join("benches/peers");
        let mut python = Command::new(home.join("venv/bin/python"));
        python.arg(scripts.join("sdk.py")).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut node = Command::new("node");
        node.arg(scripts.join("sdk.js")).env("NODE_PATH", home.join("node_modules"));
        Ok([Self::start("twilio for Python", python)?, Self::start("twilio for Node", node)?])
    }

    fn start(name: &'static str, mut command: Command) -> Result<Self, Box<dyn Error>> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("{name}: {error}; benches/peers/run"))?;
        let requests = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let mut sdk = Self { name, version: String::new(), child, requests, answers };
        let version = sdk.ask(&json!({"op": "version"}))?;
        version.as_str().ok_or("no version")?.clone_into(&mut sdk.version);
        Ok(sdk)
    }

    pub(crate) fn accepts(&mut self, case: &Case) -> Result<bool, Box<dyn Error>> {
        let verdict = self.ask(&self::request("verify", case, 1))?;
        Ok(verdict.as_bool().ok_or("no verdict")?)
    }

    /// Nanoseconds of one verdict on `case`, over so many.
    pub(crate) fn time(&mut self, case: &Case, repeats: u32) -> Result<f64, Box<dyn Error>> {
        let time = self.ask(&self::request("time", case, repeats))?;
        Ok(time.as_f64().ok_or("no time")? / f64::from(repeats))
    }

    fn ask(&mut self, request: &Value) -> Result<Value, Box<dyn Error>> {
        writeln!(self.requests, "{request}")?;
        self.requests.flush()?;
        let answer = self.answers.next().ok_or_else(|| format!("{} ended", self.name))??;
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A form is given as such, and any other body as the text that it is.
fn request(op: &str, case: &Case, repeats: u32) -> Value {
    let field = if case.kind == Kind::Json { "body" } else { "form" };
    json!({
        "op": op,
        "token": TOKEN,
        "url": case.signed_scheme_url(),
        field: case.body,
        "signature": case.signature,
        "repeats": repeats,
    })
}

/// The folder of the crate.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
