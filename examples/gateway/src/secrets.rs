//! The secrets, which come from the environment alone.

use zeroize::Zeroizing;

use crate::exit::Failure;

/// The shortest admin token, in characters.
const MIN_ADMIN_TOKEN: usize = 16;

/// `Debug` is not there, so none is printed.
pub(crate) struct Secrets {
    pub(crate) auth_token: Option<Zeroizing<String>>,
    pub(crate) auth_token_secondary: Option<Zeroizing<String>>,
    pub(crate) admin_token: Option<Zeroizing<String>>,
    pub(crate) forward_secret: Option<Zeroizing<String>>,
}

impl Secrets {
    /// Reads them. A variable that is empty counts as not set.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let admin_token = read("ADMIN_TOKEN")?;
        if admin_token.as_ref().is_some_and(|token| token.chars().count() < MIN_ADMIN_TOKEN) {
            return Err(format!("ADMIN_TOKEN has fewer than {MIN_ADMIN_TOKEN} characters").into());
        }
        Ok(Self {
            auth_token: read("TWILIO_AUTH_TOKEN")?,
            auth_token_secondary: read("TWILIO_AUTH_TOKEN_SECONDARY")?,
            admin_token,
            forward_secret: read("FORWARD_SECRET")?,
        })
    }
}

fn read(name: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let value = value.into_string().map_err(|_| format!("{name} is not UTF-8"))?;
    Ok(Some(Zeroizing::new(value)))
}
