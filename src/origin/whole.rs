//! One whole public URL: the request adds no path, and no query but one with the same parameters.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use percent_encoding::percent_decode_str;

use super::{OriginError, base::Base};

/// The URL of [`Origin::whole_url`](super::Origin::whole_url).
#[derive(Clone)]
pub(super) struct WholeUrl {
    /// The URL up to its query.
    start: String,
    query: Option<String>,
}

impl WholeUrl {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Base { origin, path, query, .. } = Base::parse(text)?;
        Some(Self { start: format!("{origin}{path}"), query: query.map(str::to_string) })
    }

    /// The URL with the query of this target.
    pub(super) fn url(&self, target: &str) -> Result<String, OriginError> {
        let received = target.find('?').and_then(|at| target.get(at..)).unwrap_or("");
        let Some(configured) = &self.query else {
            return Ok(format!("{}{received}", self.start));
        };
        let segments = received.strip_prefix('?').unwrap_or("").split('&');
        let (hashes, others): (Vec<_>, Vec<_>) =
            segments.partition(|segment| segment.starts_with("bodySHA256="));
        if !say_the_same(configured, &others) {
            return Err(OriginError::QueryNotConfigured);
        }
        let mut url = format!("{}?{configured}", self.start);
        // Twilio adds the hash of a body to what is configured.
        for hash in hashes {
            url.push('&');
            url.push_str(hash);
        }
        Ok(url)
    }
}

/// Whether two queries have the same parameters, and those of one name in the same order. Gateways that
/// take a query apart and write another one keep this.
fn say_the_same(configured: &str, received: &[&str]) -> bool {
    let configured: Vec<_> = configured.split('&').collect();
    // Only queries that can be equal are decoded.
    let count = |segments: &[&str]| segments.iter().filter(|text| !text.is_empty()).count();
    count(&configured) == count(received) && params(&configured) == params(received)
}

fn params(segments: &[&str]) -> Vec<[Vec<u8>; 2]> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).collect::<Vec<_>>();
    let segments = segments.iter().filter(|segment| !segment.is_empty());
    let pairs = segments.map(|segment| segment.split_once('=').unwrap_or((segment, "")));
    let mut params: Vec<_> = pairs.map(|(name, value)| [decode(name), decode(value)]).collect();
    params.sort_by(|[name, _], [other, _]| name.cmp(other));
    params
}
