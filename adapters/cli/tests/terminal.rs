//! What a person sees: the program in a terminal of tmux, which must be installed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::process::{Command, Output};
use std::thread;
use std::time::Instant;
use std::{env, fs};

use tempfile::TempDir;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PROGRAM: &str = env!("CARGO_BIN_EXE_twilio-sig");
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a shell in it.
struct Terminal {
    folder: TempDir,
}

impl Terminal {
    fn start(columns: u16) -> Self {
        let terminal = Self { folder: TempDir::new().unwrap() };
        let columns = columns.to_string();
        let start = ["new-session", "-d", "-s", "t", "-x", &columns, "-y", "50", "sh"];
        let started = terminal.tmux(&start);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        terminal.run("PS1='> '; clear", ">");
        terminal
    }

    /// A server of its own, without the caller's environment: `CI`, `NO_COLOR` and others
    /// decide about colours.
    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.folder.path().join("socket")).args(["-f", "/dev/null"]);
        command.env_clear().env("TWILIO_AUTH_TOKEN", TOKEN).env("LC_ALL", "C.UTF-8");
        command.envs(env::var_os("PATH").map(|path| ("PATH", path)));
        let output = command.args(arguments).output();
        output.unwrap_or_else(|error| panic!("tmux: {error}; install the Debian package tmux"))
    }

    /// Types a command, and waits until this is on the screen.
    fn run(&self, command: &str, part: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        // The end of the command shows in the screen after what it prints.
        let end = format!("end-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let (first, second) = end.split_at(4);
        self.tmux(&[
            "send-keys",
            "-t",
            "t",
            "-l",
            &format!("{command}; printf '%s%s\\n' {first} {second}"),
        ]);
        self.tmux(&["send-keys", "-t", "t", "Enter"]);
        let screen = self.until(&end);
        assert!(screen.contains(part), "no {part} in:\n{screen}");
        screen
    }

    /// The screen and all above it, with its colours, once this is on it.
    fn until(&self, part: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let shown = self.tmux(&["capture-pane", "-t", "t", "-p", "-e", "-S", "-"]);
            let screen = String::from_utf8_lossy(&shown.stdout).into_owned();
            if screen.contains(part) {
                return screen;
            }
            assert!(Instant::now() < end, "no {part} in:\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Without tmux the test has failed already, and says what to install.
        let socket = self.folder.path().join("socket");
        let _ = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}

/// The screen without colours.
fn plain(screen: &str) -> String {
    let mut text = String::new();
    let mut rest = screen;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    text + rest
}

const REFUSED: &str = "verify --url https://e.com/ --signature RSOYDt4T1cUTdK1PDd93/VVr8B8=";

#[test]
fn colours_are_for_a_terminal_and_can_be_turned_off() {
    let terminal = Terminal::start(100);
    let is_red =
        |screen: &str| screen.lines().any(|line| line.contains("\u{1b}[1m\u{1b}[31mrefused"));
    assert!(is_red(&terminal.run(&format!("clear; {PROGRAM} {REFUSED}"), "refused")));
    for command in [
        format!("NO_COLOR=1 {PROGRAM} {REFUSED}"),
        format!("{PROGRAM} {REFUSED} | cat"),
        format!("TERM=dumb {PROGRAM} {REFUSED}"),
        format!("NO_COLOR=1 {PROGRAM} verify --help"),
    ] {
        terminal.tmux(&["clear-history", "-t", "t"]);
        let screen = terminal.run(&format!("clear; {command}"), "");
        assert!(!screen.contains('\u{1b}'), "{command}: {screen:?}");
    }
}

/// Twice: in a terminal that is wider than 80 columns, and in a narrow one.
#[test]
fn help_is_wrapped_between_words() {
    for (columns, width) in [(120, 80), (60, 60)] {
        let terminal = Terminal::start(columns);
        // Lines that tmux had to break would be joined here.
        let screen = plain(&terminal.run(&format!("clear; {PROGRAM} send -h"), "--parallel"));
        let start = screen.find("Usage").unwrap();
        let end = screen.find("Examples").unwrap();
        let help = screen.get(start..end).unwrap();
        for line in help.lines() {
            assert!(line.trim_end().chars().count() <= width, "{columns}: {line}");
        }
        let words: Vec<&str> = help.split_whitespace().collect();
        let text = "The public URL to sign for, if it is not that of --to.";
        assert!(words.join(" ").contains(text), "{columns}: {help}");
    }
}

#[test]
fn sign_offers_the_curl_command_to_a_person() {
    let terminal = Terminal::start(100);
    let sign = format!("clear; {PROGRAM} sign --url https://e.com/ --param Body=Ahoy");
    terminal.run(&sign, "--curl prints the command");
    terminal.tmux(&["clear-history", "-t", "t"]);
    let piped = terminal.run(&format!("{sign} 2>&1 | cat"), "X-Twilio-Signature");
    assert!(!piped.contains("--curl prints"), "{piped}");
}

/// The bar is seen while the batch runs, tells lines and refusals, and is gone afterwards.
#[test]
fn the_bar_tells_lines_and_refusals() {
    for from in ["", "< "] {
        the_bar_tells(from);
    }
}

fn the_bar_tells(from: &str) {
    let terminal = Terminal::start(80);
    let path = terminal.folder.path().join("lines.jsonl");
    // One in two is refused; the last ones take long, so that the bar stays to be seen.
    let good = batch_line("Body=Ahoy", "Body=Ahoy");
    let bad = batch_line("Body=Ahoy", "Body=Forged");
    fs::write(&path, format!("{good}\n{bad}\n").repeat(20_000)).unwrap();
    let batch = format!("{PROGRAM} batch {from}{} > verdicts", path.display());
    let folder = terminal.folder.path().display().to_string();
    terminal.run(&format!("cd {folder}; clear"), "");
    terminal.tmux(&["send-keys", "-t", "t", "-l", &format!("{batch}; printf 'all-%s\\n' done")]);
    terminal.tmux(&["send-keys", "-t", "t", "Enter"]);
    let screen = plain(&terminal.until(" refused  "));
    let bar = screen.lines().find(|line| line.contains(" refused  ")).unwrap();
    assert!(bar.contains(" %  ") && bar.contains(" lines, ") && bar.contains(" left"), "{bar}");
    let count = |label: &str| -> u64 {
        let word = bar.split(label).next().unwrap().split(' ').next_back().unwrap();
        word.replace(',', "").parse().unwrap_or_else(|_| panic!("{bar}"))
    };
    let (lines, refused) = (count(" lines"), count(" refused"));
    assert!(lines.div_euclid(2).abs_diff(refused) <= 1, "{bar}");
    let after = plain(&terminal.until("all-done"));
    assert!(!after.contains(" refused  "), "the bar is gone: {after}");
    let verdicts = fs::read_to_string(terminal.folder.path().join("verdicts")).unwrap();
    assert_eq!(verdicts.lines().count(), 40_000);
}

/// The table of a batch, and the rows of `listen`, in the colours of a verdict.
#[test]
fn tables_are_readable() {
    let terminal = Terminal::start(80);
    let path = terminal.folder.path().join("lines.jsonl");
    fs::write(&path, format!("{}\n", batch_line("Body=Ahoy", "Body=Forged"))).unwrap();
    let screen =
        terminal.run(&format!("clear; {PROGRAM} batch {} --diagnose", path.display()), "CAUSE");
    assert!(plain(&screen).contains("1           1  mismatch, no cause found"), "{screen}");

    terminal.tmux(&["send-keys", "-t", "t", "-l", &format!("{PROGRAM} listen --port 0")]);
    terminal.tmux(&["send-keys", "-t", "t", "Enter"]);
    let screen = plain(&terminal.until("REQUEST"));
    let address = screen.split("http://127.0.0.1:").nth(1).unwrap();
    let port = address.split(' ').next().unwrap();
    send(&["sms", "--to", &format!("http://127.0.0.1:{port}/sms")]);
    let url = ["--url", "https://hooks.example.com/sms"];
    send(&[&["sms", "--to", &format!("http://127.0.0.1:{port}/sms")], &url[..]].concat());
    let screen = terminal.until("ApiVersion");
    assert!(screen.contains("\u{1b}[1m\u{1b}[32mverified"), "{screen:?}");
    assert!(screen.contains("\u{1b}[1m\u{1b}[31mrefused: mismatch"), "{screen:?}");
    let text = plain(&screen);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("the service sees http. [tls_terminated]"), "{text}");
    assert!(words.contains("or trust the proxy's X-Forwarded-Proto"), "no word is broken: {text}");
    terminal.tmux(&["send-keys", "-t", "t", "C-c"]);
    terminal.run("clear", "");
}

fn send(arguments: &[&str]) {
    let mut command = Command::new(PROGRAM);
    command.env("TWILIO_AUTH_TOKEN", TOKEN).arg("send").args(arguments).output().unwrap();
}

/// A line of a batch: a form that was signed, and the one that arrived.
fn batch_line(signed: &str, arrived: &str) -> String {
    let mut command = Command::new(PROGRAM);
    command.env("TWILIO_AUTH_TOKEN", TOKEN).args(["sign", "--url", "https://e.com/"]);
    let output = command.args(["--param", signed]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let signature = text.trim().rsplit(' ').next().unwrap();
    format!(
        r#"{{"url":"https://e.com/","signature":"{signature}","auth_tokens":["{TOKEN}"],"body":"{arrived}"}}"#
    )
}
