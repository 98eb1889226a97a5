//! `twilio-sig send`

use core::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use twilio_sig::testing::{self, Fixture, Kind, SignedWebhook};
use twilio_sig::{AuthToken, SharedKey, VerifyError};

use crate::Outcome;
use crate::args::SendArgs;
use crate::deliver::{self, Answer, Destination};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, LABEL};
use crate::{keys, request, twiml};

/// How much of an answer is printed, in characters.
const MAX_SHOWN: usize = 2_000;
/// The token of forged webhooks. A service that has it accepts them, and should not.
const FORGER: &str = "a token that no service has";

pub(crate) fn run(args: &SendArgs) -> Result<Outcome, Failure> {
    let (false, Some(name), Some(to)) = (args.list, &args.kind, &args.to) else {
        return list();
    };
    let unknown = || Failure::usage(format!("no kind is called {name}; see `send --list`"));
    let kind = testing::kinds().iter().find(|kind| kind.name() == name).ok_or_else(unknown)?;
    let url = args.url.as_deref().unwrap_or(to);
    let destination = Destination::new(to, args.url.is_some())?;
    let key = if args.forged { Key::forged()? } else { Key::read(args)? };
    let params = request::params(&args.param)?;
    let number = args.number.unwrap_or_else(now);
    let agent = deliver::agent();
    let mut outcome = Outcome::Good;
    for fixture in kind.fixtures() {
        let signed = key.sign(changed(fixture, &params, number, args.get), url)?;
        for is_again in [false, true].into_iter().take(if args.twice { 2 } else { 1 }) {
            let answer = destination.deliver(&agent, &signed)?;
            output::print(&shown(kind, &signed, &answer, is_again, args.forged))?;
            if !is_expected(kind, &signed, &answer, is_again, args.forged) {
                outcome = Outcome::Refused;
            }
        }
    }
    Ok(outcome)
}

fn list() -> Result<Outcome, Failure> {
    let mut text = String::new();
    for kind in testing::kinds() {
        let (name, about) = (kind.name(), kind.about());
        let _ = writeln!(text, "{LABEL}{name:<18}{LABEL:#}  {about}");
    }
    output::print(&text).map(|()| Outcome::Good)
}

/// What signs.
enum Key {
    Token(AuthToken),
    Shared(SharedKey),
}

impl Key {
    fn read(args: &SendArgs) -> Result<Self, Failure> {
        let tokens = keys::tokens(&args.keys)?;
        let shared_keys = keys::shared_keys(&args.keys)?;
        match (shared_keys.as_slice(), tokens.as_slice()) {
            ([(key, _)], _) => Ok(Self::Shared(key.clone())),
            ([], [secret]) => Ok(Self::Token(keys::token(secret)?)),
            ([], []) => Err(keys::missing()),
            _ => Err(Failure::usage("give one key to sign with")),
        }
    }

    fn forged() -> Result<Self, Failure> {
        let token = AuthToken::new(FORGER);
        token.map(Self::Token).map_err(|error| Failure::usage(error.to_string()))
    }

    fn sign(&self, fixture: Fixture, url: &str) -> Result<SignedWebhook, Failure> {
        let signed = match self {
            Self::Token(token) => fixture.sign(token, url),
            Self::Shared(key) => fixture.sign_shared(key, url),
        };
        signed.map_err(|error: VerifyError| Failure::usage(error.to_string()))
    }
}

fn changed(fixture: Fixture, params: &[(String, String)], number: u64, get: bool) -> Fixture {
    let fixture = fixture.number(number);
    // A name that is given twice comes twice.
    let set = |fixture: Fixture, at: usize, name: &str, value: &str| {
        let is_again = params.iter().take(at).any(|(own, _)| own == name);
        if is_again { fixture.param_again(name, value) } else { fixture.param(name, value) }
    };
    let fixture = params
        .iter()
        .enumerate()
        .fold(fixture, |fixture, (at, (name, value))| set(fixture, at, name, value));
    if get { fixture.get() } else { fixture }
}

/// A number that no earlier run had, so that a service which drops replays takes each.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether the service did what it should. Of the second of two, it may refuse the replay or answer
/// as before: all but a failure.
fn is_expected(
    kind: &Kind,
    signed: &SignedWebhook,
    answer: &Answer,
    is_again: bool,
    forged: bool,
) -> bool {
    if forged {
        return (400..500).contains(&answer.status);
    }
    let is_replay = is_again && (400..500).contains(&answer.status);
    is_replay || twiml::judge(kind.name(), signed.is_handshake(), answer).is_good
}

fn shown(
    kind: &Kind,
    signed: &SignedWebhook,
    answer: &Answer,
    is_again: bool,
    forged: bool,
) -> String {
    let mut text = String::new();
    let (name, method, url) = (kind.name(), signed.method(), printable(signed.url()));
    let how = match (forged, is_again) {
        (true, false) => ", forged",
        (true, true) => ", forged, again",
        (false, true) => ", again",
        (false, false) => "",
    };
    // An event is told from others of its series by its status.
    let status =
        signed.params().iter().find(|(own, _)| own == "MessageStatus" || own == "CallStatus");
    let status = status.map(|(_, value)| format!(" ({})", printable(value))).unwrap_or_default();
    let _ = writeln!(text, "{LABEL}sent{LABEL:#}     {name}{status}{how}: {method} {url}");
    let content_type = answer.content_type.as_deref().unwrap_or("no Content-Type");
    let _ = writeln!(
        text,
        "{LABEL}answer{LABEL:#}   {} in {} ms, {}, {} bytes",
        answer.status,
        answer.elapsed.as_millis(),
        printable(content_type),
        answer.body.len()
    );
    for line in printable(&String::from_utf8_lossy(&answer.body)).lines() {
        let _ = writeln!(text, "  {line}");
    }
    let judgement = twiml::judge(kind.name(), signed.is_handshake(), answer);
    if forged {
        let refused = (400..500).contains(&answer.status);
        let (style, verdict) = if refused {
            (GOOD, "refused, as it should be")
        } else {
            (BAD, "NOT REFUSED: the service does not check the signature, or failed before it did")
        };
        let _ = writeln!(text, "{LABEL}forged{LABEL:#}   {style}{verdict}{style:#}");
    } else if is_again && (400..500).contains(&answer.status) {
        let _ = writeln!(text, "{LABEL}replay{LABEL:#}   {GOOD}refused{GOOD:#}");
    } else {
        let style = if judgement.is_good { GOOD } else { BAD };
        let _ = writeln!(text, "{LABEL}Twilio{LABEL:#}   {style}{}{style:#}", judgement.text);
    }
    text
}

/// A text of others, without what a terminal would obey, and not too long.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(MAX_SHOWN) {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default().filter(|_| character != '\r'));
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push_str("\n…");
    }
    shown
}
