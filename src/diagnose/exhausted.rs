//! Which of the causes that were tried are ruled out.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Cause;
use super::clues::Clues;

/// Causes that have few forms, all of which are tried: two schemes, one slash, one order. The other causes
/// are tried in the forms that hints, the request and experience suggest.
const OF_FEW_FORMS: [Cause; 10] = [
    Cause::TlsTerminated,
    Cause::SignedAsHttp,
    Cause::WebSocketAsHttp,
    Cause::HttpAsWebSocket,
    Cause::TrailingSlashMissing,
    Cause::TrailingSlashAdded,
    Cause::QueryPassedAsParams,
    Cause::BodyNotSigned,
    Cause::OrderKept,
    Cause::SortIgnoresCase,
];

/// Divides the causes that were tried alone: those that are ruled out, and the rest.
pub(super) fn divided(
    tried: &BTreeSet<Cause>,
    is_done: bool,
    clues: &Clues,
) -> (Vec<Cause>, Vec<Cause>) {
    let is_out = |cause: &Cause| {
        // A hint may still name a part of the cause.
        let is_hinted = *cause == Cause::TlsTerminated && clues.is_secure;
        is_done && OF_FEW_FORMS.contains(cause) && !is_hinted
    };
    tried.iter().copied().partition(is_out)
}
