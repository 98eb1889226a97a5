//! What may have been appended to the URL: all that known mistakes make of the parameters, the
//! likeliest first.

mod added;
mod edit;
mod empty;
mod encoded;
mod families;
mod ground;
mod missing;
mod names;
mod trimmed;
mod values;
mod whole;

use alloc::format;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use edit::Edit;
use families::{FAMILIES, Family};
pub(super) use ground::{Ground, grounds, text_of};

use super::Cause;
use super::budget::Budget;
use super::change::{self, Change};
use super::found::Found;
use super::layout::{self, Layout, Pair};

/// Parameters that are changed one at a time, from the first.
const MAX_CHANGED: usize = 64;
/// The most edits that are tried together with others.
const MAX_JOINED: usize = 512;
/// What it costs that a second mistake is made with the parameters.
const SECOND: usize = 1;

/// Bytes of work for each edit that is made.
const EDIT: usize = 256;
/// How often all families read the parameters: bytes of work.
const READS: usize = 16;

/// The parameters as they are, and all edits of them, made when they are asked for.
pub(super) struct Payloads<'g> {
    all: Vec<(&'g Ground<'g>, Vec<Edit<'g>>)>,
    families: core::slice::Iter<'static, &'static [Family]>,
}

/// Parameters that Twilio may have signed.
pub(super) struct Variant<'v, 'g> {
    ground: &'g Ground<'g>,
    edits: &'v [&'v Edit<'g>],
}

/// What is called with each variant.
type Visit<'v, B> = dyn FnMut(&Variant<'_, '_>) -> ControlFlow<B> + 'v;

impl<'g> Payloads<'g> {
    pub(super) fn new(grounds: &'g [Ground<'g>]) -> Self {
        let all = grounds.iter().map(|ground| (ground, Vec::new())).collect();
        Self { all, families: FAMILIES.iter() }
    }

    /// Makes all edits up to this cost.
    pub(super) fn prepare(&mut self, cost: usize, budget: &mut Budget) {
        let made = FAMILIES.len().saturating_sub(self.families.len());
        let more = cost.saturating_sub(made);
        for families in self.families.by_ref().take(more) {
            for (ground, edits) in &mut self.all {
                if budget.pairs(ground.pairs.len(), ground.len.saturating_mul(READS)) {
                    edits.extend(families.iter().flat_map(|family| family(ground)));
                    budget.work(edits.len().saturating_mul(EDIT));
                    // The likeliest first; of equal ones, in the order of the families.
                    edits.sort_by_key(|edit| edit.cost);
                }
            }
        }
    }

    /// Calls `visit` with all variants of this cost. `alone` says whether the URL is taken as it is:
    /// rare edits are tried so.
    pub(super) fn visit<B>(
        &self,
        cost: usize,
        alone: bool,
        visit: &mut Visit<'_, B>,
    ) -> ControlFlow<B> {
        for (ground, edits) in &self.all {
            let Some(cost) = cost.checked_sub(ground.cost()) else { continue };
            if cost == 0 {
                visit(&Variant { ground, edits: &[] })?;
            }
            for edit in edits.iter().filter(|edit| edit.cost == cost) {
                visit(&Variant { ground, edits: &[edit] })?;
            }
            if alone && cost == trimmed::RARE_COST {
                for edit in trimmed::rare(&ground.pairs) {
                    visit(&Variant { ground, edits: &[&edit] })?;
                }
            }
            together(ground, edits, cost, visit)?;
        }
        ControlFlow::Continue(())
    }
}

/// Two edits at once, and three of those that the request speaks of.
fn together<'g, B>(
    ground: &'g Ground<'g>,
    edits: &[Edit<'g>],
    cost: usize,
    visit: &mut Visit<'_, B>,
) -> ControlFlow<B> {
    let Some(both) = cost.checked_sub(SECOND).filter(|both| *both > 1) else {
        return ControlFlow::Continue(());
    };
    let joined: Vec<&Edit<'g>> =
        edits.iter().filter(|edit| edit.joins && edit.cost < both).take(MAX_JOINED).collect();
    let later = |nth: usize| joined.iter().copied().enumerate().skip(nth.saturating_add(1));
    for (nth, first) in joined.iter().copied().enumerate() {
        for (mth, second) in later(nth).filter(|(_, second)| first.joins(second)) {
            if first.cost.saturating_add(second.cost) == both {
                visit(&Variant { ground, edits: &[first, second] })?;
            }
            if both != SECOND.saturating_add(3) || first.cost > 1 || second.cost > 1 {
                continue;
            }
            let thirds = later(mth).map(|(_, third)| third).filter(|third| third.cost == 1);
            for third in thirds.filter(|third| first.joins(third) && second.joins(third)) {
                visit(&Variant { ground, edits: &[first, second, third] })?;
            }
        }
    }
    ControlFlow::Continue(())
}

impl Variant<'_, '_> {
    /// What is appended to the URL, if the budget allows to put it together.
    pub(super) fn appended(&self, budget: &mut Budget) -> Option<Vec<u8>> {
        let Ground { pairs, len, .. } = self.ground;
        // Most edits only put something around one value.
        if let [Edit { change: Change::Wrap { at, before, after }, .. }] = self.edits
            && let Some((start, end)) = self.ground.canonical.values.get(*at).copied().flatten()
        {
            let text = &*self.ground.canonical.text;
            let [start, value, end] = [text.get(..start)?, text.get(start..end)?, text.get(end..)?];
            let pieces = [start, before.as_bytes(), value, after.as_bytes(), end];
            return budget.work(*len).then(|| pieces.concat());
        }
        let changes = self.edits.iter().map(|edit| edit.change.work(*len));
        let work = changes.fold(*len, usize::saturating_add);
        budget.pairs(pairs.len(), work).then(|| layout::join(&self.pairs()))
    }

    /// The pairs in the order in which they are appended.
    pub(super) fn pairs(&self) -> Vec<Pair<'_>> {
        let mut layouts = self.edits.iter().map(|edit| edit.layout);
        let layout = layouts.find(|layout| *layout != Layout::Canonical);
        let changes = self.edits.iter().map(|edit| &edit.change);
        layout.unwrap_or(Layout::Canonical).lay_out(change::apply(changes, &self.ground.pairs))
    }

    /// The one cause, if there is one.
    pub(super) fn cause(&self) -> Option<Cause> {
        match (&self.ground.found, self.edits) {
            (Some(found), []) => Some(found.cause),
            (None, [edit]) => Some(edit.found.cause),
            _ => None,
        }
    }

    /// Whether the parameters are taken as they are.
    pub(super) fn is_as_given(&self) -> bool {
        self.ground.found.is_none() && self.edits.is_empty()
    }

    /// The causes, each once.
    pub(super) fn found(&self) -> Vec<Found> {
        let mut all: Vec<Found> = self.ground.found.iter().cloned().collect();
        for edit in self.edits {
            match all.iter_mut().find(|found| found.cause == edit.found.cause) {
                Some(found) => {
                    found.given = format!("{}, and {}", found.given, edit.found.given);
                    if found.signed != edit.found.signed {
                        found.signed = format!("{}, and {}", found.signed, edit.found.signed);
                    }
                }
                None => all.push(edit.found.clone()),
            }
        }
        all
    }
}
