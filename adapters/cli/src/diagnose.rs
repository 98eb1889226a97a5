//! `twilio-sig diagnose`

use core::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anstyle::Style;
use serde_json::{Value, json};
use twilio_sig::{AuthToken, Cause, Diagnosis, Evidence, Hints, Signature, Verifier, diagnose};
use zeroize::Zeroizing;

use crate::Ending;
use crate::args::DiagnoseArgs;
use crate::failure::Failure;
use crate::keys::{self, Secret};
use crate::output::{self, BAD, GOOD, LABEL};
use crate::request::Request;
use crate::verify::with_policy;

pub(crate) fn run(args: &DiagnoseArgs) -> Result<Ending, Failure> {
    let request = Request::read_as_it_is(&args.request)?;
    let tokens = tokens(args, &request)?;
    let shared_keys = keys::shared_keys(&args.keys)?;
    let mut hints = hints(args, &request)?;
    if tokens.is_empty() && shared_keys.is_empty() {
        return Err(without_key(&request));
    }
    let mut builder = with_policy(Verifier::builder(), &args.policy);
    for secret in tokens {
        // What the library refuses as a token another program may have taken: it is diagnosed.
        let bare = Zeroizing::new(secret.text.trim().to_owned());
        let token = AuthToken::new(bare.as_str());
        let token = token.map_err(|error| Failure::usage(format!("{}: {error}", secret.source)))?;
        builder = builder.auth_token(token);
        hints = hints.raw_secret(secret.text.as_str());
    }
    for (key, secret) in shared_keys {
        builder = builder.shared_key(key);
        hints = hints.raw_secret(secret.text.as_str());
    }
    let verifier = builder.build().map_err(|error| Failure::usage(error.to_string()))?;
    let diagnosis = request.with_webhook(|webhook| diagnose(&verifier, webhook, &hints));
    if args.json {
        output::print_json(&as_json(&diagnosis))?;
    } else {
        output::print(&coloured(&diagnosis.to_string(), output::width()))?;
    }
    let good = diagnosis.verdict().is_ok() && diagnosis.explanations().is_empty();
    Ok(if good { Ending::Good } else { Ending::Refused })
}

/// The tokens: those of the options; without any, the one that the request file names; without that, the
/// environment's.
fn tokens(args: &DiagnoseArgs, request: &Request) -> Result<Vec<Secret>, Failure> {
    let named = request.http.as_ref().and_then(|http| http.token_file.as_deref());
    match (named, &args.request.http) {
        (Some(name), Some(path)) if args.keys.token_file.is_empty() && path != Path::new("-") => {
            let path = path.with_file_name(name);
            let note =
                format!("note: the auth token is that of {}, as the request says", path.display());
            // Nobody may be there to read the note.
            let _ = writeln!(anstream::stderr(), "{note}");
            Ok(vec![keys::secret(&path)?])
        }
        _ => keys::tokens(&args.keys),
    }
}

/// The hints with the headers of the request.
pub(crate) fn with_headers(hints: Hints, request: &Request) -> Hints {
    let headers = request.http.iter().flat_map(|http| &http.headers);
    headers.fold(hints, |hints, (name, value)| hints.header(name, value))
}

fn hints(args: &DiagnoseArgs, request: &Request) -> Result<Hints, Failure> {
    let mut hints = with_headers(Hints::new().max_macs(args.max_macs), request);
    for header in &args.header {
        let (name, value) =
            header.split_once(':').ok_or_else(|| Failure::usage("--header takes NAME: VALUE"))?;
        hints = hints.header(name.trim(), value);
    }
    if let Some(url) = &args.configured_url {
        hints = hints.configured_url(url);
    }
    for path in &args.secondary_token_file {
        hints = hints.secondary_token(keys::token(&keys::secret(path)?)?);
    }
    for argument in &args.account_token_file {
        let (sid, path) = argument
            .split_once(',')
            .ok_or_else(|| Failure::usage("--account-token-file takes SID,FILE"))?;
        hints = hints.account_token(sid, keys::token(&keys::secret(Path::new(path))?)?);
    }
    Ok(hints)
}

/// Without a key nothing can be proven; what shows all the same is said.
fn without_key(request: &Request) -> Failure {
    let Failure::Usage(mut text) = keys::missing() else { return keys::missing() };
    let mut note = |note: &str| {
        let _ = write!(text, "\nnote: {note}");
    };
    note("without a key no cause can be proven; what shows in the request:");
    match &request.signature {
        None => note("there is no X-Twilio-Signature header"),
        Some(header) => match Signature::from_header(header) {
            Ok(signature) => {
                note(&format!("the signature is well-formed: {}", signature.algorithm()));
            }
            Err(error) => note(&error.to_string()),
        },
    }
    let header = |name| request.http.as_ref().and_then(|http| http.header(name));
    if header("x-forwarded-proto").is_some_and(|proto| proto == "https")
        && request.url.starts_with("http:")
    {
        note("X-Forwarded-Proto is https and the URL is not: TLS is terminated upstream");
    }
    if header("x-forwarded-host").is_some() && header("x-forwarded-host") != header("host") {
        note("X-Forwarded-Host is not the Host: a proxy replaced it");
    }
    Failure::Usage(text)
}

/// The text with its labels in colour, and wrapped to this width.
pub(crate) fn coloured(text: &str, width: Option<usize>) -> String {
    let mut coloured = String::new();
    let mut wrapped = Vec::new();
    let mut is_aligned = false;
    for line in text.lines() {
        // The mark below the two strings shows where they differ.
        is_aligned = line == "strings" || (is_aligned && line.starts_with(' '));
        match width.filter(|_| !is_aligned) {
            Some(width) => wrapped.extend(output::wrapped(line, width)),
            None => wrapped.push(line.to_owned()),
        }
    }
    for line in &wrapped {
        let label_len = line.find("  ").filter(|at| *at > 0).unwrap_or(0);
        let (label, rest) = line.split_at_checked(label_len).unwrap_or(("", line));
        let style = match label {
            "verdict" if rest.contains(" verified") => GOOD,
            "verdict" => BAD,
            "" => Style::new(),
            _ => LABEL,
        };
        let _ = writeln!(coloured, "{style}{label}{style:#}{rest}");
    }
    coloured
}

fn as_json(diagnosis: &Diagnosis) -> Value {
    let explanations: Vec<Value> = diagnosis
        .explanations()
        .iter()
        .map(|explanation| {
            let findings: Vec<Value> = explanation
                .findings()
                .iter()
                .map(|finding| {
                    json!({
                        "cause": finding.cause().code(),
                        "what": finding.cause().to_string(),
                        "given": finding.given(),
                        "signed": finding.signed(),
                        "fix": finding.fix(),
                    })
                })
                .collect();
            let evidence = match explanation.evidence() {
                Evidence::Signature => "signature",
                _ => "request",
            };
            let difference = explanation.difference().map(
                |difference| json!({ "given": difference.given(), "signed": difference.signed() }),
            );
            json!({ "evidence": evidence, "findings": findings, "difference": difference })
        })
        .collect();
    let codes =
        |causes: &[Cause]| -> Vec<&str> { causes.iter().map(|cause| cause.code()).collect() };
    json!({
        "ok": diagnosis.verdict().is_ok(),
        "error": diagnosis.verdict().err().map(twilio_sig::VerifyError::code),
        "explanations": explanations,
        "ruled_out": codes(diagnosis.ruled_out()),
        "tried": codes(diagnosis.tried()),
        "notes": diagnosis.remarks(),
        "macs": diagnosis.macs(),
        "bytes": diagnosis.bytes(),
        "exhausted": diagnosis.is_exhausted(),
    })
}
