//! How one query became the other: the most specific causes, and as few of them as there can be.

use alloc::string::String;
use alloc::vec::Vec;

use super::query::{is_hash, segments};
use crate::diagnose::Cause;
use crate::diagnose::encoding;

/// Segments of queries that are compared one by one.
const MAX_SEGMENTS: usize = 64;

/// The causes for which `given` is verified where `signed` was signed.
pub(super) fn causes(given: Option<&str>, signed: Option<&str>) -> Vec<Cause> {
    if given == signed {
        return Vec::new();
    }
    let (given, signed) = (given.unwrap_or_default(), signed.unwrap_or_default());
    if given.replace("&amp;", "&").replace("&#38;", "&").replace("&#x26;", "&") == signed {
        return Vec::from([Cause::UrlHtmlEscaped]);
    }
    if given.split_once("%23").is_some_and(|(before, _)| before == signed) {
        return Vec::from([Cause::FragmentEncoded]);
    }
    let list = |query| segments(query).take(MAX_SEGMENTS).map(Into::into).collect();
    let (own, other): (Vec<String>, Vec<String>) = (list(given), list(signed));
    let decoded = |all: &[String]| all.iter().map(|segment| decoded(segment)).collect();
    let (own_decoded, other_decoded): (Vec<String>, Vec<String>) = (decoded(&own), decoded(&other));
    let as_they_are = in_parts(&own, &other);
    let respelled = in_parts(&own_decoded, &other_decoded);
    if as_they_are.len() <= respelled.len() && !as_they_are.is_empty() {
        return as_they_are;
    }
    let mut causes = respelled;
    causes.push(Cause::QueryReencoded);
    causes
}

/// How a list of segments became another one, if each of them is unchanged.
fn in_parts(own: &[String], other: &[String]) -> Vec<Cause> {
    let missing = difference(other, own);
    let added = difference(own, other);
    let mut causes = Vec::new();
    if !missing.is_empty() {
        let only_hash = missing.iter().all(|segment| is_hash(segment));
        causes.push(if only_hash { Cause::BodyHashDropped } else { Cause::QueryDropped });
    }
    if !added.is_empty() {
        causes.push(Cause::QueryParamAdded);
    }
    let kept = |all: &[String], gone: &[String]| -> Vec<String> { difference(all, gone) };
    if kept(own, &added) != kept(other, &missing) {
        causes.push(Cause::QueryReordered);
    }
    causes
}

/// The items of a list without those of another, each as often as it is there.
fn difference(all: &[String], others: &[String]) -> Vec<String> {
    let mut others: Vec<Option<&String>> = others.iter().map(Some).collect();
    let is_kept = |item: &&String| {
        let same = others.iter_mut().find(|other| **other == Some(item));
        same.map(Option::take).is_none()
    };
    all.iter().filter(is_kept).cloned().collect()
}

/// A segment in a spelling that all of its spellings share.
fn decoded(segment: &str) -> String {
    let twice = encoding::decode(&encoding::decode(segment, true), true);
    if twice.contains('=') { twice } else { [&twice, "="].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cause::*;

    #[test]
    fn the_specific_cause_is_named_before_the_general_one() {
        for (given, signed, causes) in [
            ("a=1", "a=1", &[][..]),
            ("a=1&b=2", "b=2&a=1", &[QueryReordered]),
            ("a=1+2&b", "a=1%202&b=", &[QueryReencoded]),
            ("a=1&b=x+y", "b=x%20y&a=1", &[QueryReordered, QueryReencoded]),
            ("a=1&b=2", "b=2", &[QueryParamAdded]),
            ("c=3&b=2&a=1", "a=1&b=2", &[QueryParamAdded, QueryReordered]),
            ("b=2", "a=1&b=2", &[QueryDropped]),
            ("", "a=1", &[QueryDropped]),
            ("a=1", "a=1&bodySHA256=00", &[BodyHashDropped]),
            ("a=1", "a=2", &[QueryDropped, QueryParamAdded]),
            ("a=x:y", "a=x%3Ay&b=2", &[QueryDropped, QueryReencoded]),
            ("a=1&amp;b=2", "a=1&b=2", &[UrlHtmlEscaped]),
            ("a=1%23rc=2", "a=1", &[FragmentEncoded]),
            ("a=1&&b=2", "a=1&b=2", &[QueryReencoded]),
            ("a=%c3%a9", "a=%C3%A9", &[QueryReencoded]),
        ] {
            assert_eq!(super::causes(Some(given), Some(signed)), causes, "{given} {signed}");
        }
    }
}
