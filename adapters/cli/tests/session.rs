//! The session of the README: two terminals, and what each shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "words of a text")]

use core::time::Duration;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

const README: &str = include_str!("../README.md");
/// The fictional token of all examples.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Set, it makes the test write the README.
const UPDATE: &str = "UPDATE_README";
/// What the last row of the first terminal ends in.
const LAST_FILE: &str = "0004.http";
/// The port in the README.
const PORT: &str = "4010";
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn the_session_of_the_readme_is_what_happens() {
    let [listener, sender] = terminals();
    let folder = tempfile::TempDir::new().unwrap();
    let port = free_port();
    let (listen, expected_rows) = listener.split_first().unwrap();
    let log = folder.path().join("listener");
    let mut command = program(folder.path(), &format!("{listen} --port {port}"));
    command.stdout(fs::File::create(&log).unwrap());
    let _listener = Ended(command.spawn().unwrap());
    wait_for(&log, "REQUEST");

    let mut shown = String::new();
    for line in sender.iter().filter(|line| line.starts_with("$ ")) {
        let mut command = program(folder.path(), &line.replace(PORT, &port));
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        shown.push_str(line);
        shown.push('\n');
        shown.push_str(&String::from_utf8(text).unwrap());
    }
    // The last row comes when the diagnoses before it are done.
    wait_for(&log, LAST_FILE);
    let rows = fs::read_to_string(&log).unwrap();
    if std::env::var_os(UPDATE).is_some() {
        let first = format!("{listen}\n{}", rows.trim_end()).replace(&port, PORT);
        update(&[listener.join("\n"), sender.join("\n")], [first, shown.replace(&port, PORT)]);
        return;
    }
    let terminals = [(rows, expected_rows.join("\n")), (shown, sender.join("\n"))];
    for (shown, expected) in terminals {
        let (shown, expected) = (normal(&shown, &port), normal(&expected, PORT));
        assert_eq!(shown, expected, "if it should be so, {UPDATE}=1 writes it into the README");
    }
}

/// Writes what was shown.
fn update(before: &[String; 2], after: [String; 2]) {
    let mut text = README.to_owned();
    for (before, after) in before.iter().zip(after) {
        text = text.replace(before, after.trim_end());
    }
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), text).unwrap();
}

/// The two blocks between the marks, as lines.
fn terminals() -> [Vec<&'static str>; 2] {
    let session = README.split("<!-- session -->").nth(1).unwrap();
    let session = session.split("<!-- end -->").next().unwrap();
    let mut blocks = session
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| block.strip_prefix("text\n").unwrap().lines().collect::<Vec<_>>());
    [blocks.next().unwrap(), blocks.next().unwrap()]
}

/// The command of a line `$ twilio-sig …`; its words are separated by spaces alone.
fn program(folder: &Path, line: &str) -> Command {
    let arguments = line.strip_prefix("$ twilio-sig ").unwrap_or_else(|| panic!("{line}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_twilio-sig"));
    command.args(arguments.split(' ')).current_dir(folder).stdin(Stdio::null());
    command.env("TWILIO_AUTH_TOKEN", TOKEN).env_remove("CLICOLOR_FORCE");
    command
}

/// A port with as many digits as that of the README: the length of a URL shows in a diagnosis.
fn free_port() -> String {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (4_010..9_999).find(free).unwrap().to_string()
}

fn wait_for(log: &Path, part: &str) {
    let end = Instant::now() + PATIENCE;
    while !fs::read_to_string(log).unwrap().contains(part) {
        assert!(Instant::now() < end, "the listener does not show {part}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Without what differs: the time of day, durations, the port, and how much a search hashes, which
/// changes with every cause that it learns to look for.
fn normal(text: &str, port: &str) -> String {
    let line = |line: &str| {
        let line = line.replace(port, PORT);
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for at in 0..words.len() {
            let is_time = words[at].len() == 8 && words[at].matches(':').count() == 2;
            if is_time {
                "hh:mm:ss".clone_into(&mut words[at]);
            }
            let is_count = line.contains(" MACs and ") && words[at].parse::<u64>().is_ok();
            if is_count || words.get(at + 1).is_some_and(|next| next == "ms,") {
                "N".clone_into(&mut words[at]);
            }
        }
        words.join(" ").trim_end().to_owned()
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
