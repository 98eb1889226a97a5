//! Handing on what verifies.

use crate::args::ListenArgs;
use crate::deliver::{self, Delivered, Undelivered, deliver};
use crate::failure::Failure;
use crate::http::HttpRequest;
use crate::outgoing::Outgoing;
use crate::overrides::Overrides;
use crate::signing_key::SigningKey;
use crate::url_arg::UrlArg;

/// Where it is handed on to.
pub(super) struct Forward {
    pub(super) place: UrlArg,
    overrides: Overrides,
    /// What signs anew.
    key: Option<SigningKey>,
    /// The URL that Twilio calls, whose host and scheme are handed on.
    public: Option<UrlArg>,
}

impl Forward {
    /// `None` if nothing is handed on.
    pub(super) fn new(args: &ListenArgs) -> Result<Option<Self>, Failure> {
        let Some(url) = &args.forward_to else { return Ok(None) };
        let key = args.sign_anew.then(|| SigningKey::read(&args.keys)).transpose()?;
        let public = args.url.as_deref().map(|url| UrlArg::new("--url", url)).transpose()?;
        let overrides = Overrides::of(url)?;
        Ok(Some(Self { place: UrlArg::new("--forward-to", url)?, overrides, key, public }))
    }

    /// The request as it is handed on.
    ///
    /// # Errors
    /// [`Failure::Usage`] if it cannot be signed anew.
    pub(super) fn outgoing(&self, request: &HttpRequest) -> Result<Outgoing, Failure> {
        if let Some(key) = &self.key {
            let url = self.place.url(&request.target);
            return Outgoing::anew(request, key, &url, false);
        }
        let Some(public) = &self.public else { return Ok(Outgoing::as_it_was(request)) };
        let mut request = request.clone();
        let replaced = ["host", "x-forwarded-host", "x-forwarded-proto"];
        let is_replaced = |name: &str| replaced.iter().any(|own| own.eq_ignore_ascii_case(name));
        request.headers.retain(|(name, _)| !is_replaced(name));
        request.target = public.url(&request.target);
        Ok(Outgoing::as_it_was(&request))
    }

    /// Sends it, and waits as long as Twilio does. It blocks.
    ///
    /// # Errors
    /// [`Undelivered`] if there is no answer.
    pub(super) fn send(&self, outgoing: &Outgoing) -> Result<Delivered, Undelivered> {
        let agent = deliver::agent(&self.overrides, self.overrides.total);
        deliver(&agent, &self.place, outgoing)
    }
}
