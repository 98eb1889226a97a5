//! `twilio-sig sign`

use serde_json::json;
use twilio_sig::Signer;

use crate::Outcome;
use crate::args::SignArgs;
use crate::failure::Failure;
use crate::{keys, output, request};

/// Longest body to sign, in bytes.
const MAX_BODY_LEN: usize = 64 * 1_024 * 1_024;

pub(crate) fn run(args: &SignArgs) -> Result<Outcome, Failure> {
    let tokens = keys::tokens(&args.keys)?;
    let shared_keys = keys::shared_keys(&args.keys)?;
    let signer = match (shared_keys.as_slice(), tokens.as_slice()) {
        ([(key, _)], _) => Signer::shared_key(key),
        ([], [secret]) => Signer::auth_token(&keys::token(secret)?),
        ([], []) => return Err(keys::missing()),
        _ => return Err(Failure::usage("give one key to sign with")),
    };
    let refused = |error: twilio_sig::VerifyError| Failure::usage(error.to_string());
    let params = request::params(&args.param)?;
    let pairs: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (url, signature) = match &args.body_file {
        Some(path) => {
            let body = request::read(path, MAX_BODY_LEN)?;
            if args.hash_body {
                signer.sign_body_hash(&args.url, &body)
            } else {
                (args.url.clone(), signer.sign_form(&args.url, &body).map_err(refused)?)
            }
        }
        None => (args.url.clone(), signer.sign_params(&args.url, &pairs).map_err(refused)?),
    };
    let header = signature.header_value();
    if args.json {
        output::print_json(&json!({ "url": url, "signature": header }))?;
    } else {
        if args.hash_body {
            output::print(&format!("URL: {url}\n"))?;
        }
        output::print(&format!("X-Twilio-Signature: {header}\n"))?;
    }
    Ok(Outcome::Good)
}
