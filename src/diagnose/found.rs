//! A cause and how it shows in one request.

use alloc::string::String;

use super::Cause;

/// A cause and how it shows, not yet fit for showing: the texts may hold anything.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) cause: Cause,
    pub(super) given: String,
    pub(super) signed: String,
}

impl Found {
    pub(super) fn new(cause: Cause, given: impl Into<String>, signed: impl Into<String>) -> Self {
        Self { cause, given: given.into(), signed: signed.into() }
    }
}
