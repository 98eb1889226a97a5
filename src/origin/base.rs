//! A configured URL, cut into its parts by hand, because the parts are used as they are written.

use alloc::{format, string::String};

use super::{
    host::{Host, Scheme},
    prefix::is_path,
};

/// The parts of a configured URL.
pub(super) struct Base<'a> {
    /// Scheme, host and port as written. User information is cut out: Twilio calls with it and signs
    /// without it (<https://www.twilio.com/docs/usage/security>), and it is a secret.
    pub(super) origin: String,
    /// Empty, or from the first slash on.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) has_fragment: bool,
}

impl<'a> Base<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (url, fragment) = text.split_once('#').map_or((text, None), |(a, b)| (a, Some(b)));
        let (scheme, rest) = url.split_once("://")?;
        Scheme::parse(scheme)?;
        let (authority, rest) =
            rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
        // A browser takes a `\` for the end of the host.
        let is_sound = text.bytes().all(|byte| byte.is_ascii_graphic())
            && !user.contains('\\')
            && is_path(path)
            && Host::parse(host)?.is_read_alike_by_url();
        let origin = format!("{scheme}://{host}");
        is_sound.then_some(Self { origin, path, query, has_fragment: fragment.is_some() })
    }
}
