//! The parameters that the body may hold: as it is, out of base64, or out of JSON.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::diagnose::Cause;
use crate::diagnose::attempt::{Body, Request};
use crate::diagnose::base64::decoded;
use crate::diagnose::budget::Budget;
use crate::diagnose::found::Found;
use crate::diagnose::json;
use crate::diagnose::layout::Pair;
use crate::diagnose::spelled::pairs;

/// Parameters that may have been sent, and what happened to them if they are not those given.
pub(in crate::diagnose) struct Ground<'a> {
    pub(in crate::diagnose) pairs: Vec<Pair<'a>>,
    pub(super) found: Option<Found>,
    /// Bytes of all names and values.
    pub(super) len: usize,
    pub(super) canonical: Canonical,
    /// The parameters of the URL's query.
    pub(super) query: Vec<Pair<'a>>,
    /// The body, if it is a form as given.
    pub(super) raw: &'a [u8],
    pub(super) account_sid: Option<&'a str>,
}

/// The parameters as Twilio appends them.
#[derive(Default)]
pub(super) struct Canonical {
    pub(super) text: Vec<u8>,
    /// Where the value of each pair begins and ends in it, if no other pair has its name: what is
    /// put around it changes no order then.
    pub(super) values: Vec<Option<(usize, usize)>>,
}

impl Canonical {
    fn new(pairs: &[Pair<'_>]) -> Self {
        let mut places: Vec<usize> = (0..pairs.len()).collect();
        places.sort_unstable_by_key(|&at| pairs.get(at));
        places.dedup_by_key(|at| pairs.get(*at));
        let mut own = Self { text: Vec::new(), values: pairs.iter().map(|_| None).collect() };
        let names: Vec<&[u8]> = places.iter().filter_map(|&at| Some(&*pairs.get(at)?.0)).collect();
        for (nth, &at) in places.iter().enumerate() {
            let Some((name, value)) = pairs.get(at) else { continue };
            own.text.extend_from_slice(name);
            let start = own.text.len();
            own.text.extend_from_slice(value);
            let neighbours = [nth.checked_sub(1), nth.checked_add(1)].into_iter().flatten();
            let is_alone =
                neighbours.filter_map(|nth| names.get(nth)).all(|other| *other != &**name);
            let is_once = is_alone && places.len() == pairs.len();
            if let Some(slot) = own.values.get_mut(at).filter(|_| is_once) {
                *slot = Some((start, own.text.len()));
            }
        }
        own
    }
}

impl Ground<'_> {
    pub(super) fn cost(&self) -> usize {
        usize::from(self.found.is_some())
    }

    /// Whether no name and no value has a byte.
    pub(in crate::diagnose) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first value of a name.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        let mut pairs = self.pairs.iter();
        pairs.find_map(|(own, value)| (**own == *name.as_bytes()).then_some(&**value))
    }
}

/// The grounds of a request; none if its parameters are too many to be looked at.
pub(in crate::diagnose) fn grounds<'a>(
    request: &'a Request<'_>,
    budget: &mut Budget,
) -> Vec<Ground<'a>> {
    let max = request.max_params();
    let ground = |pairs: Vec<Pair<'a>>, found| Ground {
        canonical: Canonical::new(&pairs),
        len: pairs.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum(),
        pairs,
        found,
        query: of_query(request.url, max),
        raw: request.body.raw(),
        account_sid: request.account_sid(),
    };
    let mut grounds = Vec::new();
    if !budget.work(request.body.len()) {
        return grounds;
    }
    grounds.extend(request.body.pairs(max).map(|pairs| ground(pairs, None)));
    if let Some(text) = text_of(&request.body).and_then(|text| decoded(&text))
        && let Some(all) = pairs(&text, max).filter(|_| text.contains(&b'='))
    {
        let found = Found::new(Cause::BodyBase64, "a body in base64", "the form within");
        grounds.push(Ground { raw: &[], ..ground(all, Some(found)) });
    }
    let members = json::flat_object(request.body.raw()).unwrap_or_default();
    if !members.is_empty() && members.len() <= max {
        let found = Found::new(Cause::FormAsJson, "a JSON object", "a form with its members");
        let all = members.into_iter().map(|(name, value)| (name.into(), value.into()));
        grounds.push(Ground { raw: &[], ..ground(all.collect(), Some(found)) });
    }
    grounds
}

/// The body, also if a parser took it for one parameter.
pub(in crate::diagnose) fn text_of<'a>(body: &Body<'a>) -> Option<Cow<'a, [u8]>> {
    match *body {
        Body::Raw(body) => Some(Cow::Borrowed(body)),
        Body::Params(&[(name, value)]) => {
            let padding = if value.is_empty() { String::new() } else { ["=", value].concat() };
            Some(Cow::Owned([name, &padding].concat().into_bytes()))
        }
        Body::Params(_) => None,
    }
}

fn of_query(url: &str, max: usize) -> Vec<Pair<'static>> {
    let (text, _fragment) = url.split_once('#').unwrap_or((url, ""));
    let query = text.split_once('?').map_or("", |(_, query)| query);
    pairs(query.as_bytes(), max).unwrap_or_default()
}
