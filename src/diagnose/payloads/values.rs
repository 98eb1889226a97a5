//! Values that something changed, and that show how.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Edit, Ground, MAX_CHANGED};
use crate::diagnose::Cause;
use crate::diagnose::change::{Change, TextChange, changed};
use crate::diagnose::{charset, texts};

/// Edits by a change of single values: all values that it changes at once, then each alone.
fn by_value<'a>(
    ground: &'a Ground<'a>,
    cost: usize,
    cause: Cause,
    signed: &str,
    to: TextChange,
) -> Vec<Edit<'a>> {
    let all =
        ground.pairs.iter().enumerate().filter(|(_, (_, value))| changed(value, to).is_some());
    let all: Vec<(usize, String)> = all
        .take(MAX_CHANGED)
        .map(|(at, (name, _))| (at, format!("the value of `{}`", String::from_utf8_lossy(name))))
        .collect();
    let Some((_, first)) = all.first() else { return Vec::new() };
    if all.len() == 1 {
        let at = all.first().map_or(0, |(at, _)| *at);
        return vec![Edit::new(cost, cause, &**first, signed, Change::Value { at, to })];
    }
    let given = format!("{first} and {} more", all.len().saturating_sub(1));
    let mut edits = vec![Edit::new(cost, cause, given, signed, Change::Values(to))];
    let one = |(at, given): (usize, String)| {
        let change = Change::Value { at, to };
        Edit::new(cost.saturating_add(1), cause, given, signed, change)
    };
    edits.extend(all.into_iter().map(one));
    edits
}

pub(super) fn null_converted<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let (cause, signed) = (Cause::ParamNullConverted, "an empty value");
    by_value(ground, 1, cause, signed, texts::null_to_empty)
}

pub(super) fn html_escaped<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let (cause, signed) = (Cause::ParamsHtmlEscaped, "what the escapes stand for");
    by_value(ground, 1, cause, signed, texts::html_unescaped)
}

pub(super) fn charset<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let readings: [(TextChange, &str); 5] = [
        (charset::utf_8_read_as_windows_1252, "UTF-8, which was read as Windows-1252"),
        (charset::utf_8_read_as_latin_1, "UTF-8, which was read as ISO 8859-1"),
        (charset::utf_8_read_twice, "UTF-8, which was read as Windows-1252 twice"),
        (charset::windows_1252, "UTF-8 instead of Windows-1252"),
        (charset::latin_1, "UTF-8 instead of ISO 8859-1"),
    ];
    let edits = readings.into_iter();
    edits.flat_map(|(to, signed)| by_value(ground, 1, Cause::ParamsCharset, signed, to)).collect()
}

pub(super) fn decoded_twice<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let cause = Cause::ParamsDecodedTwice;
    let mut edits =
        by_value(ground, 1, cause, "a plus sign before the number", texts::leading_plus);
    edits.extend(by_value(ground, 2, cause, "a plus sign for each space", texts::spaces_to_pluses));
    edits
}

pub(super) fn line_endings<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    let mut edits = by_value(ground, 1, Cause::LineEndings, "CR LF", texts::lf_to_crlf);
    edits.extend(by_value(ground, 1, Cause::LineEndings, "LF", texts::crlf_to_lf));
    edits.extend(by_value(ground, 2, Cause::LineEndings, "CR", texts::lf_to_cr));
    edits
}
