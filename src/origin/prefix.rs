//! Paths that a proxy cuts off before the request gets here.

use alloc::string::{String, ToString};

use super::OriginError;

/// A configured path that goes before the request's path. The slash at its end, or the lack of one, is
/// kept: Twilio signed one of the two, and the target `/` does not tell which.
#[derive(Clone)]
pub(super) struct Prefix {
    /// The path without the slashes at its end.
    path: String,
    ends_in_slash: bool,
}

/// The prefix where there is none, to be borrowed.
pub(super) static NO_PREFIX: Prefix = Prefix::NONE;

impl Prefix {
    pub(super) const NONE: Self = Self { path: String::new(), ends_in_slash: false };

    /// Reads a prefix of the configuration: a path, and not nothing.
    pub(super) fn configured(text: &str) -> Result<Self, OriginError> {
        if text.is_empty() || !is_path(text) {
            return Err(OriginError::InvalidPrefix);
        }
        Ok(Self::of(text))
    }

    /// The prefix that is this path, which [`is_path`].
    pub(super) fn of(path: &str) -> Self {
        let trimmed = path.trim_end_matches('/');
        Self { path: trimmed.to_string(), ends_in_slash: trimmed != path }
    }

    /// Whether a proxy means this prefix, with or without a slash at the end.
    pub(super) fn is(&self, received: &str) -> bool {
        received.strip_suffix('/').unwrap_or(received) == self.path
    }
}

/// Whether this can be a path. Clients read `\` as a slash, so Twilio would ask for another path than is
/// written.
pub(super) fn is_path(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/'))
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\".contains(&byte))
}

/// The origin, the prefixes and the target. If the public path is the prefixes alone, the target's path is
/// `/`, and the URL ends as the last prefix does.
pub(super) fn join(origin: &str, prefixes: [&Prefix; 2], target: &str) -> String {
    let last = prefixes.iter().rfind(|prefix| !prefix.path.is_empty());
    let without_slash = last.is_some_and(|prefix| !prefix.ends_in_slash);
    let after_root =
        target.strip_prefix('/').filter(|rest| rest.is_empty() || rest.starts_with('?'));
    let target = after_root.filter(|_| without_slash).unwrap_or(target);
    let [outer, inner] = prefixes.map(|prefix| &*prefix.path);
    [origin, outer, inner, target].concat()
}
