//! What signers append that are not Twilio's: test clients and tools.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Edit, Ground};
use crate::diagnose::Cause;
use crate::diagnose::change::Change;
use crate::diagnose::encoding::{ENCODINGS, Encode};
use crate::diagnose::layout::{Layout, Pair};

/// The most pairs, and the most bytes of them, of which encoded texts are made: some two hundred.
const MAX_PAIRS: usize = 64;
const MAX_LEN: usize = 8 * 1_024;

/// Edits of the layout alone. A signer has one, so they are not tried together.
fn laid_out<'a>(
    ground: &'a Ground<'a>,
    cost: usize,
    layouts: &[(Cause, Layout, &str)],
) -> Vec<Edit<'a>> {
    let layouts = layouts.iter().filter(|_| ground.pairs.len() > 1);
    let edit = |(cause, layout, signed): &(Cause, Layout, &str)| {
        let edit = Edit::new(cost, *cause, "sorted, equal pairs once", *signed, Change::Nothing);
        Edit { layout: *layout, ..edit.alone() }
    };
    layouts.map(edit).collect()
}

pub(super) fn other_layouts<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let layouts = [
        (Cause::OrderKept, Layout::Kept, "the parameters in their order"),
        (Cause::SortIgnoresCase, Layout::CaseIgnored, "sorted without regard to case"),
    ];
    laid_out(ground, 2, &layouts)
}

pub(super) fn repeats<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let layouts = [
        (Cause::RepeatsKept, Layout::Repeated, "equal pairs more than once"),
        (Cause::RepeatsKept, Layout::NameOnce, "a name once before its values"),
        (Cause::RepeatsKept, Layout::FirstValue, "the first value of a name alone"),
        (Cause::RepeatsKept, Layout::LastValue, "the last value of a name alone"),
    ];
    laid_out(ground, 2, &layouts)
}

pub(super) fn raw<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    if ground.raw.is_empty() {
        return Vec::new();
    }
    let whole = vec![(Cow::Borrowed(ground.raw), Cow::Borrowed(&[][..]))];
    let (cause, signed) = (Cause::RawBodySigned, "the URL and the encoded body");
    vec![Edit::new(2, cause, "decoded parameters", signed, Change::Replace(whole)).alone()]
}

/// The parameters in another encoding, or joined like a query.
pub(super) fn encoded_first<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    if ground.len == 0 || ground.len > MAX_LEN || ground.pairs.len() > MAX_PAIRS {
        return Vec::new();
    }
    let joins = [("", "", ""), ("=", "&", ""), ("=", "&", "&"), ("=", "", ""), ("", "&", "")];
    let mut texts: Vec<String> = Vec::new();
    let mut edits = Vec::new();
    for (encoding, encode) in ENCODINGS {
        for (order, layout) in [("sorted", Layout::Canonical), ("in their order", Layout::Kept)] {
            let pairs = layout.lay_out(ground.pairs.clone());
            for (equals, between, last) in joins {
                for first in ["", "?", "&"] {
                    let text = joined(&pairs, encode, equals, between);
                    let text = [first, &text, last].concat();
                    let is_plain = encoding.is_empty() && equals.is_empty() && between.is_empty();
                    if (is_plain && first.is_empty()) || texts.contains(&text) {
                        continue;
                    }
                    texts.push(text.clone());
                    let shown = [first, "name", equals, "value", between, "…"].concat();
                    let signed = format!("`{shown}`, {order}{encoding}");
                    let whole = (Cow::Owned(text.into_bytes()), Cow::Borrowed(&[][..]));
                    let change = Change::Replace(vec![whole]);
                    let cause = Cause::EncodedParamsSigned;
                    let given = "decoded names and values without separators";
                    edits.push(Edit::new(2, cause, given, signed, change).alone());
                }
            }
        }
    }
    edits
}

fn joined(pairs: &[Pair<'_>], encode: Encode, equals: &str, between: &str) -> String {
    let one = |(name, value): &Pair<'_>| [&encode(name), equals, &encode(value)].concat();
    let all: Vec<String> = pairs.iter().map(one).collect();
    all.join(between)
}
