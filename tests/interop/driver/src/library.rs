//! A helper library of Twilio's, running as a child process that speaks JSON lines.

use std::error::Error;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::case::{Case, Payload, Verdict};

/// Anything that ends a run, as text.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Which library.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Name {
    Python,
    Node,
}

impl Name {
    pub(crate) const ALL: [Self; 2] = [Self::Python, Self::Node];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    /// The version that the tests pin.
    const fn version(self) -> &'static str {
        match self {
            Self::Python => "9.13.0",
            Self::Node => "6.2.0",
        }
    }

    fn command(self) -> Command {
        let home = root().join("target/interop");
        let scripts = root().join("tests/interop");
        match self {
            Self::Python => {
                let mut command = Command::new(home.join("venv/bin/python"));
                command.arg(scripts.join("serve.py")).env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Self::Node => {
                let mut command = Command::new("node");
                command.arg(scripts.join("serve.js")).env("NODE_PATH", home.join("node_modules"));
                command
            }
        }
    }
}

/// The folder of the crate.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

pub(crate) struct Library {
    pub(crate) name: Name,
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Library {
    /// Starts it.
    ///
    /// # Errors
    /// If it does not start or is not of the pinned version: what to install.
    pub(crate) fn start(name: Name) -> Result<Self, Failure> {
        Self::spawn(name).map_err(|error| {
            format!(
                "{}: {error}\ntwilio {} for {} is needed in target/interop; \
                 tests/interop/README.md has the commands that install it",
                name.text(),
                name.version(),
                name.text()
            )
            .into()
        })
    }

    fn spawn(name: Name) -> Result<Self, Failure> {
        let mut command = name.command();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let requests = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let mut library = Self { name, child, requests, answers };
        let version = library.ask(&json!({"op": "version"}), "version")?;
        if version != name.version() {
            return Err(format!("version {version} is installed").into());
        }
        Ok(library)
    }

    fn ask(&mut self, request: &Value, field: &str) -> Result<String, Failure> {
        writeln!(self.requests, "{request}")?;
        self.requests.flush()?;
        let answer = self.answers.next().ok_or("it ended")??;
        let answer: Value = serde_json::from_str(&answer)?;
        let text = answer.get(field).and_then(Value::as_str);
        Ok(text.ok_or_else(|| format!("{request} was answered with {answer}"))?.to_owned())
    }

    /// The signature of what `case` has signed.
    pub(crate) fn sign(&mut self, case: &Case) -> Result<String, Failure> {
        let request = json!({
            "op": "sign",
            "secret": case.signing_secret,
            "algorithm": case.signing_algorithm.to_string(),
            "url": case.signed_url,
            "form": case.signed_form,
        });
        self.ask(&request, "signature")
    }

    /// Its verdict on what `case` has received.
    pub(crate) fn verify(&mut self, case: &Case) -> Result<Verdict, Failure> {
        let (form, body) = match &case.payload {
            Payload::None => (None, None),
            Payload::Form(form) => (Some(form), None),
            Payload::Body(body) => (None, Some(body)),
        };
        let request = json!({
            "op": "verify",
            "secret": case.secret,
            "settings": case.settings,
            "url": case.url,
            "form": form,
            "body": body,
            "signature": case.signature,
        });
        match self.ask(&request, "verdict")?.as_str() {
            "accept" => Ok(Verdict::Accept),
            "refuse" => Ok(Verdict::Refuse),
            "raise" => Ok(Verdict::Raise),
            other => Err(format!("{other} is no verdict").into()),
        }
    }

    /// The hash of a body as `bodySHA256` has it.
    pub(crate) fn hash(&mut self, body: &str) -> Result<String, Failure> {
        self.ask(&json!({"op": "hash", "body": body}), "hash")
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // It ends by itself at the end of its input; this is for a run that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
