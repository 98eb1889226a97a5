//! Refusals that a setting of the gate made, and not the signature: its origin, its tenants.

use alloc::format;
use alloc::string::{String, ToString};

use twilio_sig::{Cause, Diagnosis, OriginError};

use super::{Clues, Explained};
use crate::event::MAX_TEXT_LEN;
use crate::{Head, Refusal};

impl Explained {
    /// The origin knows no URL for the request.
    pub(super) fn by_origin(error: OriginError, seen: Option<String>) -> Self {
        let setting = Some(Refusal::Origin(error));
        Self { setting, fixes: [origin_fix(error)].into(), seen, ..Self::default() }
    }

    /// There is no tenant for the request, or its tenant is switched off. The diagnosis is that of the other
    /// tenants' keys: the request may be genuine by one of them.
    pub(super) fn by_tenants(refusal: Refusal, diagnosis: Option<&Diagnosis>) -> Self {
        let mut explained = diagnosis.map(|found| Self::of(found, false)).unwrap_or_default();
        let is_genuine = diagnosis.is_some_and(|found| found.verdict().is_ok());
        if is_genuine || explained.causes == [Cause::OtherAccountToken] {
            explained = Self { is_proven: true, ..Self::default() };
        }
        explained.setting = Some(refusal);
        explained.fixes.insert(0, tenant_fix(refusal, explained.is_proven));
        explained
    }
}

/// What of the request the origin looked at. Its target stays out: a query may hold what must not be logged.
pub(super) fn seen(error: OriginError, head: &Head<'_>) -> Option<String> {
    let is_of_target = matches!(
        error,
        OriginError::MalformedTarget | OriginError::TargetTooLong | OriginError::QueryNotConfigured
    );
    if is_of_target {
        return None;
    }
    let peer = head.peer.map_or_else(|| "unknown".to_string(), |peer| peer.to_string());
    let lines = head.clues.as_ref().map(Clues::of_origin).unwrap_or_default();
    let seen = format!("peer: {peer}; {lines}");
    Some(seen.trim_end_matches("; ").chars().take(MAX_TEXT_LEN).collect())
}

const fn origin_fix(error: OriginError) -> &'static str {
    match error {
        OriginError::HostNotAllowed => {
            "If the host is the one that Twilio calls, add it to the list of Origin::allowed_hosts or \
             Origin::behind_proxy, with its port if that is not the standard one. If a proxy rewrote it, \
             have the proxy hand on the Host header unchanged, or configure Origin::fixed."
        }
        OriginError::UntrustedPeer => {
            "If the peer is your proxy, add its address or network to TrustedProxy::peers. Otherwise the \
             request came past the proxy: let clients reach the service through it alone."
        }
        OriginError::UnknownPeer => {
            "Hand the socket's address over: serve axum with \
             into_make_service_with_connect_info::<SocketAddr>(), put the extension PeerAddr of the tower \
             adapter into the request, or give the address to Head::peer."
        }
        OriginError::PrefixNotAllowed => {
            "Add the path that the proxy cuts off to the prefixes of the TrustedProxy."
        }
        OriginError::QueryNotConfigured => {
            "Configure the URL with the query that stands in Twilio's console: Origin::whole_url; or \
             Origin::fixed, which takes the query of the request."
        }
        OriginError::MissingHeader(_)
        | OriginError::RepeatedHeader(_)
        | OriginError::HeaderTooLong(_)
        | OriginError::MalformedHeader(_)
        | OriginError::HostConflict => {
            "Have the proxy that is next to the service set each of its headers once, in place of what the \
             client sent; or configure Origin::fixed, which reads no header."
        }
        _ => "Nothing in the configuration allows such a request: look at what sends it.",
    }
}

const fn tenant_fix(refusal: Refusal, is_proven: bool) -> &'static str {
    match (refusal, is_proven) {
        (Refusal::InactiveTenant, _) => {
            "Switch the tenant on, or take the URL out of its settings in Twilio's console."
        }
        (_, true) => {
            "A key of one of the other tenants verifies the request: have VerifierSource::find look tenants up \
             by what this webhook carries too, such as AccountSid, To or the path."
        }
        (_, false) => {
            "If the webhook is yours, add its tenant to the source of verifiers, and look tenants up by what \
             every webhook of theirs carries: AccountSid, To or the path."
        }
    }
}
