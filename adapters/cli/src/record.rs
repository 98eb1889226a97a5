//! A line of a batch.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::error::Category;
use twilio_sig::{
    Algorithm, AuthToken, Diagnosis, Hints, ParameterPolicy, SharedKey, UrlPolicy, Verifier,
    VerifyError, Webhook, diagnose,
};
use zeroize::Zeroizing;

use crate::output::VerdictLine;

/// The most MACs of one diagnosis in a batch: some milliseconds, in which one mistake and most pairs
/// of two are found.
pub(crate) const MAX_MACS: u32 = 2_000;

/// A request, its keys and the verifier's settings. All but the URL may be left out or null.
#[derive(Deserialize)]
struct Record {
    url: String,
    signature: Option<String>,
    auth_tokens: Option<Vec<Zeroizing<String>>>,
    shared_keys: Option<Vec<SharedKeyRecord>>,
    settings: Option<String>,
    body: Option<String>,
    body_base64: Option<String>,
    params: Option<Vec<(String, String)>>,
    websocket: Option<bool>,
    policy: Option<Policy>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct SharedKeyRecord {
    id: String,
    secret: Zeroizing<String>,
    algorithm: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Policy {
    Compatible,
    Exact,
}

/// What was decided of a line.
pub(crate) struct Decided {
    pub(crate) verdict: VerdictLine,
    /// The diagnosis of a refused one, if it was asked for.
    pub(crate) diagnosis: Option<Diagnosis>,
}

impl Decided {
    pub(crate) const fn without_diagnosis(verdict: VerdictLine) -> Self {
        Self { verdict, diagnosis: None }
    }
}

/// The verdict on a line; if it is refused and `hints` are given, why.
pub(crate) fn decide(line: &[u8], hints: Option<&Hints>) -> Decided {
    let bad_input = |detail| Decided::without_diagnosis(VerdictLine::bad_input(detail));
    read(line, hints).unwrap_or_else(bad_input)
}

/// # Errors
/// Why the line cannot be read. That repeats nothing of the line.
fn read(line: &[u8], hints: Option<&Hints>) -> Result<Decided, String> {
    let record: Record = serde_json::from_slice(line).map_err(|error| {
        // serde_json's own words quote the value, which may be a token.
        let what = match error.classify() {
            Category::Data => "a field is missing or has the wrong type, found",
            Category::Eof | Category::Io | Category::Syntax => "not JSON",
        };
        format!("{what} at column {}", error.column())
    })?;
    let body_base64 = record.body_base64.map(|text| STANDARD.decode(text)).transpose();
    let body_base64 = body_base64.map_err(|_| "body_base64 is not base64")?;
    let bodies = [record.body.is_some(), body_base64.is_some(), record.params.is_some()];
    if bodies.into_iter().filter(|given| *given).count() > 1 {
        return Err("more than one of body, body_base64 and params".into());
    }
    let tokens = record.auth_tokens.unwrap_or_default();
    let shared_keys = record.shared_keys.unwrap_or_default();
    if tokens.is_empty() && shared_keys.is_empty() && record.signature.is_none() {
        return Ok(Decided::without_diagnosis(Err(VerifyError::MissingSignature).into()));
    }

    let mut builder = Verifier::builder();
    for token in tokens {
        let token =
            AuthToken::new(token.as_str()).map_err(|error| format!("auth_tokens: {error}"))?;
        builder = builder.auth_token(token);
    }
    for key in shared_keys {
        let algorithm: Result<Algorithm, _> = key.algorithm.parse();
        let algorithm = algorithm.map_err(|_| "shared_keys: unknown algorithm")?;
        let key = SharedKey::new(key.id, key.secret.as_str(), algorithm);
        builder = builder.shared_key(key.map_err(|error| format!("shared_keys: {error}"))?);
    }
    if matches!(record.policy, Some(Policy::Exact)) {
        builder = builder.url_policy(UrlPolicy::Exact);
    }
    if record.strict == Some(true) {
        builder = builder.parameter_policy(ParameterPolicy::Strict);
    }
    let verifier = builder.build().map_err(|error| error.to_string())?;

    let url = record.url.as_str();
    let params = record.params.unwrap_or_default();
    let params: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = record.body.as_ref().map(String::as_bytes).or(body_base64.as_deref());
    let mut webhook = match (record.websocket, body) {
        (Some(true), None | Some([])) if params.is_empty() => Webhook::websocket(url),
        (Some(true), _) => return Err("a WebSocket handshake has no body and no params".into()),
        (_, Some(body)) => Webhook::post(url, body),
        (_, None) if params.is_empty() => Webhook::get(url),
        (_, None) => Webhook::post_params(url, &params),
    };
    let settings = record.settings.unwrap_or_default();
    webhook = webhook.signature_settings(&settings);
    if let Some(signature) = &record.signature {
        webhook = webhook.signature(signature);
    }
    let verdict = verifier.verify(&webhook);
    let diagnosis = match (&verdict, hints) {
        (Err(_), Some(hints)) => Some(diagnose(&verifier, &webhook, hints)),
        _ => None,
    };
    let causes = diagnosis.as_ref().map(causes);
    Ok(Decided { verdict: VerdictLine::from(verdict).with_causes(causes), diagnosis })
}

/// The causes that together explain the refusal; none if nothing known does.
pub(crate) fn causes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    let explanation = diagnosis.explanations().first();
    let findings = explanation.map(twilio_sig::Explanation::findings).unwrap_or_default();
    findings.iter().map(|finding| finding.cause().code()).collect()
}
