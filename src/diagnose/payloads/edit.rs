//! One known mistake with the parameters, undone.

use alloc::string::String;

use crate::diagnose::Cause;
use crate::diagnose::change::Change;
use crate::diagnose::found::Found;
use crate::diagnose::layout::Layout;

/// One known mistake with the parameters, undone.
#[derive(Clone)]
pub(in crate::diagnose) struct Edit<'a> {
    pub(super) found: Found,
    pub(super) change: Change<'a>,
    pub(super) layout: Layout,
    /// 1 if the request or a hint speaks of it, 2 and more for guesses.
    pub(super) cost: usize,
    /// Whether it is tried together with others.
    pub(super) joins: bool,
}

impl<'a> Edit<'a> {
    /// An edit after which the pairs are laid out as Twilio does it, tried with others.
    pub(super) fn new(
        cost: usize,
        cause: Cause,
        given: impl Into<String>,
        signed: impl Into<String>,
        change: Change<'a>,
    ) -> Self {
        let found = Found::new(cause, given, signed);
        Self { found, change, layout: Layout::Canonical, cost, joins: true }
    }

    pub(super) fn alone(self) -> Self {
        Self { joins: false, ..self }
    }

    /// Whether the two can both be at fault, and say different things.
    pub(super) fn joins(&self, other: &Self) -> bool {
        let differ = || match (self.change.place(), other.change.place()) {
            (Some(own), Some(others)) => own != others,
            _ => false,
        };
        self.joins && other.joins && (self.found.cause != other.found.cause || differ())
    }
}
