//! `twilio-sig verify`

use twilio_sig::{ParameterPolicy, UrlPolicy, Verifier, VerifierBuilder, VerifyError};

use crate::Ending;
use crate::args::{PolicyArgs, VerifyArgs};
use crate::failure::Failure;
use crate::keys;
use crate::output::{self, BAD, GOOD, LABEL, VerdictLine, printable_url};
use crate::request::Request;

/// Longest URL that is printed, in characters.
const MAX_URL_LEN: usize = 2_000;

pub(crate) fn run(args: &VerifyArgs) -> Result<Ending, Failure> {
    let mut builder = with_policy(Verifier::builder(), &args.policy);
    let tokens = keys::tokens(&args.keys)?;
    let shared_keys = keys::shared_keys(&args.keys)?;
    if tokens.is_empty() && shared_keys.is_empty() {
        return Err(keys::missing());
    }
    for secret in &tokens {
        builder = builder.auth_token(keys::token(secret)?);
    }
    for (key, _) in shared_keys {
        builder = builder.shared_key(key);
    }
    let verifier = builder.build().map_err(|error| Failure::usage(error.to_string()))?;
    let request = Request::read(&args.request)?;
    request.with_webhook(|webhook| {
        let verdict = verifier.verify(webhook);
        let outcome = if verdict.is_ok() { Ending::Good } else { Ending::Refused };
        if args.json {
            output::print_json(&VerdictLine::from(verdict))?;
        } else {
            output::print(&match verdict {
                Ok(proof) => format!(
                    "{GOOD}verified{GOOD:#}  coverage {}, URL {}, key {}\n",
                    proof.coverage(),
                    proof.candidate(),
                    proof.key()
                ),
                Err(error) => refused(&request, error),
            })?;
        }
        Ok(outcome)
    })
}

/// What was refused, and the next step.
fn refused(request: &Request, error: VerifyError) -> String {
    let url = printable_url(&request.url, MAX_URL_LEN);
    let code = error.code();
    let next = "try `twilio-sig diagnose` with the same options: it says why";
    format!(
        "{BAD}refused{BAD:#}  {code} ({error})\n{LABEL}URL{LABEL:#}      {url}\n{LABEL}next{LABEL:#}     {next}\n"
    )
}

pub(crate) fn with_policy(builder: VerifierBuilder, args: &PolicyArgs) -> VerifierBuilder {
    let builder = if args.exact { builder.url_policy(UrlPolicy::Exact) } else { builder };
    let strict = ParameterPolicy::Strict;
    let builder = if args.strict { builder.parameter_policy(strict) } else { builder };
    match &args.account_sid {
        Some(sid) => builder.account_sid(sid),
        None => builder,
    }
}
