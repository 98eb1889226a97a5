//! The search for what explains a signature: every URL, with every payload, under every key, the
//! likeliest first.

mod attempts;

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::ControlFlow::{self, Break, Continue};

use super::Cause;
use super::attempt::{Key, Request};
use super::budget::Budget;
use super::found::Found;
use super::keys::Prover;
use super::layout::Pair;
use super::payloads::{Payloads, Variant};
use super::urls::Urls;
use attempts::{attempt, body_alone};

/// What all pieces of an explanation cost together, at most.
const MAX_COST: usize = 12;
/// What a cause that has few forms costs, at most.
const SINGLE_COST: usize = 3;
/// What it costs that the encoded body alone was signed.
const BODY_ALONE_COST: usize = 3;

/// What was signed, and the causes for which something else was verified.
#[derive(Default)]
pub(super) struct Hit {
    pub(super) found: Vec<Found>,
    /// The URL, and whether its spelling is another than as given.
    pub(super) url: String,
    pub(super) change: Option<String>,
    pub(super) pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// The hashes that the body must have, if nothing of it is in the signature.
    pub(super) hashes: Vec<Vec<u8>>,
    /// Whether the signature is that of the URL alone.
    pub(super) is_url_only: bool,
    pub(super) key: Option<Key>,
}

pub(super) struct Search<'s> {
    request: &'s Request<'s>,
    provers: &'s [Prover],
    payloads: Payloads<'s>,
    /// Whether the payload has no byte that a signature could cover.
    is_uncovered: bool,
    /// Causes that were attempted in some form.
    pub(super) tried: BTreeSet<Cause>,
    /// Whether every cause with few forms was attempted, alone, in every form.
    pub(super) is_single_done: bool,
}

impl<'s> Search<'s> {
    pub(super) const fn new(
        request: &'s Request<'s>,
        provers: &'s [Prover],
        payloads: Payloads<'s>,
        is_uncovered: bool,
    ) -> Self {
        let tried = BTreeSet::new();
        Self { request, provers, payloads, is_uncovered, tried, is_single_done: false }
    }

    /// What was signed, if it is found within the budget.
    pub(super) fn run(&mut self, urls: &mut Urls, budget: &mut Budget) -> Option<Hit> {
        let least = self.provers.iter().map(|prover| prover.cost).min().unwrap_or_default();
        for total in 0..=MAX_COST {
            urls.prepare(total, budget);
            self.payloads.prepare(total, budget);
            for costs in splits(total) {
                if let Break(hit) = self.of_costs(urls, costs, budget) {
                    return hit;
                }
            }
            if total == BODY_ALONE_COST
                && let Some(hit) = body_alone(self.request, self.provers, budget)
            {
                return Some(hit);
            }
            let first = (0..=total).find(|cost| !urls.level(*cost).is_empty());
            let floor = first.unwrap_or(MAX_COST).saturating_add(least);
            self.is_single_done |= total >= floor.saturating_add(SINGLE_COST) && !budget.is_over;
        }
        None
    }

    /// All combinations of a URL, a payload and a key of these costs. Broken off at a hit, and when
    /// the budget is over.
    fn of_costs(
        &mut self,
        urls: &Urls,
        costs: [usize; 3],
        budget: &mut Budget,
    ) -> ControlFlow<Option<Hit>> {
        let [of_url, of_payload, of_key] = costs;
        let (level, all) = (urls.level(of_url), self.provers);
        let provers = || all.iter().filter(|prover| prover.cost == of_key);
        if level.is_empty() || provers().next().is_none() {
            return if budget.is_over { Break(None) } else { Continue(()) };
        }
        if of_payload == 0 {
            let is_uncovered = self.is_uncovered;
            for address in level.iter().filter(|own| is_uncovered || !own.hashes.is_empty()) {
                self.tried.extend(alone(&address.found, None, &[], costs));
                for prover in provers() {
                    attempt(prover, address, &[], budget, |hit| Hit { is_url_only: true, ..hit })?;
                }
            }
        }
        let is_alone = of_url == 0 && of_key < 2;
        let is_uncovered = self.is_uncovered;
        let Self { payloads, tried, .. } = self;
        payloads.visit(of_payload, is_alone, &mut |variant: &Variant<'_, '_>| {
            if is_uncovered && variant.is_as_given() {
                return Continue(());
            }
            let Some(appended) = variant.appended(budget) else { return Break(None) };
            for address in level {
                for prover in provers() {
                    tried.extend(alone(&address.found, variant.cause(), &prover.found, costs));
                    attempt(prover, address, &appended, budget, |hit| {
                        let owned = |(name, value): &Pair<'_>| (name.to_vec(), value.to_vec());
                        let pairs = variant.pairs().iter().map(owned).collect();
                        let mut found = hit.found;
                        found.extend(variant.found());
                        Hit { found, pairs, hashes: Vec::new(), ..hit }
                    })?;
                }
            }
            Continue(())
        })
    }
}

/// The cause that is tried alone, if one is.
fn alone(
    url: &[Found],
    payload: Option<Cause>,
    key: &[Found],
    [_, of_payload, of_key]: [usize; 3],
) -> Option<Cause> {
    match (url, payload, key) {
        ([found], None, []) if of_payload == 0 && of_key == 0 => Some(found.cause),
        ([], Some(cause), []) => Some(cause),
        ([], None, [found]) if of_payload == 0 => Some(found.cause),
        _ => None,
    }
}

/// The ways to divide a cost among URL, payload and key: whole ones first.
fn splits(total: usize) -> Vec<[usize; 3]> {
    let mut splits = Vec::new();
    for of_url in 0..=total {
        let rest = total.saturating_sub(of_url);
        splits.extend(
            (0..=rest).map(|of_payload| [of_url, of_payload, rest.saturating_sub(of_payload)]),
        );
    }
    splits.sort_by_key(|costs| costs.iter().filter(|cost| **cost > 0).count());
    splits
}
