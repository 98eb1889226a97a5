//! What each piece of a URL may have been, and every URL that can be put together of the pieces.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::alternatives::Alternative;
use super::authority::{self, Authority, Extra, UrlScheme};
use super::base::Base;
use super::whole::{self, Whole};
use super::{describe, path, query};
use crate::diagnose::clues::Clues;
use crate::diagnose::found::Found;
use crate::diagnose::parts::Parts;
use crate::diagnose::spelled::{self, Spelling};

/// What each piece of one URL may have been.
pub(super) struct Choices {
    pub(super) base: Rc<Base>,
    /// Whole URLs of which a hint speaks.
    wholes: Vec<Whole>,
    schemes: Vec<Alternative<UrlScheme>>,
    authorities: Vec<Alternative<Authority>>,
    paths: Vec<Alternative<String>>,
    queries: Vec<Alternative<Option<String>>>,
    extras: Vec<Alternative<Extra>>,
}

/// One choice of every piece.
pub(super) struct Combined {
    pub(super) parts: Parts,
    pub(super) websocket: bool,
    base: Rc<Base>,
    /// The sources of the authority, the path and the query.
    sources: [&'static str; 3],
}

impl Choices {
    pub(super) fn new(base: Base, clues: &Clues, hashes: &[String]) -> Self {
        Self {
            schemes: authority::schemes(&base),
            authorities: authority::authorities(&base, clues),
            paths: path::paths(&base.start.path, clues),
            queries: query::queries(base.start.query.as_deref(), clues, hashes),
            extras: authority::extras(&base.start, clues),
            wholes: whole::wholes(&base, clues, hashes),
            base: Rc::new(base),
        }
    }

    /// Calls `visit` with all choices of this cost, until it says `false`.
    pub(super) fn each(&self, cost: u32, visit: &mut impl FnMut(Combined) -> bool) {
        for whole in self.wholes.iter().filter(|_| cost == whole::COST) {
            let (parts, websocket) = (whole.parts.clone(), self.base.websocket);
            let base = Rc::clone(&self.base);
            if !visit(Combined { parts, websocket, base, sources: whole.sources }) {
                return;
            }
        }
        for scheme in affordable(&self.schemes, cost) {
            let cost = cost.saturating_sub(scheme.cost);
            for authority in affordable(&self.authorities, cost) {
                let cost = cost.saturating_sub(authority.cost);
                for path in affordable(&self.paths, cost) {
                    let cost = cost.saturating_sub(path.cost);
                    for query in affordable(&self.queries, cost) {
                        let cost = cost.saturating_sub(query.cost);
                        for extra in self.extras.iter().filter(|extra| extra.cost == cost) {
                            let parts = Parts {
                                scheme: scheme.value.name.clone(),
                                userinfo: extra.value.userinfo.clone(),
                                host: authority.value.host.clone(),
                                port: authority.value.port.clone(),
                                path: path.value.clone(),
                                query: query.value.clone(),
                                fragment: extra.value.fragment.clone(),
                            };
                            let combined = Combined {
                                parts,
                                websocket: scheme.value.websocket,
                                base: Rc::clone(&self.base),
                                sources: [authority.source, path.source, query.source],
                            };
                            if !visit(combined) {
                                return;
                            }
                        }
                    }
                }
            }
        }
    }
}

fn affordable<T>(
    alternatives: &[Alternative<T>],
    cost: u32,
) -> impl Iterator<Item = &Alternative<T>> {
    alternatives.iter().filter(move |alternative| alternative.cost <= cost)
}

impl Combined {
    /// The causes in which it differs from what is verified.
    pub(super) fn describe(&self) -> Vec<Found> {
        describe::describe(&self.base, &self.parts, self.websocket, self.sources)
    }

    /// The causes, without those that the verifier makes up for: where the URL is signed in another
    /// spelling, a piece of it may be as given and no less right.
    pub(super) fn smallest(&self, signed: &Spelling) -> Vec<Found> {
        let Self { parts, websocket, base, sources } = self;
        let mut smallest = parts.clone();
        if base.is_exact {
            return self.describe();
        }
        // What had to be changed anyway is told as it was signed.
        let literal = Parts::cut(&signed.url()).unwrap_or_else(|| parts.clone());
        if !parts.host.eq_ignore_ascii_case(&base.start.host) {
            smallest.port = literal.port;
        }
        if smallest.query != base.start.query && literal.query.is_some() {
            smallest.query = literal.query;
        }
        let exchanges: [fn(&mut Parts, &Parts); 5] = [
            |own, given| {
                if own.host.eq_ignore_ascii_case(&given.host) {
                    own.port.clone_from(&given.port);
                }
            },
            |own, given| own.path.clone_from(&given.path),
            |own, given| own.query.clone_from(&given.query),
            |own, given| own.userinfo.clone_from(&given.userinfo),
            |own, given| own.fragment.clone_from(&given.fragment),
        ];
        for exchange in exchanges {
            let mut other = smallest.clone();
            exchange(&mut other, &base.start);
            let mut spellings = spelled::spellings(&other.join(), *websocket).into_iter();
            if spellings.any(|spelling| spelling.text == signed.text) {
                smallest = other;
            }
        }
        describe::describe(base, &smallest, *websocket, *sources)
    }
}
