//! Names that something changed, values of one name that were joined, and text that is still
//! encoded.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Edit, Ground, MAX_CHANGED};
use crate::diagnose::Cause;
use crate::diagnose::change::{Change, MAX_TEXT, TextChange, changed};
use crate::diagnose::layout::Pair;
use crate::diagnose::{known, texts};

pub(super) fn renamed<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let changes: [(TextChange, &str); 4] = [
        (texts::without_brackets, "no brackets"),
        (known::spelled, "names like `CallSid`"),
        (texts::pascal_case, "names like `CallSid`"),
        (texts::underscores_to_dots, "a dot for each underscore"),
    ];
    let mut edits = Vec::new();
    for (to, signed) in changes {
        if let Some((name, _)) = ground.pairs.iter().find(|(name, _)| changed(name, to).is_some()) {
            let given = format!("the name `{}`", String::from_utf8_lossy(name));
            edits.push(Edit::new(1, Cause::ParamRenamed, given, signed, Change::Names(to)));
        }
    }
    edits
}

pub(super) fn merged<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    for separator in [b", ".as_slice(), b",", b";", b"|", b" "] {
        let has = |value: &[u8]| {
            value.len() <= MAX_TEXT
                && value.windows(separator.len()).any(|window| window == separator)
        };
        let holding = ground.pairs.iter().enumerate().filter(|(_, (_, value))| has(value));
        let holding: Vec<(usize, &Pair<'a>)> = holding.take(MAX_CHANGED).collect();
        let mut push = |name: &str, at| {
            let separated = String::from_utf8_lossy(separator);
            let signed = format!("values that are divided here by `{separated}`");
            let change = Change::Split { at, separator };
            edits.push(Edit::new(
                2,
                Cause::ParamsMerged,
                format!("one value of {name}"),
                signed,
                change,
            ));
        };
        for (at, (name, _)) in &holding {
            push(&format!("`{}`", String::from_utf8_lossy(name)), Some(*at));
        }
        if holding.len() > 1 {
            push("each name", None);
        }
    }
    edits
}

pub(super) fn not_decoded<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let is_encoded = |(name, value): &&Pair<'_>| {
        changed(name, texts::decoded).or_else(|| changed(value, texts::decoded)).is_some()
    };
    let encoded = ground.pairs.iter().find(is_encoded);
    let edits = encoded.map(|(name, _)| {
        let given = format!("escapes in `{}`", String::from_utf8_lossy(name));
        let (cause, change) = (Cause::ParamsNotDecoded, Change::NamesAndValues(texts::decoded));
        Edit::new(1, cause, given, "what they stand for", change)
    });
    edits.into_iter().collect()
}
