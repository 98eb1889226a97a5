//! The kind of a webhook, and what identifies its event: the table in the module's docs, a row for each
//! kind.

mod conversations;
mod messaging;
mod products;
mod voice;

use alloc::string::String;

use super::place::place;
use super::signed::{Signed, push_escaped};
use super::{Delivery, NoIdentity};
use crate::claim::ClaimKey;
use crate::verifier::Coverage;

/// A kind of webhook.
struct EventKind {
    /// The first part of its keys.
    name: &'static str,
    /// What shows that a request is of this kind: all conditions hold, and no kind before it in the table
    /// fits.
    when: &'static [When],
    identity: Identity,
}

/// A condition on the signed parameters.
enum When {
    /// All of these names are there.
    All(&'static [&'static str]),
    /// At least one of these names is there.
    Any(&'static [&'static str]),
    /// None of these names is there.
    Lacks(&'static [&'static str]),
    /// This parameter is there and its value is one of these.
    Is(&'static str, &'static [&'static str]),
    /// This parameter is there and its value is none of these.
    IsNot(&'static str, &'static [&'static str]),
    /// Every name is one of these, or starts with this text.
    Only(&'static [&'static [&'static str]], &'static str),
}

/// What tells two events of a kind apart, besides the place.
enum Identity {
    /// These parts.
    Parts(&'static [Part]),
    /// These parts. Twilio waits for an answer, and asks the fallback URL if there is none.
    Asked(&'static [Part]),
    /// Nothing: two honest requests can be alike.
    Repeatable,
}

enum Part {
    /// The first of these that is there, which is a SID.
    Sid(&'static [&'static str]),
    /// The first of these that is there, which is a number.
    Number(&'static [&'static str]),
    Text(&'static str),
    /// This one, if it is there.
    IfAny(&'static str),
    /// All parameters, but for what differs when Twilio sends the same event again.
    Everything,
}

/// Where the event came to, and the text of its key.
pub(super) fn identify(
    delivery: &Delivery<'_>,
    signed: &Signed<'_>,
) -> Result<(ClaimKey, String), NoIdentity> {
    let with_query = delivery.verdict().coverage() != Coverage::UrlOnly;
    let tables = [products::KINDS, conversations::KINDS, messaging::KINDS, voice::KINDS];
    let mut kinds = tables.into_iter().flatten();
    let kind = kinds.find(|kind| kind.when.iter().all(|condition| condition.holds(signed)));
    let Some(EventKind { name, identity, .. }) = kind else {
        return Err(NoIdentity::Unknown);
    };
    let (parts, failed) = match identity {
        Identity::Parts(parts) => (parts, None),
        Identity::Asked(parts) => (parts, failed_url(signed)),
        Identity::Repeatable => return Err(NoIdentity::Repeatable(name)),
    };
    let mut key = String::from(*name);
    for part in *parts {
        part.push(&mut key, signed, failed.is_some())?;
    }
    Ok((place(failed.unwrap_or(delivery.url()), with_query), key))
}

/// The URL that this request stands in for, if it was sent because Twilio got no answer from there:
/// <https://www.twilio.com/docs/usage/security/availability-reliability>.
///
/// An error other than 112xx is about an answer that Twilio got and cannot use. The answer is kept,
/// and would be no better the second time: such a request is an event of its own.
fn failed_url<'s>(signed: &'s Signed<'_>) -> Option<&'s str> {
    let got_an_answer = match signed.number("ErrorCode") {
        Ok(code) => code.len() != 5 || !code.starts_with("112"),
        Err(NoIdentity::Missing(_)) => false,
        Err(_) => true,
    };
    signed.text("ErrorUrl").ok().filter(|_| !got_an_answer)
}

impl When {
    fn holds(&self, signed: &Signed<'_>) -> bool {
        match *self {
            Self::All(names) => names.iter().all(|name| signed.has(name)),
            Self::Any(names) => names.iter().any(|name| signed.has(name)),
            Self::Lacks(names) => !names.iter().any(|name| signed.has(name)),
            Self::Is(name, values) => signed.text(name).is_ok_and(|text| values.contains(&text)),
            Self::IsNot(name, values) => {
                signed.has(name) && !signed.text(name).is_ok_and(|text| values.contains(&text))
            }
            Self::Only(lists, prefix) => signed.names().all(|name| {
                let mut known = lists.iter().copied().flatten();
                name.starts_with(prefix.as_bytes()) || known.any(|own| own.as_bytes() == name)
            }),
        }
    }
}

impl Part {
    fn push(&self, key: &mut String, signed: &Signed<'_>, failed: bool) -> Result<(), NoIdentity> {
        let everything;
        let value = match *self {
            Self::Sid(names) => signed.sid(first(names, signed))?,
            Self::Number(names) => signed.number(first(names, signed))?,
            Self::Text(name) => signed.text(name)?,
            Self::IfAny(name) => {
                let value = match signed.text(name) {
                    Err(NoIdentity::Missing(_)) => return Ok(()),
                    value => value?,
                };
                key.push(':');
                key.push_str(name);
                value
            }
            Self::Everything => {
                // `RetryCount` counts how often Twilio has sent the event.
                let names: &[&[u8]] = &[b"RetryCount", b"ErrorCode", b"ErrorUrl"];
                let left_out = if failed { names } else { names.get(..1).unwrap_or_default() };
                everything = hex(&signed.everything_but(left_out));
                &everything
            }
        };
        key.push(':');
        push_escaped(key, value);
        Ok(())
    }
}

/// The first of these that is there; the first of all, if none is.
fn first<'a>(names: &[&'a str], signed: &Signed<'_>) -> &'a str {
    let there = names.iter().find(|name| signed.has(name));
    there.or(names.first()).copied().unwrap_or_default()
}

fn hex(key: &ClaimKey) -> String {
    alloc::format!("{key}")
}
