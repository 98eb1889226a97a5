//! The URLs that Twilio may have signed: all that hints, guesses and known mistakes make of the one
//! that is verified, the likeliest first, no text twice.

mod alternatives;
mod authority;
mod base;
mod choices;
mod describe;
mod path;
mod path_causes;
mod query;
mod query_causes;
mod whole;

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::attempt::Request;
use super::budget::Budget;
use super::clues::Clues;
use super::found::Found;
use super::spelled::{self, Spelling};
use choices::{Choices, Combined};

/// The most URLs of one cost.
const MAX_PER_LEVEL: usize = 2_048;
/// The most bytes of all their texts.
const MAX_STORED: usize = 4 * 1_024 * 1_024;
/// How often the text of a URL is copied and compared until it is ready: bytes of work.
const COPIES: usize = 16;
/// Bytes of work for each URL besides.
const URL: usize = 512;

/// A URL that Twilio may have signed, and the causes in which it differs from the one verified.
pub(super) struct Address {
    pub(super) found: Vec<Found>,
    combined: Combined,
    pub(super) spellings: Vec<Spelling>,
    /// The values of `bodySHA256` in its query.
    pub(super) hashes: Vec<Vec<u8>>,
}

/// The URLs by cost, made when they are asked for.
pub(super) struct Urls {
    choices: Vec<Choices>,
    levels: Vec<Vec<Address>>,
    seen: BTreeSet<Vec<u8>>,
    stored: usize,
}

impl Urls {
    /// `hashes` are those that a body may have had.
    pub(super) fn new(request: &Request<'_>, clues: &Clues, hashes: &[String]) -> Self {
        let choices = base::bases(request, clues).into_iter();
        let choices = choices.map(|base| Choices::new(base, clues, hashes));
        Self { choices: choices.collect(), levels: Vec::new(), seen: BTreeSet::new(), stored: 0 }
    }

    /// Makes all URLs up to this cost.
    pub(super) fn prepare(&mut self, cost: usize, budget: &mut Budget) {
        while self.levels.len() <= cost {
            let cost = self.levels.len();
            let mut level = Vec::new();
            for choices in &self.choices {
                let left =
                    u32::try_from(cost).ok().and_then(|cost| cost.checked_sub(choices.base.cost));
                if let Some(left) = left {
                    choices.each(left, &mut |combined| {
                        let is_room = level.len() < MAX_PER_LEVEL && self.stored < MAX_STORED;
                        budget.is_cut |= !is_room;
                        let url = combined.parts.join();
                        let work = url.len().saturating_mul(COPIES).saturating_add(URL);
                        let is_allowed = is_room && budget.work(work);
                        if is_allowed {
                            level.extend(address(combined, &url, &mut self.seen, &mut self.stored));
                        }
                        is_allowed
                    });
                }
            }
            self.levels.push(level);
        }
    }

    /// The URLs of this cost, if they are made.
    pub(super) fn level(&self, cost: usize) -> &[Address] {
        self.levels.get(cost).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The URL, if one of its spellings was not seen before.
fn address(
    combined: Combined,
    url: &str,
    seen: &mut BTreeSet<Vec<u8>>,
    stored: &mut usize,
) -> Option<Address> {
    let mut spellings = spelled::spellings(url, combined.websocket);
    spellings.retain(|spelling| seen.insert(spelling.text.clone()));
    if spellings.is_empty() {
        return None;
    }
    let bytes: usize = spellings.iter().map(|spelling| spelling.text.len()).sum();
    *stored = stored.saturating_add(bytes.saturating_mul(2));
    let found = combined.describe();
    let hashes = spelled::body_hashes(url, combined.websocket);
    Some(Address { found, combined, spellings, hashes })
}

impl Address {
    /// The causes for which the verifier does not make up, as [`Combined::smallest`] has it.
    pub(super) fn smallest(&self, signed: &Spelling) -> Vec<Found> {
        self.combined.smallest(signed)
    }
}
