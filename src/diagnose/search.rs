//! The search for what explains a signature: single causes, then pairs of them.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::attempt::{Budget, Hit, Request, Signed, Target};
use super::edit::Found;
use super::param_edits::{self, Payload};
use super::params::ParamEdit;
use super::parts::Parts;
use super::{Cause, compound, url_edits};
use crate::mac::KeyedMac;
use crate::url;

/// How deep pairs go into each family of edits.
const MAX_ROUNDS: usize = 24;

/// What is searched: a signature, a URL, and what was mended to get there.
pub(super) struct Base<'k> {
    pub(super) signed: Signed<'k>,
    pub(super) url: String,
    pub(super) found: Vec<Found>,
    /// Why the keys are not those that a verifier takes, if they are others.
    pub(super) keys_found: Option<Found>,
}

/// Another key.
pub(super) struct KeyEdit {
    /// In a box, so that a list that grows leaves no key in freed memory.
    pub(super) mac: Box<KeyedMac>,
    pub(super) found: Found,
}

/// The causes that together explain the signature, and what was signed.
pub(super) struct Explained {
    pub(super) found: Vec<Found>,
    pub(super) hit: Hit,
}

/// A URL edit in its place: the family, and the position within it.
struct Edited {
    url: String,
    parts: Parts,
    websocket: bool,
    family: usize,
    nth: usize,
    found: Found,
}

struct EditedParams<'a> {
    edit: ParamEdit<'a>,
    nth: usize,
}

pub(super) struct Search<'r, 'a> {
    pub(super) request: &'r Request<'a>,
    pub(super) budget: Budget,
    /// Causes of which every edit was attempted.
    tried: BTreeSet<Cause>,
    /// Causes of which some edit was not.
    cut_short: BTreeSet<Cause>,
}

impl<'r, 'a> Search<'r, 'a> {
    pub(super) const fn new(request: &'r Request<'a>, max_macs: u32) -> Self {
        let budget = Budget::new(max_macs);
        Self { request, budget, tried: BTreeSet::new(), cut_short: BTreeSet::new() }
    }

    /// Causes that do not explain the signature alone.
    pub(super) fn ruled_out(&self) -> impl Iterator<Item = Cause> {
        self.tried.difference(&self.cut_short).copied()
    }

    /// What explains the signature: all single causes that do; or else, at another call that goes
    /// `deep`, the first two or more.
    pub(super) fn explain(
        &mut self,
        base: &Base<'_>,
        keys: &[KeyEdit],
        deep: bool,
    ) -> Vec<Explained> {
        if self.budget.left() == 0 {
            return Vec::new();
        }
        let request = self.request;
        let websocket = request.context.websocket;
        let Some(parts) = Parts::cut(&base.url) else { return Vec::new() };
        let asked = Target { url: &base.url, websocket };

        let urls = self.url_edits(&parts, websocket, 0);
        let payload = Payload {
            pairs: &request.pairs,
            query: url::query_of(&base.url),
            raw: request.raw().unwrap_or_default(),
            account_sid: request.config.account_sid.as_deref(),
        };
        let params: Vec<EditedParams<'_>> = param_edits::FAMILIES
            .iter()
            .flat_map(|family| family(&payload).into_iter().enumerate())
            .map(|(nth, edit)| EditedParams { edit, nth })
            .collect();

        if !deep {
            return self.singles(base, asked, keys, &urls, &params);
        }
        let explained = self.compounds(base, &parts, websocket);
        let explained = explained.or_else(|| self.pairs(base, asked, keys, &urls, &params));
        explained.into_iter().collect()
    }

    fn singles(
        &mut self,
        base: &Base<'_>,
        asked: Target<'_>,
        keys: &[KeyEdit],
        urls: &[Edited],
        params: &[EditedParams<'_>],
    ) -> Vec<Explained> {
        let mut all = Vec::new();
        all.extend(self.attempt(base, None, asked, None, &[]));
        for key in keys {
            all.extend(self.attempt(base, Some(key), asked, None, &[&key.found]));
        }
        for edited in urls {
            all.extend(self.attempt(base, None, edited.target(), None, &[&edited.found]));
        }
        for EditedParams { edit, .. } in params {
            all.extend(self.attempt(base, None, asked, Some(edit), &[&edit.found]));
        }
        if let Some(hit) = self.request.attempt_body_alone(&base.signed, &mut self.budget) {
            let found =
                Found::new(Cause::RawBodySigned, "URL and parameters", "the encoded body alone");
            all.push(Explained { found: Vec::from([found]), hit });
        }
        all
    }

    /// All that the hints say of the URL, at once.
    fn compounds(&mut self, base: &Base<'_>, parts: &Parts, websocket: bool) -> Option<Explained> {
        compound::urls(&self.request.context, parts).into_iter().find_map(|(url, found)| {
            let found: Vec<&Found> = found.iter().collect();
            self.attempt(base, None, Target { url: &url, websocket }, None, &found)
        })
    }

    /// Two causes: another key with anything, two of the URL, one of the URL and one of the
    /// parameters, two of the parameters. Each kind leaves some of the budget to the next.
    fn pairs(
        &mut self,
        base: &Base<'_>,
        asked: Target<'_>,
        keys: &[KeyEdit],
        urls: &[Edited],
        params: &[EditedParams<'_>],
    ) -> Option<Explained> {
        self.reserve(2, 3);
        let with_key = keys.iter().find_map(|key| {
            if self.budget.exhausted {
                return None;
            }
            let of_urls = urls.iter().find_map(|edited| {
                self.attempt(base, Some(key), edited.target(), None, &[&key.found, &edited.found])
            });
            of_urls.or_else(|| {
                params.iter().find_map(|EditedParams { edit, .. }| {
                    self.attempt(base, Some(key), asked, Some(edit), &[&key.found, &edit.found])
                })
            })
        });
        self.reserve(1, 2);
        let explained = with_key.or_else(|| self.two_of_the_url(base, urls));
        self.reserve(1, 4);
        let explained = explained.or_else(|| {
            rounds().find_map(|round| {
                urls.iter().filter(|edited| edited.nth <= round).find_map(|edited| {
                    if self.budget.exhausted {
                        return None;
                    }
                    let due = |other: &&EditedParams<'_>| edited.nth.max(other.nth) == round;
                    params.iter().filter(due).find_map(|EditedParams { edit, .. }| {
                        let found = [&edited.found, &edit.found];
                        self.attempt(base, None, edited.target(), Some(edit), &found)
                    })
                })
            })
        });
        self.reserve(0, 1);
        explained.or_else(|| self.two_of_the_params(base, asked, params))
    }

    fn two_of_the_url(&mut self, base: &Base<'_>, urls: &[Edited]) -> Option<Explained> {
        rounds().find_map(|round| {
            urls.iter().filter(|first| first.nth <= round).find_map(|first| {
                if self.budget.exhausted {
                    return None;
                }
                let next =
                    self.url_edits(&first.parts, first.websocket, first.family.saturating_add(1));
                next.iter().filter(|second| first.nth.max(second.nth) == round).find_map(|second| {
                    let found = [&first.found, &second.found];
                    self.attempt(base, None, second.target(), None, &found)
                })
            })
        })
    }

    fn two_of_the_params(
        &mut self,
        base: &Base<'_>,
        asked: Target<'_>,
        params: &[EditedParams<'_>],
    ) -> Option<Explained> {
        let request = self.request;
        rounds().find_map(|round| {
            params.iter().filter(|first| first.nth <= round).find_map(|first| {
                if self.budget.exhausted {
                    return None;
                }
                let due = |second: &&EditedParams<'_>| {
                    let later =
                        (first.edit.found.cause, first.nth) < (second.edit.found.cause, second.nth);
                    first.nth.max(second.nth) == round && later
                };
                params.iter().filter(due).find_map(|second| {
                    if self.budget.exhausted {
                        return None;
                    }
                    let (earlier, later) = first.edit.change.in_order(&second.edit.change);
                    let changed = Request {
                        context: request.context,
                        config: request.config,
                        webhook: request.webhook,
                        pairs: earlier.apply(&request.pairs),
                    };
                    let layout = first.edit.layout.or(second.edit.layout);
                    let edit = Some((&*later, layout));
                    let hit = changed.attempt(&base.signed, asked, edit, &mut self.budget)?;
                    let found = [&first.edit.found, &second.edit.found];
                    Some(explained(base, None, &found, hit))
                })
            })
        })
    }

    fn attempt(
        &mut self,
        base: &Base<'_>,
        key: Option<&KeyEdit>,
        target: Target<'_>,
        edit: Option<&ParamEdit<'_>>,
        found: &[&Found],
    ) -> Option<Explained> {
        if self.budget.exhausted {
            if let [single] = found {
                self.cut_short.insert(single.cause);
            }
            return None;
        }
        let before = self.budget.spent();
        let edit = edit.map(|edit| (&edit.change, edit.layout));
        let hit = match key {
            Some(key) => {
                let keys = Vec::from([&*key.mac]);
                let signed = Signed { signature: base.signed.signature, keys };
                self.request.attempt(&signed, target, edit, &mut self.budget)
            }
            None => self.request.attempt(&base.signed, target, edit, &mut self.budget),
        };
        if let [single] = found {
            if self.budget.exhausted {
                self.cut_short.insert(single.cause);
            } else if self.budget.spent() > before {
                self.tried.insert(single.cause);
            }
        }
        hit.map(|hit| explained(base, key, found, hit))
    }

    /// The edits of the URL, of the families from `from` on: no URL twice.
    fn url_edits(&self, parts: &Parts, websocket: bool, from: usize) -> Vec<Edited> {
        let context = super::edit::Context { websocket, ..self.request.context };
        let mut seen = BTreeSet::from([(parts.join(), websocket)]);
        let mut edits = Vec::new();
        for (family, edits_of) in url_edits::FAMILIES.iter().enumerate().skip(from) {
            for (nth, given) in edits_of(&context, parts).into_iter().enumerate() {
                let websocket = given.websocket.unwrap_or(websocket);
                let url = given.parts.join();
                if seen.insert((url.clone(), websocket)) {
                    let (parts, found) = (given.parts, given.found);
                    edits.push(Edited { url, parts, websocket, family, nth, found });
                }
            }
        }
        edits
    }

    /// Keeps a part of what is left of the budget for later.
    fn reserve(&mut self, numerator: u32, denominator: u32) {
        let left = self.budget.left();
        self.budget.reserve =
            left.checked_div(denominator).unwrap_or_default().saturating_mul(numerator);
        self.budget.exhausted = false;
    }
}

impl Edited {
    fn target(&self) -> Target<'_> {
        Target { url: &self.url, websocket: self.websocket }
    }
}

fn rounds() -> core::ops::Range<usize> {
    0..MAX_ROUNDS
}

fn explained(base: &Base<'_>, key: Option<&KeyEdit>, found: &[&Found], mut hit: Hit) -> Explained {
    let of_keys = base.keys_found.iter().filter(|_| key.is_none());
    let found = base.found.iter().chain(of_keys).chain(found.iter().copied()).cloned();
    let found = found.chain(hit.more.drain(..)).collect();
    Explained { found, hit }
}
