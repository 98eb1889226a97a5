//! Logins, and what their forms must carry.

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::access::AdminToken;
use crate::app::App;
use crate::clock;
use crate::fault::Fault;

pub(super) const NAME: &str = "gateway_session";
/// How long a login holds, in seconds.
pub(super) const LIFETIME_S: i64 = 8 * 60 * 60;

/// An operator. A login's cookie is `expiry.mac`, by the admin token: a restart keeps it, and another
/// token ends it.
#[derive(Clone)]
pub(crate) struct Session {
    /// What a form must carry. None with the bearer token: no browser sends that by itself.
    csrf: Option<String>,
}

impl Session {
    /// The session of a request, by its bearer token or its cookie.
    pub(super) fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        let token = app.admin.as_ref()?;
        if token.is_in(headers) {
            return Some(Self { csrf: None });
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|line| line.split("; "));
        let cookie = cookies.find_map(|cookie| cookie.strip_prefix(NAME)?.strip_prefix('='))?;
        let (expiry, mac) = cookie.split_once('.')?;
        let is_right = eq(mac, &sign(token, "session", expiry)?);
        if !is_right || expiry.parse::<i64>().ok()? <= clock::now() {
            return None;
        }
        Some(Self { csrf: sign(token, "csrf", cookie) })
    }

    /// The cookie of a login that begins now.
    pub(super) fn begin(token: &AdminToken) -> Option<String> {
        let expiry = clock::now().saturating_add(LIFETIME_S.saturating_mul(1_000)).to_string();
        let mac = sign(token, "session", &expiry)?;
        Some(format!("{expiry}.{mac}"))
    }

    /// What the forms of a page must carry.
    pub(super) fn csrf(&self) -> &str {
        self.csrf.as_deref().unwrap_or_default()
    }

    /// Lets a form act that one of our pages has shown to this very login.
    pub(super) fn check(&self, csrf: &str) -> Result<(), Fault> {
        match &self.csrf {
            Some(expected) if !eq(expected, csrf) => Err(Fault::Forbidden("the form is not ours")),
            _ => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

fn sign(token: &AdminToken, purpose: &str, text: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).ok()?;
    mac.update(format!("{purpose}.{text}").as_bytes());
    Some(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn eq(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
