//! The URLs that the text which is verified may be.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnose::Cause;
use crate::diagnose::address::{bare, glued, readings};
use crate::diagnose::attempt::Request;
use crate::diagnose::clues::Clues;
use crate::diagnose::found::Found;
use crate::diagnose::parts::{Parts, cut_port};
use crate::diagnose::spelled::is_url;

/// What the text is taken for.
pub(super) struct Base {
    pub(super) start: Parts,
    pub(super) websocket: bool,
    /// Whether the verifier makes up for no other spelling.
    pub(super) is_exact: bool,
    /// What was repaired to get there.
    pub(super) found: Vec<Found>,
    pub(super) cost: u32,
    /// The text, if it has no scheme or no host of its own.
    pub(super) relative: Option<String>,
}

/// All that the text may be, as it is first.
pub(super) fn bases(request: &Request<'_>, clues: &Clues) -> Vec<Base> {
    let (url, websocket, is_exact) = (request.url, request.websocket, request.is_exact());
    let mut bases = Vec::new();
    let base = |start, found: Vec<Found>, relative: Option<String>| {
        let causes = found.len().saturating_add(usize::from(relative.is_some()));
        let cost = u32::try_from(causes).unwrap_or(u32::MAX);
        Base { start, websocket, is_exact, found, cost, relative }
    };
    let read = |url| Parts::cut(url).filter(|_| is_url(url, websocket));
    bases.extend(read(url).map(|start| base(start, Vec::new(), None)));
    let text = bare(url);
    let mut found = Vec::new();
    if text.len() != url.len() {
        found.push(Found::new(Cause::UrlWhitespace, "characters around the URL", "none"));
        bases.extend(read(text).map(|start| base(start, found.clone(), None)));
    }
    let inner = glued(text);
    if let Some((inner, start)) = inner.and_then(|inner| Some((inner, read(inner)?))) {
        let mut found = found.clone();
        found.push(Found::new(Cause::UrlDoubled, text, inner));
        bases.push(base(start, found, None));
    }
    if read(text).is_none() && inner.is_none() {
        for reading in readings(text) {
            let starts = starts(reading, clues).into_iter();
            bases.extend(starts.map(|start| base(start, found.clone(), Some(text.to_owned()))));
        }
    }
    bases
}

/// The URLs of a text that has no scheme or no host: with each host that the hints know.
fn starts(reading: Parts, clues: &Clues) -> Vec<Parts> {
    let mut starts = Vec::new();
    if !reading.host.is_empty() {
        // What could not be read may be its port.
        starts.push(Parts { port: None, ..reading.clone() });
        starts.push(reading);
        return starts;
    }
    for (_, authority) in &clues.authorities {
        let (host, port) = cut_port(authority);
        let (host, port) = (host.to_owned(), port.map(ToOwned::to_owned));
        starts.push(Parts { host, port, ..reading.clone() });
    }
    starts
}
