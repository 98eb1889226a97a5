//! What can have happened to the parameters on the way to the verifier, undone.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Cause;
use super::attempt;
use super::edit::Found;
use super::known;
use super::params::{Change, Layout, Pair, ParamEdit, TextChange};
use super::texts;

/// Parameters that are changed one at a time, from the first.
const MAX_CHANGED: usize = 128;

/// What the edits may depend on.
pub(super) struct Payload<'a> {
    pub(super) pairs: &'a [Pair<'a>],
    pub(super) query: &'a [u8],
    pub(super) raw: &'a [u8],
    pub(super) account_sid: Option<&'a str>,
}

pub(super) type ParamFamily = for<'a> fn(&Payload<'a>) -> Vec<ParamEdit<'a>>;

/// In the order of likelihood.
pub(super) const FAMILIES: [ParamFamily; 16] = [
    of_the_query,
    added,
    empty_dropped,
    missing,
    trimmed,
    null_converted,
    merged,
    renamed,
    not_decoded,
    decoded_twice,
    line_endings,
    html_escaped,
    charset,
    form_as_json,
    not_signed,
    other_layouts,
];

fn edit(
    cause: Cause,
    given: impl Into<String>,
    signed: impl Into<String>,
    change: Change<'_>,
) -> ParamEdit<'_> {
    ParamEdit { found: Found::new(cause, given, signed), change, layout: Layout::Canonical }
}

/// Names and values as text. What is not UTF-8 is shown as such.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn named<'a>(pairs: &'a [Pair<'a>], name: &str) -> Option<&'a [u8]> {
    pairs.iter().find_map(|(own, value)| (**own == *name.as_bytes()).then_some(&**value))
}

fn of_the_query<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let query: Vec<Pair<'_>> = attempt::pairs(payload.query);
    let in_query = payload.pairs.iter().enumerate().filter(|(_, pair)| query.contains(pair));
    let indices: Vec<usize> = in_query.map(|(at, _)| at).collect();
    if indices.is_empty() {
        return Vec::new();
    }
    let given = format!("{} parameters of the query among those of the body", indices.len());
    vec![edit(Cause::QueryPassedAsParams, given, "none", Change::Remove(indices))]
}

fn added<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let mut edits = Vec::new();
    let without = |indices: Vec<usize>, names: &str| {
        edit(Cause::ParamAdded, format!("`{names}`"), "no such parameter", Change::Remove(indices))
    };
    let all = || payload.pairs.iter().enumerate();
    // Twilio's names are in Pascal case, most of them; what frameworks add is not.
    let foreign = |name: &[u8]| !name.first().is_some_and(u8::is_ascii_uppercase);
    let one = |(at, (name, _)): (usize, &Pair<'a>)| without(vec![at], &text(name));
    if payload.pairs.len() > 1 {
        edits.extend(all().filter(|(_, pair)| foreign(&pair.0)).take(MAX_CHANGED).map(one));
        edits.extend(all().filter(|(_, pair)| !foreign(&pair.0)).take(MAX_CHANGED).map(one));
    }
    let together = |edits: &mut Vec<_>, chosen: &dyn Fn(&[u8]) -> bool| {
        let chosen: Vec<(usize, &Pair<'a>)> = all().filter(|(_, pair)| chosen(&pair.0)).collect();
        if chosen.len() > 1 && chosen.len() < payload.pairs.len() {
            let names: Vec<_> = chosen.iter().map(|(_, (name, _))| text(name)).collect();
            let indices = chosen.iter().map(|(at, _)| *at).collect();
            edits.push(without(indices, &names.join("`, `")));
        }
    };
    together(&mut edits, &foreign);
    together(&mut edits, &|name| known::ROUTE_PARAMS.iter().any(|known| known.as_bytes() == name));
    edits
}

fn empty_dropped<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let absent = |name: &str| named(payload.pairs, name).is_none();
    let add = |names: Vec<String>| {
        let list = format!("`{}` empty", names.join("`, `"));
        let empty = |name: String| (Cow::Owned(name.into_bytes()), Cow::Borrowed(&[][..]));
        let change = Change::Add(names.into_iter().map(empty).collect());
        edit(Cause::EmptyParamsDropped, "no such parameters", list, change)
    };
    if payload.pairs.is_empty() {
        return Vec::new();
    }
    let groups = known::empty_groups()
        .into_iter()
        .chain(known::OFTEN_EMPTY.iter().map(|name| vec![String::from(*name)]));
    groups
        .map(|group| group.into_iter().filter(|name| absent(name)).collect::<Vec<_>>())
        .filter(|group| !group.is_empty())
        .map(add)
        .collect()
}

fn missing<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let mut edits = Vec::new();
    let mut add = |name: &'static str, value: Cow<'a, [u8]>| {
        if named(payload.pairs, name).is_none() && !payload.pairs.is_empty() {
            let change = Change::Add(vec![(Cow::Borrowed(name.as_bytes()), value)]);
            edits.push(edit(Cause::ParamMissing, "no such parameter", format!("`{name}`"), change));
        }
    };
    for (name, twin) in known::TWINS {
        if let Some(value) = named(payload.pairs, twin) {
            add(name, Cow::Borrowed(value));
        }
    }
    if let Some(sid) = payload.account_sid {
        add("AccountSid", Cow::Borrowed(sid.as_bytes()));
    }
    for (name, value) in known::CONSTANTS {
        add(name, Cow::Borrowed(value.as_bytes()));
    }
    edits
}

fn trimmed<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    const WRAPS: [(&[u8], &[u8], &str); 6] = [
        (b"", b" ", "a space after it"),
        (b" ", b"", "a space before it"),
        (b"", b"\n", "a line feed after it"),
        (b"", b"\r\n", "a line break after it"),
        (b" ", b" ", "spaces around it"),
        (b"", b"  ", "two spaces after it"),
    ];
    let mut edits = Vec::new();
    for (before, after, what) in WRAPS {
        // What people type comes first.
        let mut at: Vec<usize> = (0..payload.pairs.len()).take(MAX_CHANGED).collect();
        at.sort_by_key(|&at| payload.pairs.get(at).is_none_or(|(name, _)| !known::is_typed(name)));
        for at in at {
            let Some((name, _)) = payload.pairs.get(at) else { continue };
            let given = format!("the value of `{}`", text(name));
            let change = Change::Wrap { at, before, after };
            edits.push(edit(Cause::ParamTrimmed, given, what, change));
        }
    }
    edits
}

/// Edits by a change of single values: of all that it changes at once, then of each.
fn by_value<'a>(
    payload: &Payload<'a>,
    cause: Cause,
    what: &str,
    to: TextChange,
) -> Vec<ParamEdit<'a>> {
    let changed = payload.pairs.iter().enumerate().filter(|(_, (_, value))| to(value).is_some());
    let changed: Vec<(usize, &Pair<'a>)> = changed.take(MAX_CHANGED).collect();
    let Some((_, (first, _))) = changed.first() else { return Vec::new() };
    let given = match changed.len() {
        1 => format!("the value of `{}`", text(first)),
        n => format!("the value of `{}` and {} more", text(first), n.saturating_sub(1)),
    };
    let mut edits = vec![edit(cause, given, what, Change::Values(to))];
    if changed.len() > 1 {
        edits.extend(changed.iter().map(|(at, (name, _))| {
            let given = format!("the value of `{}`", text(name));
            edit(cause, given, what, Change::Value { at: *at, to })
        }));
    }
    edits
}

fn null_converted<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    by_value(payload, Cause::ParamNullConverted, "an empty value", texts::null_to_empty)
}

fn merged<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let mut edits = Vec::new();
    for separator in [b", ".as_slice(), b",", b";", b"|", b" "] {
        let has = |value: &[u8]| value.windows(separator.len()).any(|window| window == separator);
        let holding = payload.pairs.iter().enumerate().filter(|(_, (_, value))| has(value));
        let holding: Vec<(usize, &Pair<'a>)> = holding.take(MAX_CHANGED).collect();
        let mut push = |name: &str, at| {
            let signed = format!("values that are divided here by `{}`", text(separator));
            let change = Change::Split { at, separator };
            edits.push(edit(Cause::ParamsMerged, format!("one value of {name}"), signed, change));
        };
        for (at, (name, _)) in &holding {
            push(&format!("`{}`", text(name)), Some(*at));
        }
        if holding.len() > 1 {
            push("each name", None);
        }
    }
    edits
}

fn renamed<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let changes: [(TextChange, &str); 4] = [
        (texts::underscores_to_dots, "a dot for each underscore"),
        (texts::without_brackets, "no brackets"),
        (texts::pascal_case, "names like `CallSid`"),
        (known::spelled, "names like `CallSid`"),
    ];
    let mut edits = Vec::new();
    for (to, signed) in changes {
        if let Some((name, _)) = payload.pairs.iter().find(|(name, _)| to(name).is_some()) {
            let given = format!("the name `{}`", text(name));
            edits.push(edit(Cause::ParamRenamed, given, signed, Change::Names(to)));
        }
    }
    edits
}

fn not_decoded<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let encoded = payload
        .pairs
        .iter()
        .find(|(name, value)| texts::decoded(name).is_some() || texts::decoded(value).is_some());
    let edits = encoded.map(|(name, _)| {
        let given = format!("escapes in `{}`", text(name));
        let change = Change::NamesAndValues(texts::decoded);
        edit(Cause::ParamsNotDecoded, given, "what they stand for", change)
    });
    edits.into_iter().collect()
}

fn decoded_twice<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let cause = Cause::ParamsDecodedTwice;
    let mut edits = by_value(payload, cause, "a plus sign before the number", texts::leading_plus);
    edits.extend(by_value(payload, cause, "a plus sign for each space", texts::spaces_to_pluses));
    edits
}

fn line_endings<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let mut edits = by_value(payload, Cause::LineEndings, "CR LF", texts::lf_to_crlf);
    edits.extend(by_value(payload, Cause::LineEndings, "LF", texts::crlf_to_lf));
    edits
}

fn html_escaped<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    by_value(payload, Cause::ParamsHtmlEscaped, "what the escapes stand for", texts::html_unescaped)
}

fn charset<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let mut edits = by_value(payload, Cause::ParamsCharset, "UTF-8", texts::latin_1_to_bytes);
    edits.extend(by_value(payload, Cause::ParamsCharset, "UTF-8", texts::latin_1_to_utf_8));
    edits
}

fn form_as_json<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let pairs = super::json::flat_object(payload.raw).unwrap_or_default();
    if pairs.is_empty() {
        return Vec::new();
    }
    let pairs = pairs.into_iter().map(|(name, value)| (Cow::Owned(name), Cow::Owned(value)));
    let change = Change::Replace(pairs.collect());
    vec![edit(Cause::FormAsJson, "a JSON object", "a form with its members", change)]
}

fn not_signed<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let all: Vec<usize> = (0..payload.pairs.len()).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let given = format!("a body of {} parameters", all.len());
    vec![edit(Cause::BodyNotSigned, given, "no body", Change::Remove(all))]
}

fn other_layouts<'a>(payload: &Payload<'a>) -> Vec<ParamEdit<'a>> {
    let layouts = [
        (Cause::OrderKept, Layout::Kept, "the parameters in their order"),
        (Cause::SortIgnoresCase, Layout::CaseIgnored, "sorted without regard to case"),
        (Cause::RepeatsKept, Layout::Repeated, "equal pairs more than once"),
        (Cause::RepeatsKept, Layout::NameOnce, "a name once before its values"),
        (Cause::RepeatsKept, Layout::FirstValue, "the first value of a name alone"),
        (Cause::RepeatsKept, Layout::LastValue, "the last value of a name alone"),
    ];
    let mut edits = Vec::new();
    for (cause, layout, signed) in layouts {
        if payload.pairs.len() > 1 {
            let edit = edit(cause, "sorted, equal pairs once", signed, Change::Nothing);
            edits.push(ParamEdit { layout, ..edit });
        }
    }
    if !payload.raw.is_empty() {
        let raw = vec![(Cow::Borrowed(payload.raw), Cow::Borrowed(&[][..]))];
        let signed = "the URL and the encoded body";
        edits.push(edit(Cause::RawBodySigned, "decoded parameters", signed, Change::Replace(raw)));
    }
    edits
}
