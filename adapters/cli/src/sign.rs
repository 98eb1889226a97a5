//! `twilio-sig sign`

use core::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use twilio_sig::VerifyError;

use crate::Ending;
use crate::args::SignArgs;
use crate::failure::Failure;
use crate::signing_key::SigningKey;
use crate::{output, request};

/// Longest body to sign, in bytes.
const MAX_BODY_LEN: usize = 64 * 1_024 * 1_024;
/// What a form escapes.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

pub(crate) fn run(args: &SignArgs) -> Result<Ending, Failure> {
    let key = SigningKey::read(&args.keys)?;
    let signer = key.signer();
    let refused = |error: VerifyError| Failure::usage(error.to_string());
    let params = request::params(&args.param)?;
    let pairs: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // Twilio signs no fragment: it holds connection overrides.
    let url = args.url.split('#').next().unwrap_or_default();
    let body = args.body_file.as_deref().map(|path| request::read(path, MAX_BODY_LEN));
    let body = body.transpose()?;
    let (url, signature) = match &body {
        Some(body) if args.hash_body => signer.sign_body_hash(url, body),
        Some(body) => (url.to_owned(), signer.sign_form(url, body).map_err(refused)?),
        None => (url.to_owned(), signer.sign_params(url, &pairs).map_err(refused)?),
    };
    let header = signature.header_value();
    if args.json {
        output::print_json(&json!({ "url": url, "signature": header }))?;
        return Ok(Ending::Good);
    }
    if args.curl {
        let body = body.unwrap_or_else(|| form(&params).into_bytes());
        let media_type =
            if args.hash_body { "application/json" } else { "application/x-www-form-urlencoded" };
        let headers = [
            Some(("X-Twilio-Signature", header)),
            key.settings().map(|settings| ("X-Twilio-Webhooks-Signature-Settings", settings)),
            (!body.is_empty()).then(|| ("Content-Type", media_type.to_owned())),
        ];
        output::print(&curl(args, &url, headers.into_iter().flatten(), &body)?)?;
        return Ok(Ending::Good);
    }
    if args.hash_body {
        output::print(&format!("URL: {url}\n"))?;
    }
    output::print(&format!("X-Twilio-Signature: {header}\n"))?;
    if io::stdout().is_terminal() {
        output::note("--curl prints the command that sends this request");
    }
    Ok(Ending::Good)
}

/// The command that sends the request. A body that is no text stays in its file.
fn curl(
    args: &SignArgs,
    url: &str,
    headers: impl Iterator<Item = (&'static str, String)>,
    body: &[u8],
) -> Result<String, Failure> {
    let mut command = format!("curl {}", quoted(url));
    for (name, value) in headers {
        let _ = write!(command, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    match (str::from_utf8(body), args.body_file.as_deref()) {
        (Ok(""), _) => {}
        (Ok(text), _) if !text.contains('\0') => {
            let _ = write!(command, " \\\n  --data-raw {}", quoted(text));
        }
        (_, Some(path)) if path.as_os_str() != "-" => {
            let name = path.to_str().ok_or_else(|| Failure::usage("a file name is not UTF-8"))?;
            let _ = write!(command, " \\\n  --data-binary {}", quoted(&format!("@{name}")));
        }
        _ => {
            return Err(Failure::usage(
                "--curl needs a body that is not text in a file of its own",
            ));
        }
    }
    command.push('\n');
    Ok(command)
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn form(params: &[(String, String)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
    let pairs = params.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}
