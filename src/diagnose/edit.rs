//! One change that may lead from what is verified back to what was signed.

use alloc::string::String;
use alloc::vec::Vec;

use super::Cause;
use super::hints::Hints;
use super::parts::Parts;

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

/// What an edit may depend on besides what it changes.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) hints: &'a Hints,
    pub(super) websocket: bool,
    /// The SHA-256 of a body that is not empty, in hexadecimal digits.
    pub(super) body_hash: Option<&'a str>,
}

impl<'a> Context<'a> {
    pub(super) const fn configured(&self) -> Option<&'a Parts> {
        self.hints.configured_url.as_ref()
    }
}

/// Another URL.
pub(super) struct Given {
    pub(super) parts: Parts,
    /// Whether it is one of a WebSocket handshake, if that changes.
    pub(super) websocket: Option<bool>,
    pub(super) found: Found,
}

/// The edits of one kind, the likeliest first.
pub(super) type UrlFamily = fn(&Context<'_>, &Parts) -> Vec<Given>;
