//! Secrets, from the environment and from files.

use std::env;
use std::path::Path;

use twilio_sig::{AuthToken, KeyError, SharedKey};
use zeroize::Zeroizing;

use crate::args::KeyArgs;
use crate::failure::Failure;
use crate::request;

/// Where the auth token is if no file is named.
const VARIABLE: &str = "TWILIO_AUTH_TOKEN";
/// Longest file of a secret that is read, in bytes.
const MAX_SECRET_LEN: usize = 4_096;

/// A secret and where it comes from.
pub(crate) struct Secret {
    pub(crate) source: String,
    pub(crate) text: Zeroizing<String>,
}

/// Reads the auth tokens: those of the files; without any, the environment's.
pub(crate) fn tokens(args: &KeyArgs) -> Result<Vec<Secret>, Failure> {
    if args.token_file.is_empty() {
        return Ok(environment()?.into_iter().collect());
    }
    args.token_file.iter().map(|path| secret(path)).collect()
}

fn environment() -> Result<Option<Secret>, Failure> {
    match env::var(VARIABLE) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(Secret { source: VARIABLE.into(), text: Zeroizing::new(text) })),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::usage(format!("{VARIABLE} is not UTF-8")))
        }
    }
}

/// Reads a secret from a file, whose last line break is not part of it.
pub(crate) fn secret(path: &Path) -> Result<Secret, Failure> {
    // Room for all of it and more: a buffer that grows leaves what it held in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_LEN.saturating_mul(2)));
    request::read_into(&mut bytes, path, MAX_SECRET_LEN)?;
    let text = str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8", path.display())))?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Secret { source: path.display().to_string(), text: Zeroizing::new(text.to_owned()) })
}

/// The secret as an auth token.
pub(crate) fn token(secret: &Secret) -> Result<AuthToken, Failure> {
    AuthToken::new(secret.text.as_str()).map_err(|error| refused(&secret.source, error))
}

/// The shared keys, each with the secret that it was made of.
pub(crate) fn shared_keys(args: &KeyArgs) -> Result<Vec<(SharedKey, Secret)>, Failure> {
    let usage = || Failure::usage("--shared-key-file takes ID,ALGORITHM,FILE");
    let read = |argument: &String| {
        let (id, rest) = argument.split_once(',').ok_or_else(usage)?;
        let (algorithm, path) = rest.split_once(',').ok_or_else(usage)?;
        let algorithm = algorithm
            .parse()
            .map_err(|_| Failure::usage("the algorithm is HMAC_SHA1 or HMAC_SHA256"))?;
        let secret = secret(Path::new(path))?;
        let key = SharedKey::new(id, secret.text.as_str(), algorithm)
            .map_err(|error| refused(path, error))?;
        Ok((key, secret))
    };
    args.shared_key_file.iter().map(read).collect()
}

/// Says that there is no key, and how to give one.
pub(crate) fn missing() -> Failure {
    Failure::usage(format!("no key: set {VARIABLE}, or name a file with --token-file"))
}

fn refused(source: &str, error: KeyError) -> Failure {
    Failure::usage(format!("{source}: {error}"))
}
