//! Why a signature is wrong: the known mistakes, undone one by one until the signature is right.
//!
//! A MAC cannot say in what two strings differ. But the ways in which a genuine request gets
//! spoiled are few, and each can be undone; if the signature is then right, that was it.

mod attempt;
mod body;
mod cause;
mod compound;
mod edit;
mod encoding;
mod header;
mod hints;
mod json;
mod keys;
mod known;
mod param_edits;
mod params;
mod parts;
mod query_edits;
mod report;
mod search;
mod secret;
mod show;
mod texts;
mod url_edits;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub use attempt::BYTES_PER_MAC;
pub use cause::Cause;
pub use hints::{DEFAULT_MAX_MACS, Hints};
pub use report::{Diagnosis, Difference, Evidence, Explanation, Finding};

use attempt::{Request, Signed, Text};
use edit::{Context, Found};
use params::Pair;
use search::{Base, Explained, Search};
use show::{Pieces, Redactor};

use crate::error::VerifyError;
use crate::mac::Signature;
use crate::url::{UrlParts, UrlPolicy};
use crate::verifier::Verifier;
use crate::webhook::{Payload, Webhook};

/// Says why `verifier` refuses `webhook`: tries the known mistakes, one at a time and then two, and
/// names those that explain the signature.
///
/// It is for an operator with a refused request at hand. A service must not call it for every
/// refusal: it computes up to [`Hints::max_macs`] MACs, and whoever sends forged requests would
/// choose how often. It says nothing about a request that `verify` accepts, and can make no request
/// acceptable.
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
pub fn diagnose(verifier: &Verifier, webhook: &Webhook<'_>, hints: &Hints) -> Diagnosis {
    let secrets = hints.secrets.iter().map(|secret| secret.as_str());
    let redactor = Redactor::new(webhook.signature.unwrap_or_default(), secrets);
    let empty = Diagnosis {
        verdict: Ok(()),
        explanations: Vec::new(),
        ruled_out: Vec::new(),
        remarks: Vec::new(),
        macs: 0,
        exhausted: false,
    };
    let shown = |found: Vec<Found>, evidence, difference| Explanation {
        findings: found
            .into_iter()
            .map(|found| Finding {
                cause: found.cause,
                given: redactor.show(&found.given),
                signed: redactor.show(&found.signed),
            })
            .collect(),
        evidence,
        difference,
    };
    let error = match verifier.verify(webhook) {
        Ok(proof) => {
            let blemish = keys::blemish(&verifier.0, proof.key(), hints);
            let explanation =
                blemish.map(|found| shown(Vec::from([found]), Evidence::Signature, None));
            return Diagnosis { explanations: explanation.into_iter().collect(), ..empty };
        }
        Err(error) => error,
    };
    let refused = Diagnosis { verdict: Err(error), ..empty };
    if let Some(found) = apparent(error, webhook, hints) {
        let explanations = Vec::from([shown(Vec::from([found]), Evidence::Request, None)]);
        return Diagnosis { explanations, ..refused };
    }

    let pairs = decoded(webhook.payload);
    let given = Pieces::new(&given_url(webhook), &params::Layout::Canonical.lay_out(pairs.clone()));
    let body_hash = match webhook.payload {
        Payload::Body(body) if !body.is_empty() => Some(body::hex_hash(body)),
        _ => None,
    };
    let context = Context { hints, websocket: webhook.websocket, body_hash: body_hash.as_deref() };
    let request = Request { context, config: &verifier.0, webhook: *webhook, pairs };
    let mut search = Search::new(&request, hints.max_macs);
    let mut explained: Vec<Explained> = Vec::new();
    let mut visible: Option<Vec<Found>> = None;
    let bases = bases(&request);
    for (deep, (base, certain)) in
        [false, true].into_iter().flat_map(|deep| bases.iter().map(move |base| (deep, base)))
    {
        let keys = keys::others(&request, base.signed.signature.algorithm());
        visible = visible.or_else(|| certain.clone());
        explained = search.explain(base, &keys, deep);
        if !explained.is_empty() {
            break;
        }
    }
    let mut explanations: Vec<Explanation> = explained
        .into_iter()
        .map(|Explained { found, hit }| {
            let pairs: Vec<Pair<'_>> =
                hit.pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            let (given, signed) = redactor.difference(&given, &Pieces::new(&hit.url, &pairs));
            let difference = (given != signed).then_some(Difference { given, signed });
            shown(found, Evidence::Signature, difference)
        })
        .collect();
    if explanations.is_empty() {
        let visible = visible.or_else(|| malformed(&request).map(|found| Vec::from([found])));
        explanations.extend(visible.map(|found| shown(found, Evidence::Request, None)));
    }
    let named = |cause: &Cause| {
        explanations.iter().flat_map(Explanation::findings).any(|finding| finding.cause == *cause)
    };
    let ruled_out = search.ruled_out().filter(|cause| !named(cause)).collect();
    let remarks = if explanations.is_empty() { remarks(&request) } else { Vec::new() };
    Diagnosis {
        ruled_out,
        remarks: remarks.iter().map(|remark| redactor.show(remark)).collect(),
        macs: search.budget.spent(),
        exhausted: search.budget.incomplete && explanations.is_empty(),
        explanations,
        ..refused
    }
}

/// The cause that the refusal itself names.
fn apparent(error: VerifyError, webhook: &Webhook<'_>, hints: &Hints) -> Option<Found> {
    let found = |cause, given: &str, signed: &str| Some(Found::new(cause, given, signed));
    match error {
        VerifyError::MissingSignature => match hints.provider_header() {
            Some(name) => {
                let given = format!("`{name}` instead of X-Twilio-Signature");
                found(Cause::SignatureOfOtherProvider, &given, "X-Twilio-Signature")
            }
            None => found(Cause::SignatureMissing, "no X-Twilio-Signature, or an empty one", "one"),
        },
        VerifyError::UrlTooLong => {
            let given = format!("a URL of {} bytes", webhook.url.len());
            found(Cause::LimitExceeded, &given, &format!("at most {}", crate::MAX_URL_LEN))
        }
        VerifyError::BodyTooLong => {
            let given = format!("a body of {} bytes", webhook.payload.len());
            found(Cause::LimitExceeded, &given, "at most `max_body_len`")
        }
        VerifyError::TooManyParams => {
            found(Cause::LimitExceeded, "more parameters", "at most `max_params`")
        }
        VerifyError::MalformedSettings => found(
            Cause::SettingsMalformed,
            "a header that cannot be read",
            "`key=` and an id, `algorithm=` and a name, each once",
        ),
        VerifyError::WrongAccount => {
            found(Cause::OtherAccount, "another AccountSid, or none", "the verifier's")
        }
        VerifyError::StrictParameter => found(
            Cause::StrictPolicy,
            "a name or SID that Twilio does not send, or a name twice",
            "what ParameterPolicy::Strict allows",
        ),
        _ => None,
    }
}

/// Where to search from, and what is certain although nothing be found: each signature that the
/// header may hold, with each URL that the text may be.
fn bases<'r>(request: &'r Request<'_>) -> Vec<(Base<'r>, Option<Vec<Found>>)> {
    let webhook = &request.webhook;
    let header = header::text(webhook.signature.unwrap_or_default());
    let signatures: Vec<(Signature, Option<Found>)> = Signature::from_header(&header).map_or_else(
        |_| header::repaired(&header).into_iter().map(|(mac, found)| (mac, Some(found))).collect(),
        |signature| Vec::from([(signature, None)]),
    );
    let readable = UrlParts::parse(webhook.url, webhook.websocket).is_some();
    let as_given = readable.then(|| (webhook.url.to_owned(), None)).into_iter();
    let repaired = url_edits::repaired(&request.context, webhook.url).into_iter();
    let urls: Vec<(String, Option<Found>)> =
        as_given.chain(repaired.map(|(url, found)| (url, Some(found)))).collect();
    let mut bases = Vec::new();
    for (signature, header_found) in &signatures {
        let (keys, keys_found) = keys::asked(request, signature.algorithm());
        for (url, url_found) in &urls {
            let found: Vec<Found> = header_found.iter().chain(url_found).cloned().collect();
            let certain: Vec<Found> = match header_found {
                Some(_) => Vec::from([header::apparent(&header)]),
                None => keys_found.clone().into_iter().collect(),
            };
            let base = Base {
                signed: Signed { signature: *signature, keys: keys.clone() },
                url: url.clone(),
                found,
                keys_found: keys_found.clone(),
            };
            bases.push((base, Some(certain).filter(|certain| !certain.is_empty())));
        }
    }
    bases
}

/// What is certain where there is nothing to search from: no signature, no URL.
fn malformed(request: &Request<'_>) -> Option<Found> {
    let webhook = &request.webhook;
    let header = header::text(webhook.signature.unwrap_or_default());
    if Signature::from_header(&header).is_err() {
        return Some(header::apparent(&header));
    }
    let readable = UrlParts::parse(webhook.url, webhook.websocket).is_some();
    let signed = "http(s):// or ws(s)://, a host, and a port of at most 65,535 or none";
    (!readable).then(|| Found::new(Cause::UrlNotAbsolute, webhook.url, signed))
}

/// What looks odd in a request that nothing explains, and what would help.
fn remarks(request: &Request<'_>) -> Vec<String> {
    let hints = request.context.hints;
    let mut remarks = Vec::new();
    if let Some(agent) = hints.value("user-agent").filter(|agent| !agent.starts_with("TwilioProxy"))
    {
        remarks.push(format!("the User-Agent is `{agent}`; Twilio's begins with TwilioProxy"));
    }
    let json = hints.value("content-type").is_some_and(|text| text.contains("json"));
    if json && !request.webhook.url.contains("bodySHA256") {
        remarks.push("the body is JSON, but the URL has no bodySHA256: Twilio adds it".into());
    }
    let replaced = "\u{fffd}".as_bytes();
    let lossy = |text: &[u8]| text.windows(replaced.len()).any(|window| window == replaced);
    if request.pairs.iter().any(|(_, value)| lossy(value)) {
        remarks.push("a value holds U+FFFD: its bytes were lost when it was read as text".into());
    }
    remarks.extend(keys::remarks(hints));
    if hints.configured_url.is_none() {
        remarks.push(
            "tell the URL as it is configured in Twilio's console, and more can be tried".into(),
        );
    }
    if hints.tokens.is_empty() {
        remarks.push(
            "tell the secondary token and those of other accounts, and they are tried".into(),
        );
    }
    remarks
}

fn decoded(payload: Payload<'_>) -> Vec<Pair<'_>> {
    let bytes = str::as_bytes;
    match payload {
        Payload::Body(body) => attempt::pairs(body),
        Payload::Params(params) => {
            params.iter().map(|(name, value)| (bytes(name).into(), bytes(value).into())).collect()
        }
    }
}

/// The URL as a verifier takes it.
fn given_url(webhook: &Webhook<'_>) -> String {
    let first = UrlParts::parse(webhook.url, webhook.websocket)
        .and_then(|url| Some((url, url.candidates(UrlPolicy::Exact).next()?)));
    first.map_or_else(
        || webhook.url.to_owned(),
        |(url, candidate)| {
            let mut text = Text::default();
            url.write(candidate, &mut text);
            text.into_string()
        },
    )
}
