//! Parameters that were lost, and whose value is known.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::{Edit, Ground};
use crate::diagnose::Cause;
use crate::diagnose::change::Change;
use crate::diagnose::known;
use crate::diagnose::layout::Pair;

pub(super) fn known<'a>(ground: &'a Ground<'a>) -> Vec<Edit<'a>> {
    if ground.pairs.is_empty() {
        return Vec::new();
    }
    let mut edits = Vec::new();
    let mut add = |cost, name: &'static str, value: &'a [u8]| {
        if ground.value(name).is_none() {
            let pair: Pair<'_> = (Cow::Borrowed(name.as_bytes()), Cow::Borrowed(value));
            let (cause, signed) = (Cause::ParamMissing, format!("`{name}`"));
            edits.push(Edit::new(
                cost,
                cause,
                "no such parameter",
                signed,
                Change::Add(vec![pair]),
            ));
        }
    };
    for (name, twin) in known::TWINS {
        if let Some(value) = ground.value(twin) {
            add(2, name, value);
        }
    }
    if let Some(sid) = ground.account_sid {
        add(2, "AccountSid", sid.as_bytes());
    }
    for (name, value) in known::CONSTANTS {
        add(if name == "ApiVersion" { 2 } else { 3 }, name, value.as_bytes());
    }
    edits
}
