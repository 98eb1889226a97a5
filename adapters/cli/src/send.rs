//! `twilio-sig send`

mod attempts;
mod parallel;
mod unsigned;

use core::fmt::Write as _;
use core::sync::atomic::AtomicU32;
use std::time::{SystemTime, UNIX_EPOCH};

use twilio_sig::testing::{self, Fixture, Kind};

use crate::args::SendArgs;
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::output::{self, LABEL, printable};
use crate::overrides::Overrides;
use crate::report::Expected;
use crate::signing_key::SigningKey;
use crate::twiml::Use;
use crate::url_arg::UrlArg;
use crate::{Ending, capture, request};

use self::attempts::Attempts;
use self::unsigned::Unsigned;

pub(crate) fn run(args: &SendArgs) -> Result<Ending, Failure> {
    if args.list {
        return list();
    }
    let plan = Plan::new(args)?;
    match args.parallel {
        Some(count) if count > 1 => parallel::run(&plan, count),
        _ => plan.event(plan.number, &mut output::print),
    }
}

fn list() -> Result<Ending, Failure> {
    let mut text = String::new();
    for kind in testing::kinds() {
        let (name, about) = (kind.name(), kind.about());
        let _ = writeln!(text, "{LABEL}{name:<18}{LABEL:#}  {about}");
    }
    output::print(&text).map(|()| Ending::Good)
}

/// Longest status that is printed, in characters.
const MAX_STATUS_LEN: usize = 40;

/// What to send, where, and how.
struct Plan<'a> {
    args: &'a SendArgs,
    kind: Option<&'static Kind>,
    /// The webhooks of a file, instead of those of the kind.
    saved: Option<Unsigned>,
    key: SigningKey,
    params: Vec<(String, String)>,
    number: u64,
    place: UrlArg,
    overrides: Overrides,
    /// How many answers Twilio could use.
    useful: AtomicU32,
}

/// Takes what is printed, as it comes.
type Print<'a> = dyn FnMut(&str) -> Result<(), Failure> + 'a;

impl<'a> Plan<'a> {
    fn new(args: &'a SendArgs) -> Result<Self, Failure> {
        let kind = args.kind.as_deref().map(kind).transpose()?;
        let saved = args.file.as_deref().map(|path| {
            let text = request::read(path, request::MAX_REQUEST_LEN)?;
            capture::read(&text, args.entry)?.whole().map(Unsigned::Saved)
        });
        let to = args.to.as_deref().unwrap_or_default();
        // The URL of the console is the one that holds overrides; without it, that of the service.
        let configured = args.url.as_deref().filter(|url| url.contains('#')).unwrap_or(to);
        Ok(Self {
            args,
            kind,
            saved: saved.transpose()?,
            key: if args.forged { SigningKey::forged()? } else { SigningKey::read(&args.keys)? },
            params: request::params(&args.param)?,
            number: args.number.unwrap_or_else(now),
            place: UrlArg::new("--to", to)?,
            overrides: Overrides::of(configured)?,
            useful: AtomicU32::new(0),
        })
    }

    /// Sends the webhooks of one event, one after the other.
    fn event(&self, number: u64, print: &mut Print<'_>) -> Result<Ending, Failure> {
        let is_public = self.args.url.is_some();
        let url = self.args.url.as_deref().or(self.args.to.as_deref()).unwrap_or_default();
        let mut outcome = Ending::Good;
        for (unsigned, step) in self.webhooks(number).into_iter().zip(0_u64..) {
            let outgoing = unsigned.sign(&self.key, url, is_public)?;
            let used = Use::of(self.kind.map(Kind::name), outgoing.is_handshake);
            let status = outgoing.status.as_deref().map(|text| printable(text, MAX_STATUS_LEN));
            let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
            let name = format!("{}{status}", self.kind.map_or("saved request", Kind::name));
            let mut attempts = Attempts { plan: self, used, name, print };
            let copies: &[_] = if self.args.twice { &[false, true] } else { &[false] };
            for is_again in copies {
                let is_met = if self.args.retry {
                    attempts.as_twilio_does(&unsigned, &outgoing, &token(number, step))?
                } else {
                    attempts.once(&outgoing, *is_again)?
                };
                if !is_met {
                    outcome = Ending::Refused;
                }
            }
        }
        Ok(outcome)
    }

    fn webhooks(&self, number: u64) -> Vec<Unsigned> {
        if let Some(saved) = &self.saved {
            return vec![saved.clone()];
        }
        let fixtures = self.kind.map(Kind::fixtures).unwrap_or_default();
        let changed = |fixture| changed(fixture, &self.params, number, self.args.get);
        fixtures.into_iter().map(|fixture| Unsigned::Fixture(changed(fixture))).collect()
    }

    /// Whether events that are sent at once are the same bytes.
    const fn is_one_event(&self) -> bool {
        self.args.number.is_some() || self.saved.is_some()
    }

    const fn expected(&self, is_again: bool) -> Expected {
        match (self.args.forged, is_again || self.is_repeated()) {
            (true, _) => Expected::Refused,
            (false, true) => Expected::UsefulOrRefused,
            (false, false) => Expected::Useful,
        }
    }

    /// Whether each webhook of this run is sent several times at once.
    const fn is_repeated(&self) -> bool {
        self.is_one_event() && matches!(self.args.parallel, Some(2..))
    }
}

fn kind(name: &str) -> Result<&'static Kind, Failure> {
    let unknown = || {
        let name = printable(name, 40);
        Failure::usage(format!("no kind is called {name}: `twilio-sig send --list` shows all"))
    };
    testing::kinds().iter().find(|kind| kind.name() == name).ok_or_else(unknown)
}

fn changed(fixture: Fixture, params: &[(String, String)], number: u64, get: bool) -> Fixture {
    // The number is the present time, in nanoseconds.
    let seconds = i64::try_from(number.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
    let fixture = fixture.number(number).at(seconds);
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

/// The idempotency token of one webhook, which its retries share. It looks like a UUID.
fn token(number: u64, step: u64) -> String {
    let hex = format!("{number:016x}{step:016x}");
    let part = |start: usize, end: usize| hex.get(start..end).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(20, 32))
}

impl Outgoing {
    /// The same bytes with the idempotency header, which is not signed.
    fn with_token(&self, token: &str) -> Self {
        let mut outgoing = self.clone();
        outgoing.headers.push(("I-Twilio-Idempotency-Token".to_owned(), token.to_owned()));
        outgoing
    }
}
