//! Why a signature is wrong: the known mistakes, undone until the signature is right.
//!
//! A MAC cannot say in what two strings differ. There are few ways to spoil a genuine request, though, and
//! each can be undone. If the signature is right afterwards, the cause is proven.

mod address;
mod apparent;
mod attempt;
mod base64;
mod blanks;
mod body;
mod budget;
mod cause;
mod change;
mod charset;
mod clues;
mod encoding;
mod exhausted;
mod found;
mod header;
mod headers;
mod hints;
mod json;
mod keys;
mod kinds;
mod known;
mod layout;
mod outcome;
mod parts;
mod payloads;
mod remarks;
mod report;
mod search;
mod secret;
mod show;
mod spelled;
mod texts;
mod urls;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

pub use cause::Cause;
pub use hints::{BYTES_PER_MAC, DEFAULT_MAX_MACS, Hints};
pub use report::{Diagnosis, Difference, Evidence, Explanation, Finding};

use attempt::Request;
use budget::Budget;
use clues::Clues;
use found::Found;
use outcome::{complete, finding, with_differences};
use payloads::Payloads;
use search::Search;
use show::Redactor;
use urls::Urls;

use crate::verifier::Verifier;
use crate::webhook::Webhook;

/// Says why `verifier` refuses `webhook`: undoes the known mistakes with the URL, the body and the
/// key, one at a time and then several, the likeliest first, until the signature is right.
///
/// The explanation is proven, and names as few causes as can be, each once, a specific one before a general
/// one. A diagnosis says nothing about a request that `verify` accepts, and makes no request acceptable.
///
/// This function is for an operator with a refused request at hand. The work is bounded, whatever arrives, by
/// [`Hints::max_macs`] and [`BYTES_PER_MAC`]: by default two thirds of a second in an optimised
/// build if nothing explains the signature, and some milliseconds if one or two known mistakes do. A
/// service that calls it for refused requests must bound how often, and call it off the way of a request,
/// because a sender of forged requests would choose the load. With a bound of 2,000 MACs, a few
/// milliseconds, the search still finds one mistake and most pairs of two.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Cause, Hints, Signer, Verifier, Webhook, diagnose};
///
/// let token = AuthToken::new("0123456789abcdef0123456789abcdef")?;
/// let body = b"Body=Ahoy&From=%2B15005550006";
/// let signature = Signer::auth_token(&token).sign_form("https://example.com/sms", body)?;
///
/// // The service sits behind a TLS terminator, and builds the URL from what it sees.
/// let header = signature.header_value();
/// let webhook = Webhook::post("http://example.com/sms", body).signature(&header);
/// let diagnosis = diagnose(&Verifier::new(token), &webhook, &Hints::new());
///
/// assert_eq!(diagnosis.cause(), Some(Cause::TlsTerminated));
/// let finding = &diagnosis.explanations()[0].findings()[0];
/// assert_eq!((finding.given(), finding.signed()), ("http", "https"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`BYTES_PER_MAC`]: crate::BYTES_PER_MAC
pub fn diagnose(verifier: &Verifier, webhook: &Webhook<'_>, hints: &Hints) -> Diagnosis {
    let request = Request::new(verifier, webhook);
    let secrets = hints.secrets.iter().map(|secret| secret.as_str());
    let redactor = Redactor::new(request.header, secrets);
    let mut diagnosis = Diagnosis {
        verdict: Ok(()),
        explanations: Vec::new(),
        ruled_out: Vec::new(),
        tried: Vec::new(),
        remarks: Vec::new(),
        macs: 0,
        bytes: 0,
        exhausted: false,
    };
    let shown = |found: Vec<Found>, evidence| Explanation {
        findings: found.into_iter().map(|found| finding(&found, &redactor)).collect(),
        evidence,
        difference: None,
        url_difference: None,
    };
    let error = match verifier.verify(webhook) {
        Ok(proof) => {
            let blemish = request.key(proof.key()).and_then(|key| keys::blemish(&key, hints));
            let blemish = blemish.map(|found| shown(Vec::from([found]), Evidence::Signature));
            diagnosis.explanations.extend(blemish);
            return diagnosis;
        }
        Err(error) => error,
    };
    diagnosis.verdict = Err(error);
    if let Some(found) = apparent::of_refusal(error, &request, hints) {
        diagnosis.explanations.push(shown(Vec::from([found]), Evidence::Request));
        return diagnosis;
    }

    let (provers, keys_found) = keys::provers(&request, hints);
    let mut budget = Budget::new(hints.max_macs);
    let clues = Clues::of(hints);
    let mut tried = BTreeSet::new();
    let mut is_done = false;
    let mut hit = None;
    // Without a signature there is nothing to search for, and the body is not looked at.
    if !provers.is_empty() {
        let grounds = payloads::grounds(&request, &mut budget);
        let is_uncovered = match grounds.first() {
            Some(ground) => ground.is_empty(),
            None => request.body.is_empty(),
        };
        let hashes = body::hashes(&request.body, &mut budget);
        let mut search = |clues: &Clues, budget: &mut Budget| {
            let mut search = Search::new(&request, &provers, Payloads::new(&grounds), is_uncovered);
            let hit = search.run(&mut Urls::new(&request, clues, &hashes), budget);
            is_done |= search.is_single_done;
            tried.append(&mut search.tried);
            hit
        };
        hit = search(&clues, &mut budget);
        if hit.is_none() && !clues.is_empty() {
            budget.allow_all();
            hit = search(&Clues::default(), &mut budget);
        }
    }
    if let Some(mut hit) = hit {
        complete(&mut hit, &request, hints, &mut budget);
        let explanation = shown(core::mem::take(&mut hit.found), Evidence::Signature);
        diagnosis.explanations.push(with_differences(explanation, &hit, &request, &redactor));
    } else {
        let apparent = apparent::of_request(&request, hints, keys_found);
        let named: Vec<Cause> = apparent.iter().map(|found| found.cause).collect();
        tried.retain(|cause| !named.contains(cause));
        (diagnosis.ruled_out, diagnosis.tried) = exhausted::divided(&tried, is_done, &clues);
        let apparent = apparent.into_iter();
        let apparent = apparent.map(|found| shown(Vec::from([found]), Evidence::Request));
        diagnosis.explanations.extend(apparent);
    }
    let remarks = match *diagnosis.explanations {
        [] => remarks::all(&request, hints),
        _ => remarks::always(hints),
    };
    diagnosis.remarks = remarks.iter().map(|remark| redactor.show(remark)).collect();
    Diagnosis {
        macs: budget.macs(),
        bytes: budget.bytes(),
        exhausted: budget.is_over || budget.is_cut,
        ..diagnosis
    }
}
