//! A webhook that is not signed yet: a fixture, or a saved request.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use twilio_sig::testing::Fixture;

use crate::failure::Failure;
use crate::http::HttpRequest;
use crate::outgoing::Outgoing;
use crate::signing_key::SigningKey;
use crate::url_arg::UrlArg;

#[derive(Clone)]
pub(super) enum Unsigned {
    Fixture(Fixture),
    Saved(HttpRequest),
}

impl Unsigned {
    /// Signs it for the URL. `is_public` says that it is sent to another one.
    pub(super) fn sign(
        &self,
        key: &SigningKey,
        url: &str,
        is_public: bool,
    ) -> Result<Outgoing, Failure> {
        match self {
            Self::Fixture(fixture) => {
                Ok(Outgoing::fixture(&key.sign(fixture.clone(), url)?, is_public))
            }
            Self::Saved(saved) => {
                let url = UrlArg::new("--url", url)?.url(&saved.target);
                Outgoing::anew(saved, key, &url, is_public)
            }
        }
    }

    /// The webhook that goes to the fallback URL: with the error, and the URL where it happened.
    ///
    /// Source: <https://www.twilio.com/docs/usage/security/availability-reliability>
    pub(super) fn with_error(&self, code: u32, url: &str) -> Self {
        let code = code.to_string();
        match self {
            Self::Fixture(fixture) => {
                let fixture = fixture.clone().param("ErrorCode", &code);
                Self::Fixture(fixture.param("ErrorUrl", url))
            }
            Self::Saved(saved) => {
                let mut saved = saved.clone();
                let url = utf8_percent_encode(url, NON_ALPHANUMERIC);
                let params = format!("ErrorCode={code}&ErrorUrl={url}");
                if saved.method == "GET" || !saved.is_form() {
                    saved.target.push(if saved.target.contains('?') { '&' } else { '?' });
                    saved.target.push_str(&params);
                } else {
                    let mark = if saved.body.is_empty() { "" } else { "&" };
                    saved.body.extend_from_slice(format!("{mark}{params}").as_bytes());
                }
                Self::Saved(saved)
            }
        }
    }
}
