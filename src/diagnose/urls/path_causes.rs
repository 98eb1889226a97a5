//! How one path became the other: the most specific causes, and as few of them as there can be.

use alloc::string::String;
use alloc::vec::Vec;

use super::path::merged;
use crate::diagnose::Cause;
use crate::diagnose::encoding;

/// The causes for which `given` is verified where `signed` was signed.
pub(super) fn causes(given: &str, signed: &str) -> Vec<Cause> {
    if given == signed {
        return Vec::new();
    }
    if given.split_once("%23").is_some_and(|(before, _)| before == signed) {
        return Vec::from([Cause::FragmentEncoded]);
    }
    let alone = [slash(given, signed), prefix(given, signed), spelling(given, signed)];
    if let Some(cause) = alone.into_iter().flatten().next() {
        return Vec::from([cause]);
    }
    // Two at once: with the slash at the end as it was signed, and without any.
    let (shorter, own) = (signed.trim_end_matches('/'), given.trim_end_matches('/'));
    let end = match (given.len() > own.len(), signed.len() > shorter.len()) {
        (true, false) => Some(Cause::TrailingSlashAdded),
        (false, true) => Some(Cause::TrailingSlashMissing),
        _ => None,
    };
    let end = end.filter(|_| !own.is_empty() && !shorter.is_empty());
    let besides = prefix(own, shorter).or_else(|| spelling(own, shorter));
    if let (Some(cause), Some(end)) = (besides, end) {
        return Vec::from([cause, end]);
    }
    let (decoded_given, decoded_signed) = (decoded(given), decoded(signed));
    if let Some(cause) = prefix(&decoded_given, &decoded_signed) {
        return Vec::from([cause, Cause::PathReencoded]);
    }
    Vec::from([Cause::PathRewritten])
}

fn slash(given: &str, signed: &str) -> Option<Cause> {
    if signed.strip_suffix('/') == Some(given) {
        Some(Cause::TrailingSlashMissing)
    } else if given.strip_suffix('/') == Some(signed) {
        Some(Cause::TrailingSlashAdded)
    } else {
        None
    }
}

/// A bare slash, and no path at all, are what is left of a path that is all prefix.
fn prefix(given: &str, signed: &str) -> Option<Cause> {
    let ends_with = |long: &str, end: &str| {
        let end = if end == "/" { "" } else { end };
        long.len() > end.len().max(1)
            && long.ends_with(end)
            && (end.is_empty() || end.starts_with('/'))
    };
    // Two slashes that became one are no prefix.
    if merged(signed) == given {
        None
    } else if ends_with(signed, given) {
        Some(Cause::PathPrefixMissing)
    } else if ends_with(given, signed) {
        Some(Cause::PathPrefixAdded)
    } else {
        None
    }
}

fn spelling(given: &str, signed: &str) -> Option<Cause> {
    if decoded(given) == decoded(signed) {
        Some(Cause::PathReencoded)
    } else if merged(signed) == given {
        Some(Cause::SlashesMerged)
    } else {
        None
    }
}

fn decoded(path: &str) -> String {
    encoding::decode(path, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cause::*;

    #[test]
    fn the_specific_cause_is_named_before_the_general_one() {
        for (given, signed, causes) in [
            ("/sms", "/sms", &[][..]),
            ("/sms", "/sms/", &[TrailingSlashMissing]),
            ("/sms/", "/sms", &[TrailingSlashAdded]),
            ("/sms", "/prod/sms", &[PathPrefixMissing]),
            ("/", "/sms", &[PathPrefixMissing]),
            ("/", "/sms/", &[PathPrefixMissing]),
            ("", "/prod/sms", &[PathPrefixMissing]),
            ("/sms", "/prod/sms/", &[PathPrefixMissing, TrailingSlashMissing]),
            ("/sms/", "/prod/sms", &[PathPrefixMissing, TrailingSlashAdded]),
            ("/app/sms", "/sms", &[PathPrefixAdded]),
            ("/app", "/", &[PathPrefixAdded]),
            ("//sms", "/sms", &[PathPrefixAdded]),
            ("/a b", "/a%20b", &[PathReencoded]),
            ("/a b", "/x/a%20b", &[PathPrefixMissing, PathReencoded]),
            ("/a/b", "/a//b", &[SlashesMerged]),
            ("/sms", "//sms", &[SlashesMerged]),
            ("/s%23rc=2", "/s", &[FragmentEncoded]),
            ("/sms/index.php", "/sms/", &[PathRewritten]),
            ("/sms", "/voice", &[PathRewritten]),
            ("/sms", "/mysms", &[PathRewritten]),
        ] {
            assert_eq!(super::causes(given, signed), causes, "{given} {signed}");
        }
    }
}
