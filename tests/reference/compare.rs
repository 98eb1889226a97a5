//! One request, shown to the crate and to the reference; both verdicts in the same terms.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::std_instead_of_alloc,
    reason = "each test uses its own part of this module, and a test has std"
)]

use twilio_sig::{
    Algorithm, AuthToken, ParameterPolicy, Params, SharedKey, Signer, UrlPolicy, Verified,
    Verifier, Webhook,
};

use crate::reference::form::{self, Pair};
use crate::reference::{Config, Key, Payload, Request, candidates, matched_candidate, url, verify};

/// What is wrong, in words.
pub type Failure = Box<dyn core::error::Error>;

fn verifier(config: &Config) -> Result<Verifier, Failure> {
    let mut builder = Verifier::builder()
        .url_policy(if config.exact { UrlPolicy::Exact } else { UrlPolicy::Compatible })
        .parameter_policy(if config.strict {
            ParameterPolicy::Strict
        } else {
            ParameterPolicy::Any
        })
        .max_params(config.max_params)
        .max_form_len(config.max_form_len)
        .max_body_len(config.max_body_len);
    for key in &config.keys {
        builder = match key {
            Key::AuthToken(token) => builder.auth_token(AuthToken::new(token.clone())?),
            Key::Shared { .. } => builder.shared_key(shared_key(key)?),
        };
    }
    if let Some(account_sid) = &config.account_sid {
        builder = builder.account_sid(account_sid.clone());
    }
    Ok(builder.build()?)
}

fn shared_key(key: &Key) -> Result<SharedKey, Failure> {
    match key {
        Key::AuthToken(_) => Err("not a shared key".into()),
        Key::Shared { id, secret, sha256 } => {
            let algorithm = if *sha256 { Algorithm::HmacSha256 } else { Algorithm::HmacSha1 };
            Ok(SharedKey::new(id.clone(), secret.clone(), algorithm)?)
        }
    }
}

pub fn signer(key: &Key) -> Result<Signer, Failure> {
    Ok(match key {
        Key::AuthToken(token) => Signer::auth_token(&AuthToken::new(token.clone())?),
        Key::Shared { .. } => Signer::shared_key(&shared_key(key)?),
    })
}

/// A verdict of the crate, in the terms of the reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub coverage: String,
    pub key: usize,
    pub params: Vec<Pair>,
    pub is_as_given: bool,
    /// Whether user information and port are named among the changes, and the fragment.
    pub userinfo_removed: bool,
    pub port_changed: bool,
}

pub fn by_crate(config: &Config, request: &Request) -> Result<Result<Seen, &'static str>, Failure> {
    let params = match &request.payload {
        Payload::Body(_) => vec![],
        Payload::Params(list) => list.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(),
    };
    let mut webhook = match &request.payload {
        _ if request.websocket => Webhook::websocket(&request.url),
        Payload::Body(body) => Webhook::post(&request.url, body),
        Payload::Params(_) => Webhook::post_params(&request.url, &params),
    };
    if let Some(header) = &request.signature {
        webhook = webhook.signature(header);
    }
    if let Some(header) = &request.settings {
        webhook = webhook.signature_settings(header);
    }
    let verified = match verifier(config)?.verify(&webhook) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error.code())),
    };
    check_what_is_proven(request, &verified)?;
    let changes = verified.candidate().to_string();
    Ok(Ok(Seen {
        coverage: verified.coverage().to_string(),
        key: verified.key(),
        params: owned(&verified.params()),
        is_as_given: verified.candidate().is_as_given(),
        userinfo_removed: changes.contains("userinfo_removed"),
        port_changed: changes.contains("port_"),
    }))
}

pub fn by_reference(config: &Config, request: &Request) -> Result<Seen, &'static str> {
    let accepted = verify(config, request)?;
    let matched = matched_candidate(config, request, &accepted).ok_or("no candidate matched")?;
    let first = candidates(&request.url, request.websocket, config.exact)?;
    Ok(Seen {
        coverage: accepted.coverage.to_owned(),
        key: accepted.key,
        is_as_given: first.first() == Some(&matched),
        userinfo_removed: matched.userinfo_removed,
        port_changed: matched.port_changed,
        params: accepted.params,
    })
}

/// What `Verified` gives beside the verdict: the request's own texts and its signed pairs by name.
fn check_what_is_proven(request: &Request, verified: &Verified<'_>) -> Result<(), Failure> {
    let body = match &request.payload {
        Payload::Body(body) if !request.websocket => body.as_slice(),
        _ => b"",
    };
    let header = verified.signature().header_value().into_bytes();
    let params = owned(&verified.params());
    // Looking one up goes through all of them, so not every one of hundreds is looked up.
    let by_name = params.iter().take(12).all(|(name, _)| {
        let Ok(name) = core::str::from_utf8(name) else { return true };
        let first = params.iter().find(|(other, _)| other == name.as_bytes());
        let value = first.and_then(|(_, value)| core::str::from_utf8(value).ok());
        verified.params().get(name) == value
    });
    let query = owned(&verified.query_params()) == form::pairs(&url::query(&request.url));
    let texts = verified.url() == request.url
        && verified.body() == body
        && request.signature.as_deref() == Some(header.as_slice());
    match (by_name, query, texts) {
        (true, true, true) => Ok(()),
        wrong => Err(format!("by name, query, texts: {wrong:?}").into()),
    }
}

fn owned(params: &Params) -> Vec<Pair> {
    params.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}
