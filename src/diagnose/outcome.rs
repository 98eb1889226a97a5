//! What a hit means, in words that may be shown.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::attempt::Request;
use super::budget::Budget;
use super::found::Found;
use super::hints::Hints;
use super::layout::{Layout, Pair};
use super::report::{Difference, Explanation, Finding};
use super::search::Hit;
use super::show::{Pieces, Redactor};
use super::{Cause, body, cause, keys, spelled};

/// Adds what is wrong besides although the signature is explained.
pub(super) fn complete(hit: &mut Hit, request: &Request<'_>, hints: &Hints, budget: &mut Budget) {
    let blemish = hit.key.as_ref().and_then(|key| keys::blemish(key, hints));
    if let Some(found) =
        blemish.filter(|own| hit.found.iter().all(|found| found.cause != own.cause))
    {
        hit.found.insert(0, found);
    }
    if hit.is_url_only && hit.hashes.is_empty() && !request.body.is_empty() {
        let given = format!("a body of {} bytes", request.body.len());
        hit.found.push(Found::new(Cause::BodyNotSigned, given, "no body"));
    }
    budget.allow_all();
    hit.found.extend(body::wrong(&request.body, &hit.hashes, hints, budget));
    if let Some(change) = hit.change.as_deref().filter(|_| request.is_exact()) {
        hit.found.push(Found::new(Cause::UrlPolicyExact, "the URL as given", change));
    }
}

pub(super) fn finding(found: &Found, redactor: &Redactor) -> Finding {
    let is_bare = found.cause == Cause::PathPrefixMissing && matches!(&*found.given, "" | "/");
    Finding {
        cause: found.cause,
        fix: if is_bare { cause::PREFIX_OF_NOTHING } else { found.cause.fix() },
        given: redactor.show(&found.given),
        signed: redactor.show(&found.signed),
    }
}

/// The explanation with where the strings differ.
pub(super) fn with_differences(
    explanation: Explanation,
    hit: &Hit,
    request: &Request<'_>,
    redactor: &Redactor,
) -> Explanation {
    let url =
        spelled::spellings(request.url, request.websocket).first().map(spelled::Spelling::url);
    let url = url.unwrap_or_else(|| String::from(request.url));
    let given = request.body.pairs(request.max_params()).unwrap_or_default();
    let given = if hit.is_url_only && !hit.hashes.is_empty() { Vec::new() } else { given };
    let signed: Vec<Pair<'_>> =
        hit.pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let differing = |given: &Pieces, signed: &Pieces| {
        let (given, signed) = redactor.difference(given, signed);
        (given != signed).then_some(Difference { given, signed })
    };
    let of_urls = (Pieces::without_values(&url), Pieces::without_values(&hit.url));
    let given = Pieces::new(&url, &Layout::Canonical.lay_out(given));
    Explanation {
        difference: differing(&given, &Pieces::new(&hit.url, &signed)),
        url_difference: differing(&of_urls.0, &of_urls.1).filter(|_| !hit.url.is_empty()),
        ..explanation
    }
}
