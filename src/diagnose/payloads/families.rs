//! All kinds of mistakes with the parameters.

use alloc::vec::Vec;

use super::{Edit, Ground, added, empty, encoded, missing, names, trimmed, values, whole};

/// The edits of one kind. What they may depend on besides the pairs is with the ground.
pub(super) type Family = for<'a> fn(&'a Ground<'a>) -> Vec<Edit<'a>>;

/// What the request itself speaks of, and what may have happened besides: each in the order of likelihood,
/// a specific cause before a general one.
pub(super) const FAMILIES: [&[Family]; 2] = [
    &[
        whole::of_the_query,
        added::together,
        added::alone,
        empty::in_groups,
        trimmed::space,
        values::null_converted,
        values::html_escaped,
        values::charset,
        values::decoded_twice,
        values::line_endings,
        names::renamed,
        names::not_decoded,
    ],
    &[
        missing::known,
        empty::in_subsets,
        trimmed::likely,
        names::merged,
        whole::not_signed,
        encoded::other_layouts,
        encoded::repeats,
        encoded::raw,
        encoded::encoded_first,
        added::at_one_end,
    ],
];
